//! The second of the four calls of a deploy: starts new processes next to the old ones and checks them. They get no
//! traffic yet.

use super::order::Scene;
use super::plan::{Process, Work, render};
use super::prepare::Prepared;
use super::proven::is_proven;
use super::vassals::check::{self, Watched};
use super::vassals::{end, predecessor, start as vassals};
use super::{DeployError, exposure, moving};
use crate::event::{Report, stage as tell};
use crate::host::ports;
use crate::release::store;
use crate::settings::{Options, Strategy};
use crate::vassal::{FRONT, REHEARSAL};

/// A release whose processes run next to those that serve.
///
/// [`undo`](super::undo) ends the processes that the live release does not need.
pub(crate) struct Started<'a> {
    /// Its workers' launchers run, and are held until [`switch`](super::switch).
    pub(crate) prepared: Prepared<'a>,
    /// Whether processes that can't run next to their predecessors are still to be started.
    pub(crate) take_turns: bool,
    /// Whether `web` processes are still to be watched, once they have the traffic.
    pub(crate) watch: bool,
}

/// Starts processes that can run next to their predecessors, and tries the others on another port.
pub(crate) fn start<'a>(
    mut prepared: Prepared<'a>,
    report: &mut Report<'_>,
) -> Result<Started<'a>, DeployError> {
    prepared.built.release_guards();
    let take_turns = runs(&prepared);
    let mut are_ended = take_turns && prepared.built.inputs.options.strategy == Strategy::StopFirst;
    if are_ended {
        end_predecessors(&prepared, "PIKU_DEPLOY_STRATEGY", report)?;
    }
    are_ended |= take_along(&prepared, are_ended, report)?;
    prepared.old_ended = are_ended;
    // While the old processes serve, there is time to watch the new ones.
    let has_web = prepared.processes(|process| matches!(process.work, Work::Web { .. }));
    let watch = !has_web.is_empty() && !is_proven(&prepared);
    let servers = |turns: bool| {
        prepared.processes(|process| process.endpoint().is_some() && process.takes_turns() == turns)
    };
    let (mut beside, fixed) = (servers(false), servers(true));
    if !take_turns {
        vacate(&prepared, &fixed, report)?;
        beside.extend(&fixed);
    }
    start_and_check(&prepared, &beside, watch && !are_ended, report)?;
    prepared.scene.go_on()?;
    if take_turns && !are_ended {
        rehearse(&prepared, &fixed, watch, report)?;
    }
    Ok(Started { prepared, take_turns, watch: watch && are_ended })
}

/// Makes sure that nothing listens on the ports of processes without predecessors.
fn vacate(prepared: &Prepared<'_>, fixed: &[&Process], report: &mut Report<'_>) -> Result<(), DeployError> {
    let (app, run) = (&prepared.order.app, prepared.built.run);
    for process in fixed {
        if let Work::Web { address, .. } = &process.work {
            predecessor::vacate(&prepared.scene, app, run, *address, report)?;
        }
    }
    Ok(())
}

/// Whether any process of the app should be running now.
fn runs(prepared: &Prepared<'_>) -> bool {
    let (root, app) = (prepared.scene.root, &prepared.order.app);
    let is_there = prepared.built.source.live.is_some() || store::is_foreign_clone(root, app);
    is_there && !store::is_stopped(root, app)
}

/// Moves what the app wrote in the tree that it leaves. If anything of it is found by its path while it is written to,
/// such as a database, first ends every process that may do so. Returns whether they have ended.
fn take_along(
    prepared: &Prepared<'_>,
    are_ended: bool,
    report: &mut Report<'_>,
) -> Result<bool, DeployError> {
    let Some(left) = &prepared.built.source.left else { return Ok(false) };
    let data = prepared.scene.root.data(&prepared.order.app);
    let mut found = moving::look(prepared, left)?;
    moving::require_room(prepared, left, &found)?;
    let needs_stop = match left.is_legacy() {
        // Its app moves without a failed request where that loses nothing: its processes don't come back to the clone.
        true => found.is_in_use(&left.tree, &data),
        false => found.needs_stop(&left.tree, &data),
    };
    let ends = !are_ended && runs(prepared) && needs_stop;
    if ends {
        end_predecessors(prepared, &moving::why_they_end(&found), report)?;
        // They have written meanwhile.
        found = moving::look(prepared, left)?;
    }
    moving::carry_out(prepared, left, &found, report)?;
    Ok(ends)
}

/// Ends every process of the old release except for the router.
fn end_predecessors(prepared: &Prepared<'_>, why: &str, report: &mut Report<'_>) -> Result<(), DeployError> {
    let (root, app) = (prepared.scene.root, &prepared.order.app);
    tell(
        report,
        format!("Stopping the old processes first ({why}); requests fail until the new ones are healthy"),
    );
    let mut old = predecessor::vassals(root, app, prepared.built.run, |name| name.kind != FRONT)?;
    old.extend(predecessor::foreign(root, app, |_| true)?);
    predecessor::end(&prepared.scene, &old, report)
}

/// Starts processes that run next to their predecessors, and checks them. The launchers of workers start at the same
/// time, and are ready when their predecessors are told to end; no worker runs before the servers are healthy.
fn start_and_check(
    prepared: &Prepared<'_>,
    processes: &[&Process],
    watch: bool,
    report: &mut Report<'_>,
) -> Result<(), DeployError> {
    let (scene, inputs) = (&prepared.scene, &prepared.built.inputs);
    let workers = prepared.processes(Process::is_worker);
    if !processes.is_empty() {
        tell(report, format!("Starting {}", Process::listed(processes)));
    }
    let watched = Watched::all(scene.root, processes);
    vassals::start(scene.root, prepared.rendered(processes), prepared.rendered(&workers))?;
    check::all_healthy(scene, &inputs.options, &watched, report)?;
    if watch {
        self::watch(scene, &inputs.options, &watched, report)?;
    }
    if inputs.has_site() {
        let live = prepared.built.source.live.as_ref();
        exposure::warn_of(scene.root, &inputs.options, processes, live, report);
    }
    Ok(())
}

/// Watches new `web` processes through their first seconds.
pub(super) fn watch(
    scene: &Scene<'_>,
    options: &Options,
    watched: &[Watched<'_>],
    report: &mut Report<'_>,
) -> Result<(), DeployError> {
    let web: Vec<&Process> = watched
        .iter()
        .map(Watched::process)
        .filter(|process| matches!(process.work, Work::Web { .. }))
        .collect();
    if !web.is_empty() {
        tell(report, format!("Watching the first seconds of {}", Process::listed(&web)));
    }
    check::all_survive(scene, options, watched)
}

/// Tries processes with a fixed port on another port, while the old ones still serve.
fn rehearse(
    prepared: &Prepared<'_>,
    fixed: &[&Process],
    watch: bool,
    report: &mut Report<'_>,
) -> Result<(), DeployError> {
    let (scene, basis) = (&prepared.scene, prepared.basis());
    for process in fixed {
        let Work::Web { command, address } = &process.work else { continue };
        let port = ports::pick(scene.root, basis.app, address.ip())?.port;
        let mut trial = (*process).clone();
        trial.name.start = REHEARSAL;
        trial.work = Work::Web { command: command.clone(), address: (address.ip(), port).into() };
        trial.env = basis.environment(port, &process.name.kind);
        tell(report, format!("Trying {}.{} on port {port}", trial.name.kind, trial.name.index));
        let watched = Watched::all(scene.root, &[&trial]);
        let rendered = render::render(&basis, &trial, &prepared.ready.access)?;
        vassals::start(scene.root, [&rendered], [])?;
        check::all_healthy(scene, &basis.inputs.options, &watched, report)?;
        if watch {
            self::watch(scene, &basis.inputs.options, &watched, report)?;
        }
        end::retire(scene.root, &[rendered.name.into()], false)?;
    }
    Ok(())
}
