//! The calls of a deploy in their order, from an [`Order`] to a live release.

use super::handover::Handover;
use super::order::{Deployed, Order, Scene};
use super::prepare::Prepared;
use super::{DeployError, commit, prepare, undo};
use crate::event::Report;

/// Carries out an order. To be called with the app's lock held, after a repair.
///
/// On any error everything is as before: the old release serves, and what was half made is gone.
pub(crate) fn run(
    scene: &Scene<'_>,
    order: &Order,
    report: &mut Report<'_>,
) -> Result<Deployed, DeployError> {
    // What fails because it was ended says nothing of its own.
    let outcome = calls(scene, order, report).map_err(|error| scene.go_on().err().unwrap_or(error));
    if outcome.is_err() {
        undo::undo(scene, &order.app, report);
    }
    outcome
}

fn calls(scene: &Scene<'_>, order: &Order, report: &mut Report<'_>) -> Result<Deployed, DeployError> {
    let mut prepared = prepare::prepare(scene, order, report)?;
    if prepared.waits() {
        return prepared.keep(report);
    }
    prepared.built.release_guards();
    let vassals = handover(&prepared, report)?;
    let committed = commit::commit(prepared, vassals, report)?;
    Ok(committed.settle(report))
}

fn handover(prepared: &Prepared<'_>, report: &mut Report<'_>) -> Result<Vec<String>, DeployError> {
    let Prepared { scene, built, ready, .. } = prepared;
    let handover = Handover {
        scene,
        basis: &prepared.basis(),
        live: built.source.live.as_ref(),
        access: &ready.access,
        rendered: &ready.vassals,
        nginx: ready.nginx.as_ref(),
        report,
    };
    handover.run(&ready.plan, ready.site.as_ref())
}
