//! The second of the four calls of a deploy: starts new processes next to the old ones and checks them. They get no
//! traffic yet.

use super::DeployError;
use super::plan::{Process, Work, render};
use super::prepare::Prepared;
use super::vassals::check::{self, Watched};
use super::vassals::{end, predecessor, start as vassals};
use crate::event::{Report, stage as tell};
use crate::host::ports;
use crate::release::store;
use crate::settings::Strategy;
use crate::vassal::{FRONT, REHEARSAL};

/// A release whose processes run next to those that serve.
///
/// [`undo`](super::undo) ends the processes that the live release does not need.
pub(crate) struct Started<'a> {
    /// Its workers' launchers run, and are held until [`switch`](super::switch).
    pub(crate) prepared: Prepared<'a>,
}

/// Starts processes that can run next to their predecessors, and tries the others on another port.
pub(crate) fn start<'a>(
    mut prepared: Prepared<'a>,
    report: &mut Report<'_>,
) -> Result<Started<'a>, DeployError> {
    prepared.built.release_guards();
    let stop_first = runs(&prepared) && prepared.built.inputs.options.strategy == Strategy::StopFirst;
    if stop_first {
        end_predecessors(&prepared, report)?;
    }
    let beside = prepared.processes(|process| process.endpoint().is_some() && !process.takes_turns());
    start_and_check(&prepared, &beside, report)?;
    prepared.scene.go_on()?;
    if runs(&prepared) && !stop_first {
        let fixed = prepared.processes(|process| process.endpoint().is_some() && process.takes_turns());
        rehearse(&prepared, &fixed, report)?;
    }
    Ok(Started { prepared })
}

/// Whether any process of the app should be running now.
fn runs(prepared: &Prepared<'_>) -> bool {
    let (root, app) = (prepared.scene.root, &prepared.order.app);
    let is_there = prepared.built.source.live.is_some() || store::is_foreign_clone(root, app);
    is_there && !store::is_stopped(root, app)
}

/// Ends every process of the old release except for the router, for a machine without memory for two copies.
fn end_predecessors(prepared: &Prepared<'_>, report: &mut Report<'_>) -> Result<(), DeployError> {
    let (root, app) = (prepared.scene.root, &prepared.order.app);
    tell(
        report,
        "Stopping the old processes first (PIKU_DEPLOY_STRATEGY); requests fail until the new ones are healthy",
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
    report: &mut Report<'_>,
) -> Result<(), DeployError> {
    let scene = &prepared.scene;
    let workers = prepared.processes(Process::is_worker);
    if !processes.is_empty() {
        tell(report, format!("Starting {}", Process::listed(processes)));
    }
    let watched = Watched::all(scene.root, processes);
    vassals::start(scene.root, prepared.rendered(processes), prepared.rendered(&workers))?;
    check::all_healthy(scene, &prepared.built.inputs.options, &watched)
}

/// Tries processes with a fixed port on another port, while the old ones still serve.
fn rehearse(prepared: &Prepared<'_>, fixed: &[&Process], report: &mut Report<'_>) -> Result<(), DeployError> {
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
        check::all_healthy(scene, &basis.inputs.options, &watched)?;
        end::retire(scene.root, &[rendered.name.into()], false)?;
    }
    Ok(())
}
