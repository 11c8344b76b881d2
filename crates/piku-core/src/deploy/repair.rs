//! Brings the machine to what the live release says: after a crash, and after every deploy that failed.

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
use crate::host::launch::{drain_marker, record_path};
use crate::host::{Host, HostError, Step, Surroundings, apply, emperor, files, nginx, ports, wait};
use crate::release::{Release, store};
use crate::root::Root;
use crate::vassal::VassalName;

/// The age in seconds at which a process has surely started its threads.
const YOUNG: u64 = 3;

/// How long a younger one may still take for that.
const THREADS: Duration = Duration::from_millis(400);

/// How long a refused deploy waits for old processes that it had ended to serve again.
const RETURN: Duration = Duration::from_secs(30);

/// Removes what a deploy has half made and restores what it has half changed. With nothing to do it writes nothing.
///
/// Gives the live release when processes of it had to be started anew. To be called with the app's lock held.
pub(crate) fn repair(
    root: &Root,
    surroundings: &Surroundings,
    host: &dyn Host,
    app: &AppName,
    report: &mut Report<'_>,
) -> Result<Option<Release>, HostError> {
    let live = store::live(root, app)?;
    if let Some(release) = live.as_ref().filter(|release| store::is_unfinished(root, app, release.number)) {
        live_release::finish(root, host, app, release)?;
    }
    let restarted = vassals(root, host, app, live.as_ref(), report)?;
    site(root, surroundings, host, app, live.as_ref())?;
    for number in store::numbers(root, app)? {
        let half_made = number != 0 && store::load(root, app, number)?.is_none();
        if half_made {
            persist::undo(&root.release(app, number))?;
            checkout::keep_for_the_next(root, app, number)?;
        }
    }
    sweep(root, app)?;
    let releases = store::all(root, app)?;
    let builds: Vec<String> = releases.iter().filter_map(|release| release.build.clone()).collect();
    build::prune(root, app, &builds)?;
    let held = live.as_ref().map_or(&[][..], |release| &release.ports);
    ports::release_all_but(root, app, held)?;
    Ok(live.filter(|_| restarted))
}

/// Removes files that never got their names.
fn sweep(root: &Root, app: &AppName) -> Result<(), HostError> {
    let (available, enabled) = (root.uwsgi_available(), root.uwsgi_enabled());
    let shared = [root.apps(), root.nginx(), available, enabled, root.numbers(), root.ports()];
    let own = [root.env(app), root.releases(app)].into_iter();
    let releases = store::numbers(root, app)?.into_iter().map(|number| root.release(app, number));
    shared.into_iter().chain(own).chain(releases).try_for_each(|folder| files::sweep(&folder))
}

/// Enables exactly the vassals of the live release; whether any had to be. Tells of those whose files are gone.
fn vassals(
    root: &Root,
    host: &dyn Host,
    app: &AppName,
    live: Option<&Release>,
    report: &mut Report<'_>,
) -> Result<bool, HostError> {
    let wanted = match live {
        Some(release) if !store::is_stopped(root, app) => release.vassals.as_slice(),
        _ => &[],
    };
    let mut leaving = Vec::new();
    let mut running = Vec::new();
    for one in enabled::of_app(root, app)? {
        match one.ours().map(VassalName::first_start) {
            Some(first) if wanted.contains(&first) && !running.contains(&first) => running.push(first),
            // Before the first release of ours, the vassals of legacy piku are the ones that serve.
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
                "{process} of `{app}` does not run and can't be started: its files `{file}/{name}*` are gone"
            ),
            Some(&format!("`piku deploy {app}` makes them anew")),
        );
    }
    let restarted = !names.is_empty();
    if restarted {
        let stats = emperor::must_tell(&root.emperor_stats())?;
        for name in names {
            let of = root.uwsgi_available().join(name.to_string());
            let record = record_path(&root.uwsgi_available(), &name.to_string());
            steps.push(Step::Remove(drain_marker(&record)));
            let path = root.uwsgi_enabled().join(next_start(&stats, name).to_string());
            steps.push(Step::Enable { path, of });
        }
    }
    if !steps.is_empty() {
        steps.push(start::wake(root));
        apply(host, &steps)?;
    }
    tidy(root, app, live)?;
    Ok(restarted)
}

/// Gives processes that are to end the time to start their threads.
///
/// A process of uWSGI 2.0 that is asked to end just then may wait for ever for a lock that a cancelled thread of its own
/// has, until its master kills it ([`AppVassal::mercy`](piku_uwsgi::AppVassal)), or nobody does where that ends first.
/// One that has served a request, be it our own question, or is a few seconds old, is past that.
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

/// Whether everything is there that a process is started with.
fn can_start(root: &Root, name: &VassalName) -> bool {
    let (available, name) = (root.uwsgi_available(), name.to_string());
    files::exists(&available.join(&name)) && files::exists(&record_path(&available, &name))
}

/// A name for the next start of a process, which the emperor doesn't know: it may still be ending the last one of
/// that name, or hold its crashes against it.
fn next_start(stats: &EmperorStats, name: &VassalName) -> VassalName {
    let ids = stats.vassals.iter().map(|one| &one.id).chain(stats.blacklist.iter().map(|one| &one.id));
    let same =
        ids.filter_map(|id| id.parse::<VassalName>().ok()).filter(|known| known.first_start() == *name);
    let last = same.map(|known| known.start).max();
    VassalName { start: last.map_or(1, |last| last + 1), ..name.clone() }
}

/// After a failed deploy, waits until the restored release serves again, or until it takes too long.
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

/// Removes the files of vassals that are neither running nor the live release's, and sockets that one which was
/// killed has left.
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

/// Gives nginx the site of the live release again.
pub(crate) fn site(
    root: &Root,
    surroundings: &Surroundings,
    host: &dyn Host,
    app: &AppName,
    live: Option<&Release>,
) -> Result<(), HostError> {
    let Some(release) = live else {
        // A first deploy that failed leaves no site; one of legacy piku stays.
        if !store::is_foreign_clone(root, app) && files::exists(&root.site(app)) {
            host.carry_out(&Step::Remove(root.site(app)))?;
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
    drop(nginx::reload(root, surroundings));
    Ok(())
}

#[cfg(test)]
mod tests;
