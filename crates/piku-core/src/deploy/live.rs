//! Makes a release live on disk: one rename, and what follows from it.

use crate::app::AppName;
use crate::host::{HostError, Step, apply, files, git};
use crate::release::{Release, store};
use crate::root::Root;

/// The point of no return: points `apps/<app>` to the release, whose record names the run. It is one rename: of the
/// link or, for another run of the live release, of its record.
pub(crate) fn make_live(root: &Root, app: &AppName, release: &Release) -> Result<(), HostError> {
    store::set_unfinished(root, app, release.number, true)?;
    store::save(root, app, release)?;
    let (path, target) = (root.app(app), store::live_target(app, release.number));
    if files::link_target(&path).as_ref() == Some(&target) {
        return Ok(());
    }
    Step::Link { path, target }.carry_out()
}

/// Stores a release that goes live with the next `restart` or `start`.
pub(crate) fn keep_waiting(root: &Root, app: &AppName, release: &Release) -> Result<(), HostError> {
    store::save(root, app, release)?;
    Step::Write { path: root.stored_settings(app), mode: 0o600, text: release.settings.clone() }
        .carry_out()?;
    Step::Write { path: root.scaling(app), mode: 0o600, text: release.formation.to_string() }.carry_out()?;
    git::record_release(&root.repo(app), release.number, &release.commit)?;
    store::set_waiting(root, app, Some(release.number))
}

/// Undoes [`make_live`], if nginx can't read static files: restores what was live before, if anything, and forgets a
/// new release or restores the record of a kept one.
pub(crate) fn take_back(
    root: &Root,
    app: &AppName,
    number: u32,
    again: Option<&Release>,
    before: Option<&Release>,
) -> Result<(), HostError> {
    let path = root.app(app);
    let step = match before {
        Some(before) => Step::Link { path, target: store::live_target(app, before.number) },
        None => Step::Remove(path),
    };
    step.carry_out()?;
    match again {
        Some(as_it_was) => {
            store::save(root, app, as_it_was)?;
            store::set_unfinished(root, app, number, false)
        }
        None => store::forget(root, app, number),
    }
}

/// Writes everything that depends on which release is live. It is safe to repeat, which `repair` does after a crash.
pub(crate) fn finish(root: &Root, app: &AppName, release: &Release) -> Result<(), HostError> {
    let secret = |path, text| Step::Write { path, mode: 0o600, text };
    apply(&[
        secret(root.stored_settings(app), release.settings.clone()),
        secret(root.scaling(app), release.formation.to_string()),
        secret(root.live_env(app), crate::settings::live_env::render(&release.live_env)),
    ])?;
    if root.repo(app).exists() {
        git::record_release(&root.repo(app), release.number, &release.commit)?;
    }
    store::set_stopped(root, app, false)?;
    store::forget_found(root, app)?;
    store::set_waiting(root, app, None)?;
    store::set_unfinished(root, app, release.number, false)
}
