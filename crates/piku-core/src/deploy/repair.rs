//! Brings the machine to what the live release says: after a crash, and after every deploy that failed.

use super::{build, retire, stage, switch};
use crate::app::AppName;
use crate::host::{Host, HostError, Step, Surroundings, apply, files, nginx, ports};
use crate::release::{Release, store};
use crate::root::Root;
use crate::vassal::VassalName;

/// Removes what a deploy has half made and restores what it has half changed. With nothing to do it writes nothing.
///
/// To be called with the app's lock held.
pub(crate) fn repair(
    root: &Root,
    surroundings: &Surroundings,
    host: &dyn Host,
    app: &AppName,
) -> Result<(), HostError> {
    let live = store::live(root, app)?;
    if let Some(release) = live.as_ref().filter(|release| store::is_unfinished(root, app, release.number)) {
        switch::finish(root, host, app, release)?;
    }
    vassals(root, host, app, live.as_ref())?;
    site(root, surroundings, host, app, live.as_ref())?;
    for number in store::numbers(root, app)? {
        let half_made = number != 0 && store::load(root, app, number)?.is_none();
        if half_made {
            files::remove_folder(&root.release(app, number))?;
        }
    }
    let releases = store::all(root, app)?;
    let builds: Vec<String> = releases.iter().filter_map(|release| release.build.clone()).collect();
    build::prune(root, app, &builds)?;
    let held = live.map(|release| release.ports).unwrap_or_default();
    ports::release_all_but(root, app, &held)
}

/// Enables exactly the vassals of the live release.
fn vassals(root: &Root, host: &dyn Host, app: &AppName, live: Option<&Release>) -> Result<(), HostError> {
    let wanted: &[String] = match live {
        Some(release) if !store::is_stopped(root, app) => &release.vassals,
        _ => &[],
    };
    let mut enabled = retire::enabled(root, app)?;
    if live.is_none() {
        // Before the first release of ours, the vassals of the Python original are the ones that serve.
        enabled.retain(|name| name.parse::<VassalName>().is_ok());
    }
    let extra: Vec<String> = enabled.iter().filter(|name| !wanted.contains(name)).cloned().collect();
    let mut steps = retire::disable(root, &extra, false);
    for name in wanted.iter().filter(|name| !enabled.contains(name)) {
        if files::exists(&root.uwsgi_available().join(name)) {
            steps.push(stage::enable(root, name));
        }
    }
    if !steps.is_empty() {
        steps.push(stage::wake(root));
        apply(host, &steps)?;
    }
    tidy(root, app, live)
}

/// Removes the files of vassals that are neither running nor the live release's.
fn tidy(root: &Root, app: &AppName, live: Option<&Release>) -> Result<(), HostError> {
    let available = root.uwsgi_available();
    for name in files::names(&available)? {
        let Some(at) = name.find(".ini") else { continue };
        let vassal = &name[..at + ".ini".len()];
        let ours = vassal.parse::<VassalName>().is_ok_and(|parsed| parsed.app == *app);
        let needed = live.is_some_and(|release| release.vassals.iter().any(|kept| kept == vassal));
        if ours && !needed {
            files::remove(&available.join(&name))?;
        }
    }
    Ok(())
}

/// Gives nginx the site of the live release again.
pub(crate) fn site(
    root: &Root,
    surroundings: &Surroundings,
    host: &dyn Host,
    app: &AppName,
    live: Option<&Release>,
) -> Result<(), HostError> {
    let Some(release) = live else {
        // A first deploy that failed leaves no site; one of the Python original stays.
        if !store::is_foreign_clone(root, app) && files::exists(&root.site(app)) {
            host.carry_out(&Step::Remove(root.site(app)))?;
            drop(nginx::reload(surroundings));
        }
        return Ok(());
    };
    let mut steps = Vec::new();
    for (link, target) in super::site::recorded_links(root, app, release) {
        if files::link_target(&link).as_ref() != Some(&target) {
            steps.push(Step::Link { path: link, target });
        }
    }
    apply(host, &steps)?;
    let path = root.site(app);
    let is = files::read_text(&path)?;
    let wanted = if store::is_stopped(root, app) { &release.site_stopped } else { &release.site };
    if is == *wanted {
        return Ok(());
    }
    match wanted {
        Some(text) => host.carry_out(&Step::Write { path, mode: 0o644, text: text.clone() })?,
        None => host.carry_out(&Step::Remove(path))?,
    }
    // The deploy that failed says so; that nginx can't be reached either would hide it.
    drop(nginx::reload(surroundings));
    Ok(())
}
