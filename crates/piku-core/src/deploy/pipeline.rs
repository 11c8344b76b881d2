//! The stages in their order, from an [`Order`] to a live release.

use std::time::Duration;

use piku_procfile::Kind;

use super::arrival::Arrival;
use super::build::{self, Build};
use super::handover::{self, Handover};
use super::inputs::{self, Inputs};
use super::order::{Deployed, Order, Scene};
use super::plan::{self, Basis, Plan, Ports, Serves};
use super::render::{self, Rendered};
use super::site::RenderedSite;
use super::source::{self, SourceOfRelease};
use super::{DeployError, adopt, claims, first, hosted, repair, retire, site, switch};
use crate::app::AppName;
use crate::event::{Report, stage as tell, warn};
use crate::host::command::Invocation;
use crate::host::facts::{self, Nginx, Uwsgi};
use crate::host::socket_access::SocketAccess;
use crate::host::{emperor, git, ports, wait};
use crate::release::{Cause, Release, store};
use crate::root::Root;
use crate::settings::Layers;

/// How long an emperor that is just being started may take until it answers.
const EMPEROR_STARTS: Duration = Duration::from_secs(10);

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

/// A release that is built, and not planned yet.
struct Built {
    source: SourceOfRelease,
    /// The number that its vassals and sockets are named by.
    run: u32,
    uwsgi: Option<Uwsgi>,
    build: Build,
    class_path: Vec<camino::Utf8PathBuf>,
    /// The settings, laid over piku's own variables.
    layers: Layers,
    ports: Ports,
}

impl Built {
    fn basis<'a>(&'a self, scene: &Scene<'a>, order: &'a Order) -> Basis<'a> {
        Basis {
            root: scene.root,
            surroundings: scene.surroundings,
            app: &order.app,
            release: self.source.number,
            run: self.run,
            commit: order.commit(),
            tree: &self.source.tree,
            inputs: &self.source.inputs,
            formation: &self.source.formation,
            build: &self.build,
            settings: &self.layers,
            uwsgi: self.uwsgi.as_ref(),
            class_path: self.class_path.clone(),
            ports: self.ports.clone(),
        }
    }
}

/// Everything that a release consists of on the machine, as text, before anything of it is there.
struct Ready {
    plan: Plan,
    vassals: Vec<Rendered>,
    site: Option<RenderedSite>,
    site_stopped: Option<String>,
    nginx: Option<Nginx>,
    access: SocketAccess,
}

fn stages(scene: &Scene<'_>, order: &Order, report: &mut Report<'_>) -> Result<Deployed, DeployError> {
    scene.go_on()?;
    let source = source::of_order(scene, order, report)?;
    let (built, guards) = prepare(scene, order, source, report)?;
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
    Ok(Deployed { release, live: true, addresses: addresses(&built.source.inputs, &ready.plan) })
}

/// Claims what only one app can have, and builds; runs `preflight` and `release` of something new.
fn prepare(
    scene: &Scene<'_>,
    order: &Order,
    source: SourceOfRelease,
    report: &mut Report<'_>,
) -> Result<(Built, Vec<std::net::TcpListener>), DeployError> {
    let (root, app) = (scene.root, &order.app);
    let uwsgi = facts::uwsgi(root, scene.surroundings);
    require_emperor(root, &source.inputs, uwsgi.as_ref(), report)?;
    hosted::require_kinds(&source.inputs, uwsgi.as_ref())?;
    claims::server_names(root, app, &source.inputs)?;
    let live = source.live.as_ref();
    let (ports, guards) = claims::ports(root, app, &source.inputs, &source.formation, live)?;
    let run = store::next_run(root, app)?;
    let layers = source.inputs.layers.clone();
    let mut built =
        Built { source, run, uwsgi, build: Build::default(), class_path: Vec::new(), layers, ports };
    let fresh = order.new_release().is_some_and(|new| new.tree_from().is_none());
    if fresh {
        one_off(scene, &built.basis(scene, order), &Kind::Preflight, "preflight", report)?;
    }
    built.build = build_of(scene, order, &built, report)?;
    let inputs = &built.source.inputs;
    if built.build.made.uwsgi.is_none() {
        hosted::require_settings(inputs, built.uwsgi.as_ref())?;
    }
    hosted::require_paths(inputs, &built.source.tree)?;
    built.class_path = hosted::class_path(inputs, &built.source.tree)?;
    // Now every variable of ours is known, and ENV may refer to any of them.
    built.layers = settled_layers(&built, scene, order);
    let of_settings = |cause: &Cause| matches!(cause, Cause::ConfigSet { .. } | Cause::ConfigUnset { .. });
    if fresh || of_settings(&order.cause) {
        one_off(scene, &built.basis(scene, order), &Kind::Release, "release", report)?;
    }
    Ok((built, guards))
}

/// The build on disk of a kept release, or of the one that differs by settings which decide no build, whatever the
/// machine's tools are by now; else a build.
fn build_of(
    scene: &Scene<'_>,
    order: &Order,
    built: &Built,
    report: &mut Report<'_>,
) -> Result<Build, DeployError> {
    let Scene { root, surroundings, .. } = *scene;
    let uwsgi = built.uwsgi.as_ref();
    let like = order.new_release().filter(|new| !new.builds).and_then(|new| new.like.as_deref());
    if let Some(release) = order.kept().or(like)
        && let Some(build) = build::of_release(root, &order.app, release, uwsgi, report)
    {
        return Ok(build);
    }
    let env = plan::environment(&built.basis(scene, order), built.ports.app, "build");
    let (app, tree) = (&order.app, built.source.tree.as_path());
    let (commit, cancel) = (order.commit(), scene.cancel);
    let place = build::Site { root, surroundings, app, commit, tree, uwsgi, env: &env, cancel };
    build::build(&place, &built.source.inputs, report)
}

/// Plans the release and spells all of it.
fn ready(basis: &Basis<'_>) -> Result<Ready, DeployError> {
    let plan = plan::plan(basis);
    let nginx = if plan::has_site(basis.inputs) { Some(facts::nginx(basis.surroundings)?) } else { None };
    let version = nginx.as_ref().and_then(|nginx| nginx.version);
    let spelled = |plan: &Plan| site::render(basis.root, basis.app, basis.inputs, plan, basis.tree, version);
    let site = spelled(&plan)?;
    let stopped = spelled(&Plan { serves: Serves::Unavailable, ..plan.clone() })?;
    let access = SocketAccess::of(basis.root, nginx.as_ref().map(|nginx| &nginx.workers));
    let vassals = plan.processes.iter().map(|process| render::render(basis, process, &access));
    let vassals = vassals.collect::<Result<_, _>>()?;
    Ok(Ready { plan, vassals, site, site_stopped: stopped.map(|site| site.text), nginx, access })
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
        site_stopped: ready.site_stopped.clone(),
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
    if let Some(text) = unreached(app, &source.inputs, &ready.plan) {
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

/// Waits for an emperor that is just being started, after a boot or by a restart of its service.
fn require_emperor(
    root: &Root,
    inputs: &Inputs,
    uwsgi: Option<&Uwsgi>,
    report: &mut Report<'_>,
) -> Result<(), DeployError> {
    if source::needs_no_emperor(inputs) {
        return Ok(());
    }
    if uwsgi.is_none() {
        return Err(DeployError::NoUwsgi);
    }
    let ask = || emperor::ask(&root.emperor_stats()).map(drop);
    if ask().is_none() {
        tell(report, "Waiting for the uWSGI emperor");
        wait::until(EMPEROR_STARTS, ask).ok_or(DeployError::NoEmperor)?;
    }
    Ok(())
}

/// The settings, with ENV read again now that all of piku's own variables are known.
fn settled_layers(built: &Built, scene: &Scene<'_>, order: &Order) -> Layers {
    let unset = Layers::default();
    let basis = Basis { settings: &unset, ..built.basis(scene, order) };
    let known = plan::environment(&basis, basis.ports.app, "");
    let read = inputs::read(Some(&order.app), &built.source.texts, &known);
    read.layers.unwrap_or_else(|| built.source.inputs.layers.clone())
}

/// Runs `preflight` or `release`, where the Procfile has one.
fn one_off(
    scene: &Scene<'_>,
    basis: &Basis<'_>,
    wanted: &Kind,
    kind: &'static str,
    report: &mut Report<'_>,
) -> Result<(), DeployError> {
    let same = |other: &Kind| std::mem::discriminant(other) == std::mem::discriminant(wanted);
    let Some(entry) = basis.inputs.procfile.entries().iter().find(|entry| same(&entry.kind)) else {
        return Ok(());
    };
    tell(report, format!("Running {kind}: {}", entry.command));
    let env = plan::environment(basis, basis.ports.app, kind);
    Invocation::new(["/bin/sh", "-c", &entry.command])
        .in_folder(basis.tree)
        .with_env(&env)
        .supervised(&basis.root.launcher())
        .cancelled_by(scene.cancel)
        .follow(&entry.command, report)
        .map_err(|source| DeployError::Command { kind, source })?;
    scene.go_on()
}

/// Where the app answers.
fn addresses(inputs: &Inputs, plan: &Plan) -> Vec<String> {
    let options = &inputs.options;
    if plan::has_site(inputs) {
        let scheme = if options.nginx.https_only { "https" } else { "http" };
        return options.nginx.server_names.iter().map(|name| format!("{scheme}://{name}/")).collect();
    }
    let has_web = plan.processes.iter().any(|process| process.endpoint().is_some());
    let host = options.bind_address.as_str();
    if has_web { vec![format!("http://{host}:{}/", plan.ports.app)] } else { Vec::new() }
}

/// What an app that is to answer the web needs so that anybody else's machine reaches it, if it needs something.
fn unreached(app: &AppName, inputs: &Inputs, plan: &Plan) -> Option<String> {
    if plan::has_site(inputs) {
        return None;
    }
    let name = format!("until it has a name: `config:set {app} NGINX_SERVER_NAME=…`");
    match plan.serves {
        Serves::Static(_) => Some(format!("Nobody serves its files {name}")),
        Serves::Uwsgi(_) | Serves::Web(_) => {
            let address = plan::reachable(&inputs.options.bind_address, plan.ports.app).ip();
            let everywhere =
                inputs.options.bind_address.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_unspecified());
            (address.is_loopback() && !everywhere).then(|| format!("It answers on this machine alone {name}"))
        }
        Serves::Unavailable | Serves::Nothing => None,
    }
}

/// The deployed commit, named for people.
pub(crate) fn describe(root: &Root, app: &AppName, commit: &str) -> String {
    let short = commit.get(..7).unwrap_or(commit);
    git::subject(&root.repo(app), commit)
        .map_or_else(|| short.to_owned(), |subject| format!("{short} ({subject})"))
}
