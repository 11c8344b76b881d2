//! Undoes a deploy that did not go live.

use super::order::Scene;
use super::{build, repair};
use crate::app::AppName;
use crate::certificates::{served, shelf};
use crate::event::{Report, warn};
use crate::host::{HostError, files};
use crate::release::store;
use crate::root::Root;

/// Restores everything with [`repair`], and waits until the restored processes serve again. Warns about what fails; the
/// next command tries again.
pub(crate) fn undo(scene: &Scene<'_>, app: &AppName, report: &mut Report<'_>) {
    let repaired = repair::repair(scene.root, scene.surroundings, app, report);
    match repaired.and_then(|live| forget(scene.root, app).map(|()| live)) {
        Ok(Some(live)) => repair::await_return(scene.root, app, &live),
        Ok(None) => {}
        Err(error) => warn(
            report,
            format!("could not clean up: {error}"),
            Some("the next command for this app tries again"),
        ),
    }
}

/// Removes everything of a refused first deploy, if the app has no release. Keeps settings, what was there before, and a
/// complete build, which the next push uses.
pub(crate) fn forget(root: &Root, app: &AppName) -> Result<(), HostError> {
    if store::is_foreign_clone(root, app) || !store::all(root, app)?.is_empty() {
        return Ok(());
    }
    let made = store::made_by_first(root, app)?;
    if made.contains(&root.certificate(app)) {
        served::forget(root, app)?;
        shelf::forget_self_signed(root, app)?;
    }
    for path in made {
        files::remove_folder(&path)?;
    }
    let slot = format!("{app}@");
    for name in files::names(&root.run())?.iter().filter(|name| name.starts_with(&slot)) {
        files::remove(&root.run().join(name))?;
    }
    files::remove_folder(&root.logs(app))?;
    build::forget(root, app)?;
    files::remove_empty_folder(&root.data(app))?;
    files::remove_folder(&root.releases(app))
}
