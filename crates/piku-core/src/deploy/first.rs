//! A first deploy that was refused: the app was never there.

use crate::app::AppName;
use crate::host::{HostError, files};
use crate::release::store;
use crate::root::Root;

/// Removes the folders that a first deploy has made for an app that has no release, now that it was refused. What the app
/// itself wrote into its data stays, and so do settings.
pub(crate) fn forget(root: &Root, app: &AppName) -> Result<(), HostError> {
    if store::is_foreign_clone(root, app) || !store::all(root, app)?.is_empty() {
        return Ok(());
    }
    files::remove_folder(&root.releases(app))?;
    files::remove_folder(&root.logs(app))?;
    if !files::exists(&root.stored_settings(app)) {
        files::remove_folder(&root.env(app))?;
    }
    files::remove_empty_folder(&root.data(app))
}
