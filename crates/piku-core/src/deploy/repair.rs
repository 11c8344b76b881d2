//! Makes the machine match the live release, after a crash and after every failed deploy.

use std::time::Duration;

use piku_procfile::runs_in_uwsgi;
use piku_uwsgi::stats::{EmperorStats, VassalStats};

use super::source::{checkout, persist};
use super::vassals::enabled::{self, Enabled};
use super::vassals::{end, socket_links, start};
use super::{build, live as live_release};
use crate::app::AppName;
use crate::event::{Report, warn};
use crate::host::health::{self, Endpoint};
use crate::host::launch::{drain_marker, hold_marker, record_path};
use crate::host::{HostError, Step, Surroundings, apply, emperor, files, nginx, ports, wait};
use crate::release::{Release, store};
use crate::root::Root;
use crate::vassal::VassalName;

/// The age at which a process has certainly started its threads, in seconds.
const YOUNG: u64 = 3;

/// How long to wait for a younger process to start them.
const THREADS: Duration = Duration::from_millis(400);

/// How long a failed deploy waits for restored processes to serve again.
const RETURN: Duration = Duration::from_secs(30);

/// Removes and restores whatever a deploy left incomplete. Writes nothing if there is nothing to do.
///
/// Returns the live release if processes of it had to be restarted. The caller must hold the lock of the app.
pub(crate) fn repair(
    root: &Root,
    surroundings: &Surroundings,
    app: &AppName,
    report: &mut Report<'_>,
) -> Result<Option<Release>, HostError> {
    let live = store::live(root, app)?;
    if let Some(release) = live.as_ref().filter(|release| store::is_unfinished(root, app, release.number)) {
        live_release::finish(root, app, release)?;
    }
    let (steps, restarted) = vassals(root, app, live.as_ref(), report)?;
    apply(&steps)?;
    tidy(root, app, live.as_ref())?;
    site(root, surroundings, app, live.as_ref())?;
    let releases = store::all(root, app)?;
    for number in store::numbers(root, app)? {
        let is_whole = releases.iter().any(|release| release.number == number);
        if number != 0 && !is_whole {
            persist::undo(&root.release(app, number))?;
            checkout::keep_for_the_next(root, app, number)?;
        }
    }
    sweep(root, app)?;
    let builds: Vec<String> = releases.iter().filter_map(|release| release.build.clone()).collect();
    build::prune(root, app, &builds)?;
    let held = live.as_ref().map_or(&[][..], |release| &release.ports);
    ports::release_all_but(root, app, held)?;
    Ok(live.filter(|_| restarted))
}

/// Removes leftover temporary files.
fn sweep(root: &Root, app: &AppName) -> Result<(), HostError> {
    let (available, enabled) = (root.uwsgi_available(), root.uwsgi_enabled());
    let shared = [root.apps(), root.nginx(), available, enabled, root.numbers(), root.ports()];
    let own = [root.env(app), root.releases(app)].into_iter();
    let releases = store::numbers(root, app)?.into_iter().map(|number| root.release(app, number));
    shared.into_iter().chain(own).chain(releases).try_for_each(|folder| files::sweep(&folder))
}

/// What enables exactly the vassals of the live release, and whether any have to be started. Tells of those whose files are
/// gone.
fn vassals(
    root: &Root,
    app: &AppName,
    live: Option<&Release>,
    report: &mut Report<'_>,
) -> Result<(Vec<Step>, bool), HostError> {
    let wanted = match live {
        Some(release) if !store::is_stopped(root, app) => release.vassals.as_slice(),
        _ => &[],
    };
    let mut leaving = Vec::new();
    let mut running = Vec::new();
    for one in enabled::of_app(root, app)? {
        match one.ours().map(VassalName::first_start) {
            Some(first) if wanted.contains(&first) && !running.contains(&first) => running.push(first),
            // Until the first release, the vassals of legacy piku serve.
            None if live.is_none() => {}
            _ => leaving.push(one),
        }
    }
    await_threads(root, &leaving);
    let mut steps = end::disable(root, &leaving, false);
    let stopped = wanted.iter().filter(|name| !running.contains(name));
    let (names, lost): (Vec<_>, Vec<_>) = stopped.partition(|name| can_start(root, name));
    for name in lost {
        let (process, file) = (format!("{}.{}", name.kind, name.index), root.uwsgi_available());
        warn(
            report,
            format!(
                "{process} of `{app}` is not running and can't be started: its files `{file}/{name}*` are gone"
            ),
            Some(&format!("`piku deploy {app}` creates them again")),
        );
    }
    let restarted = !names.is_empty();
    if restarted {
        let stats = emperor::must_tell(&root.emperor_stats())?;
        for name in names {
            let of = root.uwsgi_available().join(name.to_string());
            let record = record_path(&root.uwsgi_available(), &name.to_string());
            steps.extend([drain_marker(&record), hold_marker(&record)].map(Step::Remove));
            let path = root.uwsgi_enabled().join(next_start(&stats, name).to_string());
            steps.push(Step::Enable { path, of });
        }
    }
    if !steps.is_empty() {
        steps.push(start::wake(root));
    }
    Ok((steps, restarted))
}

/// Gives processes time to start their threads before they are ended.
///
/// A uWSGI 2.0 process that is ended while it starts its threads may wait forever for a lock that one of the cancelled
/// threads holds. Its master kills it eventually ([`AppVassal::mercy`](piku_uwsgi::AppVassal)), but not if the master
/// ends first. A process that has served a request, or is a few seconds old, is safe to end.
fn await_threads(root: &Root, leaving: &[Enabled]) {
    let ours = leaving.iter().filter_map(Enabled::ours);
    let names: Vec<String> =
        ours.filter(|name| runs_in_uwsgi(&name.kind)).map(VassalName::to_string).collect();
    if names.is_empty() {
        return;
    }
    let now = u64::try_from(wait::now().as_second()).unwrap_or(0);
    let starts = |vassal: &VassalStats| !vassal.loyal && now.saturating_sub(vassal.last_run) < YOUNG;
    let stats = emperor::ask(&root.emperor_stats()).unwrap_or_default();
    if names.iter().any(|name| stats.vassal(name).is_some_and(starts)) {
        wait::pause(THREADS);
    }
}

/// Whether the files to start a process exist.
fn can_start(root: &Root, name: &VassalName) -> bool {
    let (available, name) = (root.uwsgi_available(), name.to_string());
    files::exists(&available.join(&name)) && files::exists(&record_path(&available, &name))
}

/// A name for the next start of a process that the emperor does not know yet: under an old name, it may still be
/// stopping the process or throttling it after crashes.
fn next_start(stats: &EmperorStats, name: &VassalName) -> VassalName {
    let ids = stats.vassals.iter().map(|one| &one.id).chain(stats.blacklist.iter().map(|one| &one.id));
    let same =
        ids.filter_map(|id| id.parse::<VassalName>().ok()).filter(|known| known.first_start() == *name);
    let last = same.map(|known| known.start).max();
    VassalName { start: last.map_or(1, |last| last + 1), ..name.clone() }
}

/// After a failed deploy, waits until the restored release serves again, with a timeout.
pub(crate) fn await_return(root: &Root, app: &AppName, release: &Release) {
    let has = |kind: &str| release.vassals.iter().filter(|name| name.kind == kind).count();
    let bind = release.live_env.get("BIND_ADDRESS").map_or("", String::as_str);
    let ports = release.ports.iter().take(has("web"));
    let mut endpoints: Vec<Endpoint> =
        ports.map(|port| Endpoint::Http(super::plan::reachable(bind, *port))).collect();
    let sockets = socket_links::of_release(root, app, release);
    endpoints.extend(sockets.into_iter().map(|(_, socket)| Endpoint::Uwsgi(socket)));
    wait::until(RETURN, || endpoints.iter().all(health::accepts).then_some(()));
}

/// Removes files of vassals that do not belong to the live release, and sockets left by killed processes.
fn tidy(root: &Root, app: &AppName, live: Option<&Release>) -> Result<(), HostError> {
    let available = root.uwsgi_available();
    for name in files::names(&available)? {
        let Some(at) = name.rfind(".ini") else { continue };
        let Ok(vassal) = name[..at + ".ini".len()].parse::<VassalName>() else { continue };
        let needed = live.is_some_and(|release| release.vassals.contains(&vassal));
        if vassal.app == *app && !needed {
            files::remove(&available.join(&name))?;
        }
    }
    let serving = live.filter(|_| !store::is_stopped(root, app)).map(Release::run_number);
    for name in files::names(&root.run())? {
        let owner = Root::socket_owner(&name);
        if owner.is_some_and(|(of, run)| of == *app && Some(run) != serving) {
            files::remove(&root.run().join(&name))?;
        }
    }
    Ok(())
}

/// Restores the site of the live release.
pub(crate) fn site(
    root: &Root,
    surroundings: &Surroundings,
    app: &AppName,
    live: Option<&Release>,
) -> Result<(), HostError> {
    let Some(release) = live else {
        // A failed first deploy leaves no site, but a site of legacy piku stays.
        if !store::is_foreign_clone(root, app) && files::exists(&root.site(app)) {
            Step::Remove(root.site(app)).carry_out()?;
            drop(nginx::reload(root, surroundings));
        }
        return Ok(());
    };
    let mut steps = Vec::new();
    for (link, target) in socket_links::of_release(root, app, release) {
        if files::link_target(&link).as_ref() != Some(&target) {
            steps.push(Step::Link { path: link, target });
        }
    }
    apply(&steps)?;
    let path = root.site(app);
    let is = files::read_text(&path)?;
    let wanted = if store::is_stopped(root, app) { &release.site_stopped } else { &release.site };
    if is == *wanted {
        return Ok(());
    }
    match wanted {
        Some(text) => Step::Write { path, mode: 0o644, text: text.clone() }.carry_out()?,
        None => Step::Remove(path).carry_out()?,
    }
    // Ignore this error: it would hide the error of the failed deploy.
    drop(nginx::reload(root, surroundings));
    Ok(())
}

#[cfg(test)]
mod tests;
