//! Makes the machine match the live release, after a crash and after every failed deploy.

mod processes;

use std::time::Duration;

use self::processes::Difference;
use super::source::{checkout, persist, settle};
use super::vassals::enabled::Enabled;
use super::vassals::{draining, end, socket_links};
use super::{build, live as live_release};
use crate::app::AppName;
use crate::certificates::served;
use crate::event::Report;
use crate::host::health::{self, Endpoint};
use crate::host::{HostError, Step, Surroundings, apply, files, maintenance, nginx, ports, wait};
use crate::release::{Release, store};
use crate::root::Root;
use crate::vassal::VassalName;

/// How long to wait until nginx serves the site of the live release again.
const SITE: Duration = Duration::from_secs(3);

/// How long nginx usually takes for that.
const RELOAD: Duration = Duration::from_millis(500);

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
    // Before any process starts, its files are at their paths.
    settle::settle(root, app)?;
    if let Some(release) = live.as_ref().filter(|release| store::is_unfinished(root, app, release.number)) {
        live_release::finish(root, app, release)?;
    }
    let Difference { ending, serving, start } = processes::difference(root, app, live.as_ref(), report)?;
    let restarted = !start.is_empty();
    processes::await_threads(root, &ending);
    end::retire(root, &ending, false)?;
    apply(&start)?;
    if live.is_none() && !store::is_stopped(root, app) {
        end::bring_back(root, app)?;
    }
    // Requests get answers of the live release before what may serve them now ends.
    let is_back = site(root, surroundings, app, live.as_ref())?;
    if maintenance::settle(root, app)? {
        drop(nginx::reload(root, surroundings));
    }
    let mut drained = Vec::new();
    if !serving.is_empty() {
        processes::await_threads(root, &serving);
        if is_back && live.is_some() {
            await_site(root, app, live.as_ref());
            drained.clone_from(&serving);
            draining::let_go(root, serving, true)?;
        } else {
            end::retire(root, &serving, false)?;
        }
    }
    tidy(root, app, live.as_ref(), &drained)?;
    let releases = store::all(root, app)?;
    for release in &releases {
        checkout::keep_track(root, app, release.number, &release.commit);
    }
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

/// Waits until nginx serves the site of the live release again, for a moment at most.
fn await_site(root: &Root, app: &AppName, live: Option<&Release>) {
    let stopped = store::is_stopped(root, app);
    let question =
        |live: &Release| if stopped { live.stopped_question.clone() } else { live.question.clone() };
    match live.and_then(question) {
        Some(question) => nginx::await_answer(&question, SITE),
        // Made by an older version of piku.
        None if live.is_some_and(|live| live.site.is_some()) => wait::pause(RELOAD),
        None => {}
    }
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

/// Removes files of vassals that do not belong to the live release, and sockets left by killed processes. Leaves those of
/// processes that are about to read that they drain.
fn tidy(root: &Root, app: &AppName, live: Option<&Release>, drained: &[Enabled]) -> Result<(), HostError> {
    let (available, formerly) = (root.uwsgi_available(), store::formerly(root, app));
    for name in files::names(&available)? {
        let Some(at) = name.rfind(".ini") else { continue };
        let Ok(vassal) = name[..at + ".ini".len()].parse::<VassalName>() else { continue };
        let drains = drained.iter().filter_map(Enabled::ours).any(|name| name.first_start() == vassal);
        let needed = drains || live.is_some_and(|release| release.vassals.contains(&vassal));
        if (vassal.app == *app || Some(&vassal.app) == formerly.as_ref()) && !needed {
            files::remove(&available.join(&name))?;
        }
    }
    let serving = live.filter(|_| !store::is_stopped(root, app)).map(Release::run_number);
    for name in files::names(&root.run())? {
        let owner = Root::socket_owner(&name);
        let is_ours = |of: &AppName| of == app || Some(of) == formerly.as_ref();
        if owner.is_some_and(|(of, run)| is_ours(&of) && Some(run) != serving) {
            files::remove(&root.run().join(&name))?;
        }
    }
    Ok(())
}

/// Restores the site of the live release. Returns whether anything of it was different.
pub(crate) fn site(
    root: &Root,
    surroundings: &Surroundings,
    app: &AppName,
    live: Option<&Release>,
) -> Result<bool, HostError> {
    let Some(release) = live else {
        // A failed first deploy leaves no site, but a site of legacy piku stays.
        if !store::is_foreign_clone(root, app) && files::exists(&root.site(app)) {
            Step::Remove(root.site(app)).carry_out()?;
            drop(nginx::reload(root, surroundings));
            return Ok(true);
        }
        return Ok(false);
    };
    // Of two names that an app has while it is renamed, one has the site.
    let formerly = store::formerly(root, app);
    let (app, other) = match &formerly {
        Some(old) if !release.runs_as(app) => (old, Some(app)),
        formerly => (app, formerly.as_ref()),
    };
    let mut steps = Vec::new();
    steps.extend(other.map(|other| root.site(other)).filter(|site| files::exists(site)).map(Step::Remove));
    for (link, target) in socket_links::of_release(root, app, release) {
        if files::link_target(&link).as_ref() != Some(&target) {
            steps.push(Step::Link { path: link, target });
        }
    }
    apply(&steps)?;
    let moved = !steps.is_empty();
    let path = root.site(app);
    let is = files::read_text(&path)?;
    let wanted = if store::is_stopped(root, app) { &release.site_stopped } else { &release.site };
    let certificate = match wanted {
        Some(_) => served::settle(root, app, &release.server_names())?,
        None => None,
    };
    if is == *wanted && certificate.is_none() {
        return Ok(moved);
    }
    match wanted {
        Some(text) => Step::Write { path, mode: 0o644, text: text.clone() }.carry_out()?,
        None => Step::Remove(path).carry_out()?,
    }
    // Ignore this error: it would hide the error of the failed deploy.
    drop(nginx::reload(root, surroundings));
    Ok(true)
}

#[cfg(test)]
mod tests;
