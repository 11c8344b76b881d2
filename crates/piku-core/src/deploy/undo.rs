//! Takes back a deploy that did not become live.

use super::order::Scene;
use super::repair;
use crate::app::AppName;
use crate::event::{Report, warn};
use crate::host::{HostError, files};
use crate::release::store;
use crate::root::Root;

/// Makes everything as it was: there is no other way than that of [`repair`], which waits until what had served does
/// again. What can't be done is told, and done by the next command.
pub(crate) fn undo(scene: &Scene<'_>, app: &AppName, report: &mut Report<'_>) {
    let repaired = repair::repair(scene.root, scene.surroundings, scene.host, app, report);
    match repaired.and_then(|live| forget(scene.root, app).map(|()| live)) {
        Ok(Some(live)) => repair::await_return(scene.root, app, &live),
        Ok(None) => {}
        Err(error) => warn(
            report,
            format!("could not tidy up: {error}"),
            Some("the next command for this app tries again"),
        ),
    }
}

/// Removes the folders that a first deploy has made for an app that has no release, now that it was refused. What the app
/// itself wrote into its data stays, and so do settings.
fn forget(root: &Root, app: &AppName) -> Result<(), HostError> {
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
