//! Finds and ends the processes to replace: those of older releases and of legacy piku.

use std::net::SocketAddr;
use std::time::Duration;

use piku_procfile::runs_in_uwsgi;
use piku_uwsgi::stats::VassalStats;

use super::enabled::{self, Enabled};
use super::end;
use crate::app::AppName;
use crate::deploy::DeployError;
use crate::deploy::order::Scene;
use crate::event::{Report, stage, warn};
use crate::host::emperor::Heard;
use crate::host::launch::{self, LAUNCHER};
use crate::host::processes::{self, ProcessTree};
use crate::host::sockets::{self, Listener};
use crate::host::{HostError, emperor, files, wait};
use crate::root::Root;
use crate::vassal::{FRONT, VassalName};

/// How long old processes may take to end and release their ports. A little longer than their launcher allows.
pub(crate) const END: Duration = Duration::from_secs(crate::host::launch::GRACE.as_secs() + 5);

/// Enabled vassals of the app that do not belong to `run` and that `wanted` selects.
pub(crate) fn vassals(
    root: &Root,
    app: &AppName,
    run: u32,
    wanted: impl Fn(&VassalName) -> bool,
) -> Result<Vec<Enabled>, HostError> {
    let picked = |one: &Enabled| one.ours().is_some_and(|name| name.run != run && wanted(name));
    Ok(enabled::of_app(root, app)?.into_iter().filter(picked).collect())
}

/// Enabled vassals of legacy piku that `wanted` selects by kind.
pub(crate) fn foreign(
    root: &Root,
    app: &AppName,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Enabled>, HostError> {
    let picked = |one: &Enabled| one.ours().is_none() && wanted(one.kind());
    Ok(enabled::of_app(root, app)?.into_iter().filter(picked).collect())
}

/// Disables vassals and waits until their processes have ended. Fails if that takes longer than [`END`]; `repair` then
/// starts them again.
pub(crate) fn end(scene: &Scene<'_>, names: &[Enabled], report: &mut Report<'_>) -> Result<(), DeployError> {
    end_within(scene, names, END, report)
}

fn end_within(
    scene: &Scene<'_>,
    names: &[Enabled],
    limit: Duration,
    report: &mut Report<'_>,
) -> Result<(), DeployError> {
    if names.is_empty() {
        return Ok(());
    }
    let stats = emperor::must_tell(&scene.root.emperor_stats())?;
    let tree = ProcessTree::read();
    let ours = names
        .iter()
        .filter_map(|name| Some((name, stats.vassal(&name.to_string())?)))
        .flat_map(|(name, vassal)| holders(&tree, name, vassal.pid));
    let legacy = names.iter().filter_map(Enabled::legacy).flat_map(|vassal| vassal.masters(scene.root));
    // A master of legacy piku may hold a port.
    let legacy = legacy.flat_map(|master| [vec![master], tree.below(master)].concat());
    let running: Vec<i32> = ours.chain(legacy).collect();
    end::retire(scene.root, names, false)?;
    let alive = || running.iter().copied().find(|pid| processes::is_alive(*pid));
    let ended = wait::until_telling(limit, || tell(names, report), || alive().is_none().then_some(()));
    match ended.map_or_else(alive, |()| None) {
        Some(pid) => Err(DeployError::StillRunning { process: processes::name(pid) }),
        None => Ok(()),
    }
}

/// The processes of a vassal that hold ports and slots. uWSGI's master holds none, and exits late.
fn holders(tree: &ProcessTree, name: &Enabled, vassal: i32) -> Vec<i32> {
    if !processes::is_program(vassal, LAUNCHER) {
        // uWSGI itself, as legacy and earlier versions of piku start it.
        return tree.below(vassal);
    }
    match runs_in_uwsgi(name.kind()) || name.kind() == FRONT {
        true => tree.children(vassal).iter().flat_map(|master| tree.below(*master)).collect(),
        false => [vec![vassal], tree.below(vassal)].concat(),
    }
}

/// Waits until the emperor has neither these vassals nor any other of the app, such as those of an older run that still
/// finish their requests. Warns if that takes too long.
pub(crate) fn await_end(root: &Root, app: &AppName, names: &[Enabled], report: &mut Report<'_>) {
    if !are_gone_within(root, app, names, END, report) {
        warn(report, "some processes are still ending", Some("`piku ps` and `piku doctor` show their state"));
    }
    end_leftovers(root, app);
}

/// Ends what launchers of the app left behind when they were killed, and nobody started again.
fn end_leftovers(root: &Root, app: &AppName) {
    let available = root.uwsgi_available();
    for name in files::names(&available).unwrap_or_default() {
        let vassal = name.strip_suffix(".json").and_then(|vassal| vassal.parse::<VassalName>().ok());
        if vassal.is_some_and(|vassal| vassal.app == *app) {
            launch::end_leftovers(&available.join(name));
        }
    }
}

/// Tells what is waited for, and for how long at most.
fn tell(names: &[Enabled], report: &mut Report<'_>) {
    let mut shown: Vec<String> = names.iter().map(Enabled::shown).collect();
    shown.sort_unstable();
    shown.dedup();
    let what = if shown.is_empty() { "older processes".to_owned() } else { shown.join(", ") };
    stage(report, format!("Waiting for {what} to end, {} s at most", END.as_secs()));
}

/// Whether the emperor has no vassal of the app within `limit`. False if it does not answer.
fn are_gone_within(
    root: &Root,
    app: &AppName,
    names: &[Enabled],
    limit: Duration,
    report: &mut Report<'_>,
) -> bool {
    let of_app = |vassal: &VassalStats| vassal.id.parse().is_ok_and(|parsed: VassalName| parsed.app == *app);
    let legacy_ended =
        || !names.iter().filter_map(Enabled::legacy).any(|vassal| !vassal.masters(root).is_empty());
    let gone = || match emperor::hear(&root.emperor_stats()) {
        _ if !legacy_ended() => None,
        Heard::Stats(stats) => {
            let others = stats.vassals.iter().any(of_app);
            let gone = |name: &Enabled| stats.vassal(&name.to_string()).is_none();
            (!others && names.iter().all(gone)).then_some(())
        }
        Heard::Nobody => Some(()),
        Heard::Silence => None,
    };
    wait::until_telling(limit, || tell(names, report), gone).is_some()
}

/// Makes sure that nothing listens on `address`: ends a process of an older run of the app, and fails if another
/// program listens there. If the deploy fails later, `repair` restores the old process.
pub(crate) fn vacate(
    scene: &Scene<'_>,
    app: &AppName,
    run: u32,
    address: SocketAddr,
    report: &mut Report<'_>,
) -> Result<(), DeployError> {
    match owner(scene.root, app, address)? {
        Owner::Nobody => Ok(()),
        Owner::App(name) => {
            if name.ours().is_some_and(|name| name.run == run) {
                return Ok(());
            }
            end::retire(scene.root, std::slice::from_ref(&name), false)?;
            let left = || (sockets::listener(scene.root, address) == Listener::Nobody).then_some(());
            wait::until_telling(END, || tell(std::slice::from_ref(&name), report), left)
                .ok_or(DeployError::PortInUse { port: address.port(), by: Some(name.to_string()) })
        }
        Owner::Stranger(by) => Err(DeployError::PortInUse { port: address.port(), by }),
    }
}

/// Refuses a port in use by another program. The app's own processes may use it.
pub(crate) fn refuse_strangers(root: &Root, app: &AppName, address: SocketAddr) -> Result<(), DeployError> {
    match owner(root, app, address)? {
        Owner::Stranger(by) => Err(DeployError::PortInUse { port: address.port(), by }),
        Owner::Nobody | Owner::App(_) => Ok(()),
    }
}

enum Owner {
    Nobody,
    /// One of the app's own vassals.
    App(Enabled),
    Stranger(Option<String>),
}

fn owner(root: &Root, app: &AppName, address: SocketAddr) -> Result<Owner, HostError> {
    Ok(match sockets::listener(root, address) {
        Listener::Nobody => Owner::Nobody,
        Listener::Stranger(stranger) => {
            let legacy = |one: &Enabled| {
                stranger.zip(one.legacy()).is_some_and(|(pid, vassal)| vassal.runs(root, pid))
            };
            match enabled::of_app(root, app)?.into_iter().find(legacy) {
                Some(own) => Owner::App(own),
                None => Owner::Stranger(stranger.map(processes::name)),
            }
        }
        Listener::Vassal(name) => match enabled::read(root, app, &name)? {
            Some(ours) => Owner::App(ours),
            None => Owner::Stranger(Some(name)),
        },
    })
}

#[cfg(test)]
mod tests;
