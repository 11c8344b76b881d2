//! The stages in their order, from an [`Order`] to a live release.

use super::arrival::Arrival;
use super::basis::Basis;
use super::handover::{self, Handover};
use super::order::{Deployed, Order, Scene};
use super::plan::{self, Plan, Serves};
use super::prepare::{self, Built};
use super::render::{self, Rendered};
use super::site::RenderedSite;
use super::source::{self, SourceOfRelease};
use super::{DeployError, adopt, first, reached, repair, retire, site, switch};
use crate::event::{Report, stage as tell, warn};
use crate::host::facts::{self, Nginx};
use crate::host::socket_access::SocketAccess;
use crate::host::{ports, wait};
use crate::release::{Cause, Release, store};

/// Carries out an order. To be called with the app's lock held, after a repair.
///
/// On any error everything is as before: the old release serves, and what was half made is gone.
pub(crate) fn run(
    scene: &Scene<'_>,
    order: &Order,
    report: &mut Report<'_>,
) -> Result<Deployed, DeployError> {
    // What fails because it was ended says nothing of its own.
    let outcome = stages(scene, order, report).map_err(|error| scene.go_on().err().unwrap_or(error));
    if outcome.is_err() {
        let repaired = repair::repair(scene.root, scene.surroundings, scene.host, &order.app, report);
        match repaired.and_then(|live| first::forget(scene.root, &order.app).map(|()| live)) {
            Ok(Some(live)) => repair::await_return(scene.root, &order.app, &live),
            Ok(None) => {}
            Err(error) => warn(
                report,
                format!("could not tidy up: {error}"),
                Some("the next command for this app tries again"),
            ),
        }
    }
    outcome
}

/// Everything that a release consists of on the machine, as text, before anything of it is there.
struct Ready {
    plan: Plan,
    vassals: Vec<Rendered>,
    site: Option<RenderedSite>,
    stopped: Option<RenderedSite>,
    nginx: Option<Nginx>,
    access: SocketAccess,
}

fn stages(scene: &Scene<'_>, order: &Order, report: &mut Report<'_>) -> Result<Deployed, DeployError> {
    scene.go_on()?;
    let source = source::of_order(scene, order, report)?;
    let (built, guards) = prepare::prepare(scene, order, source, report)?;
    let basis = built.basis(scene, order);
    let ready = ready(&basis)?;
    let mut release = record(order, &built, &ready);
    if waits(scene, order, &built.source) {
        switch::keep_waiting(scene.root, scene.host, &order.app, &release)?;
        prune(scene, order, &built.source, report)?;
        return Ok(Deployed { release, live: false, addresses: Vec::new() });
    }
    drop(guards);
    let handover = Handover {
        scene,
        basis: &basis,
        live: built.source.live.as_ref(),
        access: &ready.access,
        rendered: &ready.vassals,
        nginx: ready.nginx.as_ref(),
        report,
    };
    release.vassals = handover.run(&ready.plan, ready.site.as_ref())?;
    commit(scene, order, &built.source, &basis, &ready, &release, report)?;
    settle(scene, order, &built.source, &ready, &release, report);
    Ok(Deployed { release, live: true, addresses: reached::addresses(&built.source.inputs, &ready.plan) })
}

/// Plans the release and spells all of it.
fn ready(basis: &Basis<'_>) -> Result<Ready, DeployError> {
    let plan = plan::plan(basis);
    let memory = basis.root.build_cache().join(facts::NGINX);
    let ask = || facts::known_nginx(basis.surroundings, &memory);
    let nginx = plan::has_site(basis.inputs).then(ask).transpose()?;
    let version = nginx.as_ref().and_then(|nginx| nginx.version);
    let spelled = |plan: &Plan| site::render(basis.root, basis.app, basis.inputs, plan, basis.tree, version);
    let site = spelled(&plan)?;
    let stopped = spelled(&Plan { serves: Serves::Unavailable, ..plan.clone() })?;
    let access = SocketAccess::of(basis.root, nginx.as_ref().map(|nginx| &nginx.workers));
    let vassals = plan.processes.iter().map(|process| render::render(basis, process, &access));
    let vassals = vassals.collect::<Result<_, _>>()?;
    Ok(Ready { plan, vassals, site, stopped, nginx, access })
}

/// The record of the release, with the run that is to serve.
fn record(order: &Order, built: &Built, ready: &Ready) -> Release {
    let source = &built.source;
    let kept = order.kept();
    let live = source.live.as_ref().map_or(0, |live| live.number);
    Release {
        number: source.number,
        run: Some(built.run),
        after: kept.map_or(Some(live), |kept| kept.after),
        commit: order.commit().to_owned(),
        created: kept.map_or_else(wait::now, |kept| kept.created),
        cause: kept.map_or(&order.cause, |kept| &kept.cause).clone(),
        by: kept.map_or(&order.by, |kept| &kept.by).clone(),
        tree_of: source.owner,
        persist: source.inputs.options.persist.clone(),
        build: built.build.name.clone(),
        made: Some(built.build.made.clone()),
        settings: String::from_utf8_lossy(order.settings()).into_owned(),
        formation: source.formation.clone(),
        live_env: ready.plan.live_env.clone(),
        site: ready.site.as_ref().map(|site| site.text.clone()),
        site_stopped: ready.stopped.as_ref().map(|site| site.text.clone()),
        stopped_question: ready.stopped.as_ref().map(|site| site.question.clone()),
        vassals: Vec::new(),
        ports: ready.plan.ports.all(),
    }
}

/// Makes the release live, and takes that back when nginx can't reach files that only the live release has.
fn commit(
    scene: &Scene<'_>,
    order: &Order,
    source: &SourceOfRelease,
    basis: &Basis<'_>,
    ready: &Ready,
    release: &Release,
    report: &mut Report<'_>,
) -> Result<(), DeployError> {
    let (Scene { root, surroundings, host, .. }, app) = (*scene, &order.app);
    let folders = [source.number, source.owner];
    switch::open_to_nginx(root, app, folders, ready.site.as_ref(), !release.persist.is_empty())?;
    scene.go_on()?;
    let foreign = store::is_foreign_clone(root, app);
    if foreign {
        adopt::clone(root, surroundings, app, source.owner, report)?;
    }
    switch::commit(root, host, app, release)?;
    let Some((site, nginx)) = ready.site.as_ref().zip(ready.nginx.as_ref()) else { return Ok(()) };
    // nginx looks for files by way of the live release: only now are they the new ones.
    let outcome = Arrival { basis, plan: &ready.plan, door: &site.door, nginx }.of_files(report);
    match outcome {
        Ok(()) => Ok(()),
        // There is no way back to a clone of legacy piku.
        Err(error) if foreign => {
            warn(report, crate::error_chain(&error), error.help().as_deref());
            Ok(())
        }
        Err(error) => {
            switch::take_back(root, host, app, release.number, order.kept(), source.live.as_ref())?;
            Err(error)
        }
    }
}

/// Does what follows from the release being live. It serves: what fails now must not refuse it, and `repair` does it
/// again.
fn settle(
    scene: &Scene<'_>,
    order: &Order,
    source: &SourceOfRelease,
    ready: &Ready,
    release: &Release,
    report: &mut Report<'_>,
) {
    let (Scene { root, host, .. }, app) = (*scene, &order.app);
    let outcomes = [
        switch::finish(root, host, app, release).map_err(DeployError::from),
        handover::let_go(scene, app, &ready.plan, release, ready.site.is_some()).map_err(DeployError::from),
        ports::release_all_but(root, app, &release.ports).map_err(DeployError::from),
        prune(scene, order, source, report),
    ];
    for error in outcomes.into_iter().filter_map(Result::err) {
        let help = "the release is live; the next command for this app tries again";
        warn(report, format!("not everything around it is done: {}", crate::error_chain(&error)), Some(help));
    }
    if let Some(text) = reached::unreached(app, &source.inputs, &ready.plan) {
        tell(report, text);
    }
}

fn prune(
    scene: &Scene<'_>,
    order: &Order,
    source: &SourceOfRelease,
    report: &mut Report<'_>,
) -> Result<(), DeployError> {
    let keep = source.inputs.options.keep_releases;
    Ok(retire::prune(scene.root, scene.surroundings, &order.app, keep, report)?)
}

/// Whether something new waits until somebody asks for a restart or a start: the app is not to be restarted by a deploy
/// and something runs that would be, or it is stopped and only its settings change.
fn waits(scene: &Scene<'_>, order: &Order, source: &SourceOfRelease) -> bool {
    if order.kept().is_some() {
        return false;
    }
    if store::is_stopped(scene.root, &order.app) {
        return matches!(order.cause, Cause::ConfigSet { .. } | Cause::ConfigUnset { .. });
    }
    !source.inputs.options.auto_restart && source.live.is_some()
}
