//! The stages in their order, from an [`Order`] to a live release.

use std::time::Duration;

use piku_procfile::Kind;

use super::arrival::Arrival;
use super::build::{self, Build};
use super::handover::{self, Handover};
use super::inputs::{self, Inputs, Texts};
use super::plan::{self, Basis, Plan, Serves};
use super::{DeployError, adopt, checkout, claims, hosted, persist, repair, retire, site, switch};
use crate::app::AppName;
use crate::event::{Event, Report, stage as tell, warn};
use crate::formation::Formation;
use crate::host::command::Invocation;
use crate::host::facts::{self, Uwsgi};
use crate::host::socket_access::SocketAccess;
use crate::host::{Host, HostError, Surroundings, emperor, files, git, ports, wait};
use crate::release::{Cause, Release, store};
use crate::root::Root;

/// How long an emperor that is just being started may take until it answers.
const EMPEROR_STARTS: Duration = Duration::from_secs(10);

/// What is to become the next release.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) app: AppName,
    pub(crate) cause: Cause,
    pub(crate) by: Option<String>,
    pub(crate) commit: String,
    /// The release whose tree is used again; `None` for a fresh one.
    pub(crate) tree_of: Option<u32>,
    /// The text of `envs/<app>/ENV` from this release on.
    pub(crate) settings: Vec<u8>,
    pub(crate) formation: Formation,
}

/// Where the pipeline runs.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) root: &'a Root,
    pub(crate) surroundings: &'a Surroundings,
    pub(crate) host: &'a dyn Host,
}

/// What came of an order.
#[derive(Clone, Debug)]
pub(crate) struct Deployed {
    pub(crate) release: Release,
    /// Whether it is live, or waits for a restart.
    pub(crate) live: bool,
    /// Where the app answers, as far as piku knows.
    pub(crate) addresses: Vec<String>,
}

/// Carries out an order. To be called with the app's lock held, after a repair.
///
/// On any error everything is as before: the old release serves, and what was half made is gone.
pub(crate) fn run(
    scene: &Scene<'_>,
    order: &Order,
    report: &mut Report<'_>,
) -> Result<Deployed, DeployError> {
    let outcome = stages(scene, order, report);
    if outcome.is_err() {
        match repair::repair(scene.root, scene.surroundings, scene.host, &order.app, report) {
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

fn stages(scene: &Scene<'_>, order: &Order, report: &mut Report<'_>) -> Result<Deployed, DeployError> {
    let Scene { root, surroundings, host } = *scene;
    let app = &order.app;
    prepare_folders(root, app)?;
    let number = store::next_number(root, app)?;
    files::make_folder(&root.release(app, number), 0o700)?;
    match order.tree_of {
        Some(owner) => checkout::shared(root, app, number, owner)?,
        None => checkout::fresh(root, surroundings, app, number, &order.commit, report)?,
    }
    let mut owner = order.tree_of.unwrap_or(number);

    // A link that leads out of the tree is no file of the app's, and what is too large need not be read whole.
    let written = |name: &str| files::read_within(&root.tree(app, owner), name, inputs::LARGEST + 1);
    let texts =
        Texts { procfile: written("Procfile")?, env: written("ENV")?, stored: order.settings.clone() };
    let known = plan::own_variables(root, surroundings, app, &root.tree(app, number));
    let inputs = accept(inputs::read(Some(app), &texts, &known), report)?;
    let live = store::live(root, app)?;
    let persist = &inputs.options.persist;
    if owner != number && store::load(root, app, owner)?.is_none_or(|owner| owner.persist != *persist) {
        // The tree of a release that runs is not changed.
        files::remove(&root.tree(app, number))?;
        checkout::fresh(root, surroundings, app, number, &order.commit, report)?;
        owner = number;
    }
    let tree = root.tree(app, owner);
    if owner == number {
        let running = live.as_ref().map(|live| root.tree(app, live.number));
        let foreign = store::is_foreign_clone(root, app).then(|| root.app(app));
        let (data, live) = (root.data(app), running.or(foreign));
        let release = root.release(app, number);
        let places = persist::Places { tree: &tree, data: &data, live: live.as_deref(), release: &release };
        persist::link(surroundings, &places, persist)?;
    }
    let formation = order.formation.for_procfile(&inputs.procfile);
    let uwsgi = facts::uwsgi(root, surroundings);
    require_emperor(root, &inputs, uwsgi.as_ref(), report)?;
    hosted::require_kinds(&inputs, uwsgi.as_ref())?;
    claims::server_names(root, app, &inputs)?;
    let (ports, guards) = claims::ports(root, app, &inputs, &formation, live.as_ref())?;

    let unbuilt = Build::default();
    let mut basis = Basis {
        root,
        surroundings,
        app,
        release: number,
        commit: &order.commit,
        tree: &tree,
        inputs: &inputs,
        formation: &formation,
        build: &unbuilt,
        settings: &inputs.layers,
        uwsgi: uwsgi.as_ref(),
        class_path: Vec::new(),
        ports,
    };
    let fresh = order.tree_of.is_none();
    if fresh {
        one_off(&basis, &Kind::Preflight, "preflight", report)?;
    }
    let env = plan::environment(&basis, basis.ports.app, "build");
    let place = build::Site {
        root,
        surroundings,
        app,
        commit: &order.commit,
        tree: &tree,
        uwsgi: uwsgi.as_ref(),
        env: &env,
    };
    let build = build::build(&place, &inputs, report)?;
    basis.build = &build;
    if build.uwsgi.is_none() {
        hosted::require_settings(&inputs, uwsgi.as_ref())?;
    }
    hosted::require_paths(&inputs, &tree)?;
    basis.class_path = hosted::class_path(&inputs, &tree)?;
    // Now every variable of ours is known, and ENV may refer to any of them.
    let layers = settled_layers(&basis, &texts);
    basis.settings = &layers;
    let migrates = fresh || matches!(order.cause, Cause::ConfigSet { .. } | Cause::ConfigUnset { .. });
    if migrates {
        one_off(&basis, &Kind::Release, "release", report)?;
    }

    let plan = plan::plan(&basis);
    let nginx = if plan::has_site(&inputs) { Some(facts::nginx(surroundings)?) } else { None };
    let version = nginx.as_ref().and_then(|nginx| nginx.version);
    let rendered_site = site::render(root, app, &inputs, &plan, &tree, version)?;
    let site_stopped = site::render(
        root,
        app,
        &inputs,
        &Plan { serves: Serves::Unavailable, ..plan.clone() },
        &tree,
        version,
    )?
    .map(|site| site.text);
    let waits = waits(scene, order, &inputs, live.as_ref());
    let access = SocketAccess::of(root, nginx.as_ref().map(|nginx| &nginx.workers));
    drop(guards);
    let handover =
        Handover { scene, basis: &basis, live: live.as_ref(), access, nginx: nginx.as_ref(), report };
    let vassals = if waits { Vec::new() } else { handover.run(&plan, rendered_site.as_ref())? };

    let release = Release {
        number,
        commit: order.commit.clone(),
        created: wait::now(),
        cause: order.cause.clone(),
        by: order.by.clone(),
        tree_of: owner,
        persist: persist.clone(),
        build: build.name.clone(),
        settings: String::from_utf8_lossy(&order.settings).into_owned(),
        formation: formation.clone(),
        live_env: plan.live_env.clone(),
        site: rendered_site.as_ref().map(|site| site.text.clone()),
        site_stopped,
        vassals,
        ports: plan.ports.all(),
    };
    if waits {
        switch::keep_waiting(root, host, app, &release)?;
        retire::prune(root, surroundings, app, inputs.options.keep_releases, report)?;
        return Ok(Deployed { release, live: false, addresses: Vec::new() });
    }
    switch::open_to_nginx(root, app, [number, owner], rendered_site.as_ref(), !persist.is_empty())?;
    let foreign = store::is_foreign_clone(root, app);
    if foreign {
        adopt::clone(root, surroundings, app, owner, report)?;
    }
    switch::commit(root, host, app, &release)?;
    if let Some((site, nginx)) = rendered_site.as_ref().zip(nginx.as_ref()) {
        // nginx looks for files by way of the live release: only now are they the new ones.
        let outcome = Arrival { basis: &basis, plan: &plan, door: &site.door, nginx }.of_files(report);
        match outcome {
            Ok(()) => {}
            // There is no way back to a clone of an earlier piku.
            Err(error) if foreign => warn(report, crate::error_chain(&error), error.help().as_deref()),
            Err(error) => {
                switch::take_back(root, host, app, release.number, live.as_ref())?;
                return Err(error);
            }
        }
    }
    // From here on the new release serves: what fails now must not refuse it, and `repair` does it again.
    let drain = rendered_site.is_some();
    let outcomes = [
        switch::finish(root, host, app, &release).map_err(DeployError::from),
        handover::let_go(scene, app, &plan, &release, drain).map_err(DeployError::from),
        ports::release_all_but(root, app, &release.ports).map_err(DeployError::from),
        retire::prune(root, surroundings, app, inputs.options.keep_releases, report)
            .map_err(DeployError::from),
    ];
    for error in outcomes.into_iter().filter_map(Result::err) {
        let help = "the release is live; the next command for this app tries again";
        warn(report, format!("not everything around it is done: {}", crate::error_chain(&error)), Some(help));
    }
    if let Some(text) = unreached(app, &inputs, &plan) {
        tell(report, text);
    }
    Ok(Deployed { release, live: true, addresses: addresses(&inputs, &plan) })
}

/// Whether the app asks not to be restarted by a deploy, and something runs that could be.
fn waits(scene: &Scene<'_>, order: &Order, inputs: &Inputs, live: Option<&Release>) -> bool {
    let asked_for = matches!(order.cause, Cause::Restart | Cause::Start | Cause::Rollback { .. });
    !inputs.options.auto_restart && !asked_for && live.is_some() && !store::is_stopped(scene.root, &order.app)
}

/// The folders that every deploy needs, with the modes that keep secrets in and let nginx reach its sockets.
fn prepare_folders(root: &Root, app: &AppName) -> Result<(), HostError> {
    for (path, mode) in
        [(root.releases(app), 0o711), (root.env(app), 0o700), (root.logs(app), 0o700), (root.run(), 0o711)]
    {
        files::make_folder(&path, mode)?;
    }
    // What is in there is the app's own; so is the mode, once it is there.
    if !files::exists(&root.data(app)) {
        files::make_folder(&root.data(app), 0o700)?;
    }
    Ok(())
}

/// Reports every diagnostic, and goes on when none is an error.
fn accept(reading: inputs::Reading, report: &mut Report<'_>) -> Result<Inputs, DeployError> {
    for diagnostic in &reading.diagnostics {
        report(Event::Diagnostic(diagnostic));
    }
    let errors = || reading.diagnostics.iter().filter(|found| found.is_error()).cloned().collect();
    reading.inputs.ok_or_else(|| DeployError::Inputs { diagnostics: errors() })
}

/// Waits for an emperor that is just being started, after a boot or by a restart of its service.
fn require_emperor(
    root: &Root,
    inputs: &Inputs,
    uwsgi: Option<&Uwsgi>,
    report: &mut Report<'_>,
) -> Result<(), DeployError> {
    let needs_none = |kind: &Kind| matches!(kind, Kind::Static | Kind::Preflight | Kind::Release);
    if inputs.procfile.entries().iter().all(|entry| needs_none(&entry.kind)) {
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
fn settled_layers(basis: &Basis<'_>, texts: &Texts) -> crate::settings::Layers {
    let unset = crate::settings::Layers::default();
    let known = plan::environment(
        &Basis { settings: &unset, ports: basis.ports.clone(), class_path: Vec::new(), ..*basis },
        basis.ports.app,
        "",
    );
    inputs::read(Some(basis.app), texts, &known).layers.unwrap_or_else(|| basis.inputs.layers.clone())
}

/// Runs `preflight` or `release`, where the Procfile has one.
fn one_off(
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
        .follow(&entry.command, report)
        .map_err(|source| DeployError::Command { kind, source })
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
