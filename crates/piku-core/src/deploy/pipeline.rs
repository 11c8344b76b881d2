//! Runs the stages of a deploy in order, from an [`Order`] to a live release.

use super::order::{Deployed, Order, Scene};
use super::prepare::Prepared;
use super::{DeployError, commit, prepare, start, switch, undo};
use crate::app::AppName;
use crate::event::Report;

/// Carries out an order. The caller must hold the lock of the app and have repaired it.
///
/// On error, everything is as before: the old release serves, and incomplete work has been removed.
pub(crate) fn run(
    scene: &Scene<'_>,
    order: &Order,
    report: &mut Report<'_>,
) -> Result<Deployed, DeployError> {
    let prepared = prepare(scene, order, report)?;
    go_live(prepared, report)
}

/// The first half of [`run`], which does not touch running processes.
pub(crate) fn prepare<'a>(
    scene: &Scene<'a>,
    order: &Order,
    report: &mut Report<'_>,
) -> Result<Prepared<'a>, DeployError> {
    let outcome = prepare::prepare(scene, order, report);
    or_undo(scene, &order.app, outcome, report)
}

/// The second half: makes the release live, unless it waits for a restart.
pub(crate) fn go_live(prepared: Prepared<'_>, report: &mut Report<'_>) -> Result<Deployed, DeployError> {
    let (scene, app) = (prepared.scene, prepared.order.app.clone());
    let outcome = calls(prepared, report);
    or_undo(&scene, &app, outcome, report)
}

fn calls(prepared: Prepared<'_>, report: &mut Report<'_>) -> Result<Deployed, DeployError> {
    if prepared.waits() {
        return prepared.keep(report);
    }
    let started = start::start(prepared, report)?;
    let switched = switch::switch(started, report)?;
    let committed = commit::commit(switched, report)?;
    Ok(committed.settle(report))
}

fn or_undo<T>(
    scene: &Scene<'_>,
    app: &AppName,
    outcome: Result<T, DeployError>,
    report: &mut Report<'_>,
) -> Result<T, DeployError> {
    // If the deploy was cancelled, report that instead of the failure it caused.
    let outcome = outcome.map_err(|error| scene.go_on().err().unwrap_or(error));
    if outcome.is_err() {
        undo::undo(scene, app, report);
    }
    outcome
}
