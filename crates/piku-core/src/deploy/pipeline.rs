//! Runs the stages of a deploy in order, from an [`Order`] to a live release.

use super::order::{Deployed, Order, Scene};
use super::prepare::Prepared;
use super::start::Started;
use super::{DeployError, commit, plugged, prepare, start, switch, undo};
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
    let outcome = prepare::prepare(scene, order, report)
        .and_then(|prepared| plugged::ask(&prepared, report).map(|()| prepared));
    or_undo(scene, &order.app, outcome, report)
}

/// A release that [`start`] started, or one that waits for a restart and has no process to start.
pub(crate) enum Beside<'a> {
    Started(Started<'a>),
    Waiting(Prepared<'a>),
}

/// The second half of [`run`]: makes the release live, unless it waits for a restart.
pub(crate) fn go_live(prepared: Prepared<'_>, report: &mut Report<'_>) -> Result<Deployed, DeployError> {
    let beside = start(prepared, report)?;
    switch(beside, report)
}

/// Starts the processes of the release next to those that serve.
pub(crate) fn start<'a>(prepared: Prepared<'a>, report: &mut Report<'_>) -> Result<Beside<'a>, DeployError> {
    if prepared.waits() {
        return Ok(Beside::Waiting(prepared));
    }
    let (scene, app) = (prepared.scene, prepared.order.app.clone());
    let outcome = start::start(prepared, report).map(Beside::Started);
    or_undo(&scene, &app, outcome, report)
}

/// Gives the release the traffic, and makes it live.
pub(crate) fn switch(beside: Beside<'_>, report: &mut Report<'_>) -> Result<Deployed, DeployError> {
    let (scene, app) = (beside.prepared().scene, beside.prepared().order.app.clone());
    let outcome = match beside {
        Beside::Waiting(prepared) => prepared.keep(report),
        Beside::Started(started) => switch::switch(started, report)
            .and_then(|switched| commit::commit(switched, report))
            .map(|committed| committed.settle(report)),
    };
    or_undo(&scene, &app, outcome, report)
}

impl<'a> Beside<'a> {
    pub(crate) fn prepared(&self) -> &Prepared<'a> {
        match self {
            Self::Started(Started { prepared, .. }) | Self::Waiting(prepared) => prepared,
        }
    }

    /// Ends what was started and removes the release. Old processes that had to end before start again.
    pub(crate) fn stop(self, report: &mut Report<'_>) {
        let Prepared { scene, order, .. } = self.prepared();
        undo::undo(scene, &order.app, report);
    }
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
