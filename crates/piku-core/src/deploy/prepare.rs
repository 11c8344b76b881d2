//! The first of the four calls of a deploy: source, build, `release` command, and rendering.

use jiff::Timestamp;

use super::built::Built;
use super::order::{Deployed, Order, Scene};
use super::plan::Process;
use super::plan::basis::Basis;
use super::plan::render::Rendered;
use super::ready::{self, Ready};
use super::source::{included, keep};
use super::{DeployError, live, prune, source, undo};
use crate::event::Report;
use crate::host::wait;
use crate::release::{Cause, Release, store};
use crate::site_claim::SiteClaim;

/// A release that is built and rendered but not started.
pub(crate) struct Prepared<'a> {
    pub(crate) scene: Scene<'a>,
    pub(crate) order: Order,
    pub(crate) built: Built,
    pub(crate) ready: Ready,
    /// Whether the processes of the old release ended before the new ones started.
    pub(crate) old_ended: bool,
    when: Timestamp,
}

/// Prepares an order without touching running processes.
pub(crate) fn prepare<'a>(
    scene: &Scene<'a>,
    order: &Order,
    report: &mut Report<'_>,
) -> Result<Prepared<'a>, DeployError> {
    scene.go_on()?;
    let source = source::of_order(scene, order, report)?;
    let built = Built::of_source(scene, order, source, report)?;
    let directives = included::of_release(order, &built.inputs, &built.source.tree, report)?;
    let ready = ready::ready(&built.basis(scene, order), directives)?;
    let source = &built.source;
    if order.kept().is_none() && source.owner == source.number {
        keep::list(scene.root, &order.app, source.owner, &source.kept)?;
    }
    Ok(Prepared { scene: *scene, order: order.clone(), built, ready, old_ended: false, when: wait::now() })
}

impl Prepared<'_> {
    /// The input of its plan.
    pub(crate) fn basis(&self) -> Basis<'_> {
        self.built.basis(&self.scene, &self.order)
    }

    /// The record of the release with the new run.
    pub(crate) fn record(&self) -> Release {
        let (order, built, ready) = (&self.order, &self.built, &self.ready);
        let source = &built.source;
        let kept = order.kept();
        let live = source.live.as_ref().map_or(0, |live| live.number);
        Release {
            number: source.number,
            run: Some(built.run),
            after: kept.map_or(Some(live), |kept| kept.after),
            commit: order.commit().to_owned(),
            created: kept.map_or(self.when, |kept| kept.created),
            cause: kept.map_or(&order.cause, |kept| &kept.cause).clone(),
            by: kept.map_or(&order.by, |kept| &kept.by).clone(),
            tree_of: source.owner,
            persist: built.inputs.options.persist.clone(),
            left_out: built.inputs.options.left_out.clone(),
            build: built.build.name.clone(),
            made: Some(built.build.made.clone()),
            settings: String::from_utf8_lossy(order.settings()).into_owned(),
            defaults: String::from_utf8_lossy(order.defaults()).into_owned(),
            formation: source.formation.clone(),
            live_env: ready.plan.live_env.clone(),
            included: ready.directives.unread.is_none().then(|| ready.directives.files.clone()),
            claim: built.inputs.has_site().then(|| SiteClaim::of(&built.inputs.options)),
            site: ready.site.as_ref().map(|site| site.text.clone()),
            question: ready.site.as_ref().map(|site| site.question.clone()),
            site_stopped: ready.stopped.as_ref().map(|site| site.text.clone()),
            stopped_question: ready.stopped.as_ref().map(|site| site.question.clone()),
            vassals: Vec::new(),
            ports: ready.plan.ports.all(),
            exposed: Vec::new(),
        }
    }

    /// The processes of the plan that `wanted` selects.
    pub(crate) fn processes(&self, wanted: impl Fn(&Process) -> bool) -> Vec<&Process> {
        self.ready.plan.processes.iter().filter(|process| wanted(process)).collect()
    }

    /// The rendered vassals of these processes.
    pub(crate) fn rendered(&self, processes: &[&Process]) -> impl Iterator<Item = &Rendered> {
        let of_them = |one: &&Rendered| processes.iter().any(|process| process.name == one.name);
        self.ready.vassals.iter().filter(of_them)
    }

    /// Whether it is a new release that waits for `restart` or `start`: deploys do not restart the app and something is
    /// live, or the app is stopped and only its settings change.
    pub(crate) fn waits(&self) -> bool {
        if self.order.kept().is_some() {
            return false;
        }
        if store::is_stopped(self.scene.root, &self.order.app) {
            return matches!(self.order.cause, Cause::ConfigSet { .. } | Cause::ConfigUnset { .. });
        }
        !self.built.inputs.options.auto_restart && self.built.source.live.is_some()
    }

    /// Stores it for the next `restart` or `start`.
    pub(crate) fn keep(self, report: &mut Report<'_>) -> Result<Deployed, DeployError> {
        let release = self.record();
        live::keep_waiting(self.scene.root, &self.order.app, &release)?;
        self.prune(report)?;
        Ok(Deployed { release, live: false, addresses: Vec::new() })
    }

    /// Undoes everything: removes the folder of the release and releases its ports. Its build stays until a newer one is used. No process has to end.
    pub(crate) fn discard(self, report: &mut Report<'_>) {
        undo::undo(&self.scene, &self.order.app, report);
    }

    /// Removes old releases beyond the limit.
    pub(crate) fn prune(&self, report: &mut Report<'_>) -> Result<(), DeployError> {
        let keep = self.built.inputs.options.keep_releases;
        Ok(prune::prune(self.scene.root, self.scene.surroundings, &self.order.app, keep, report)?)
    }
}
