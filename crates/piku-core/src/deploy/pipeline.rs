//! The stages in their order, from an [`Order`] to a live release.

use std::net::IpAddr;
use std::time::Duration;

use piku_procfile::Kind;

use super::build::{self, Build};
use super::check::{self, Watched};
use super::inputs::{self, Inputs, Texts};
use super::plan::{self, Basis, Handover, Plan, Ports, Process, Serves, Work};
use super::render::{self, Rendered};
use super::site::RenderedSite;
use super::{DeployError, adopt, checkout, repair, retire, site, stage, switch};
use crate::app::AppName;
use crate::event::{Event, Report, stage as tell, warn};
use crate::formation::Formation;
use crate::host::command::Invocation;
use crate::host::facts::{self, Uwsgi};
use crate::host::{Host, HostError, Surroundings, emperor, files, git, ports, wait};
use crate::release::{Cause, Release, store};
use crate::root::Root;
use crate::vassal::{FRONT, REHEARSAL, VassalName};

/// How long the old router of a port may take to let go of it.
const PORT_CHANGES_HANDS: Duration = Duration::from_secs(10);

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
    if outcome.is_err()
        && let Err(error) = repair::repair(scene.root, scene.surroundings, scene.host, &order.app)
    {
        warn(
            report,
            format!("could not tidy up: {error}"),
            Some("the next command for this app tries again"),
        );
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
    let owner = order.tree_of.unwrap_or(number);
    let tree = root.tree(app, owner);

    let texts = Texts {
        procfile: files::read(&tree.join("Procfile"))?,
        env: files::read(&tree.join("ENV"))?,
        stored: order.settings.clone(),
    };
    let known = plan::own_variables(root, surroundings, app, &tree);
    let inputs = accept(inputs::read(Some(app), &texts, &known), report)?;
    let formation = order.formation.for_procfile(&inputs.procfile);
    let uwsgi = facts::uwsgi(root, surroundings);
    require_emperor(root, &inputs, uwsgi.as_ref())?;
    let live = store::live(root, app)?;
    let ports = choose_ports(root, app, &inputs, &formation, live.as_ref())?;

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
    // Now every variable of ours is known, and ENV may refer to any of them.
    let layers = settled_layers(&basis, &texts);
    basis.settings = &layers;
    let migrates = fresh || matches!(order.cause, Cause::ConfigSet { .. } | Cause::ConfigUnset { .. });
    if migrates {
        one_off(&basis, &Kind::Release, "release", report)?;
    }

    let plan = plan::plan(&basis);
    let nginx = if plan::has_site(&inputs) { facts::nginx(surroundings)? } else { None };
    let rendered_site = site::render(root, app, &inputs, &plan, &tree, nginx)?;
    let site_stopped = site::render(
        root,
        app,
        &inputs,
        &Plan { serves: Serves::Unavailable, ..plan.clone() },
        &tree,
        nginx,
    )?
    .map(|site| site.text);
    let waits = waits(scene, order, &inputs, live.as_ref());
    let socket_group = if plan::has_site(&inputs) { facts::nginx_group() } else { None };
    let staging = Staging { scene, basis: &basis, live: live.as_ref(), socket_group, report };
    let vassals = if waits { Vec::new() } else { staging.run(&plan, rendered_site.as_ref())? };

    let release = Release {
        number,
        commit: order.commit.clone(),
        created: wait::now(),
        cause: order.cause.clone(),
        by: order.by.clone(),
        tree_of: owner,
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
        return Ok(Deployed { release, live: false, addresses: Vec::new() });
    }
    switch::open_to_nginx(root, app, [number, owner], rendered_site.as_ref())?;
    let foreign = store::is_foreign_clone(root, app);
    if foreign {
        adopt::clone(root, surroundings, app, owner, report)?;
    }
    switch::commit(root, host, app, &release)?;
    switch::finish(root, host, app, &release)?;
    let drain = rendered_site.is_some();
    take_over(scene, &basis, &plan, &release, drain, report)?;
    ports::release_all_but(root, app, &release.ports)?;
    retire::prune(root, surroundings, app, inputs.options.keep_releases, report)?;
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

fn require_emperor(root: &Root, inputs: &Inputs, uwsgi: Option<&Uwsgi>) -> Result<(), DeployError> {
    let runs = |kind: &Kind| matches!(kind, Kind::Wsgi(_) | Kind::Web | Kind::Worker);
    if !inputs.procfile.entries().iter().any(|entry| runs(&entry.kind)) {
        return Ok(());
    }
    if uwsgi.is_none() {
        return Err(DeployError::NoUwsgi);
    }
    emperor::ask(&root.emperor_stats()).map(drop).ok_or(DeployError::NoEmperor)
}

/// Holds the ports that settings name and picks the others.
fn choose_ports(
    root: &Root,
    app: &AppName,
    inputs: &Inputs,
    formation: &Formation,
    live: Option<&Release>,
) -> Result<Ports, DeployError> {
    let bind: IpAddr = plan::reachable(&inputs.options.bind_address, 0).ip();
    let web = plan::web_count(inputs, formation);
    let first = match inputs.options.port {
        Some(port) => {
            ports::hold(root, app, port)?.map_err(|holder| DeployError::PortTaken { port, holder })?;
            port
        }
        // A `web` process of the old release is still on its port. Others keep theirs for ever.
        None => match live.and_then(|release| release.ports.first()).filter(|_| web == 0) {
            Some(port) => *port,
            None => ports::pick(root, app, bind)?,
        },
    };
    let mut all = Ports { app: first, web: Vec::new() };
    for index in 0..web {
        all.web.push(if index == 0 { first } else { ports::pick(root, app, bind)? });
    }
    Ok(all)
}

/// The settings, with ENV read again now that all of piku's own variables are known.
fn settled_layers(basis: &Basis<'_>, texts: &Texts) -> crate::settings::Layers {
    let unset = crate::settings::Layers::default();
    let known = plan::environment(
        &Basis { settings: &unset, ports: basis.ports.clone(), ..*basis },
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
        .check(&mut |line| report(Event::Output(line)))
        .map_err(|source| DeployError::Command { kind, source })
}

/// The processes that serve, started, checked, and given the traffic.
struct Staging<'a, 'b, 'c> {
    scene: &'a Scene<'a>,
    basis: &'a Basis<'a>,
    live: Option<&'a Release>,
    socket_group: Option<String>,
    report: &'b mut Report<'c>,
}

impl Staging<'_, '_, '_> {
    /// Returns the names of all vassals of the release, those that are still to be started included.
    fn run(mut self, plan: &Plan, site: Option<&RenderedSite>) -> Result<Vec<String>, DeployError> {
        let Scene { root, surroundings, host } = *self.scene;
        let (beside, rest): (Vec<&Process>, Vec<&Process>) =
            plan.processes.iter().partition(|process| process.endpoint().is_some() && !process.takes_turns());
        let (fixed, rest): (Vec<&Process>, Vec<&Process>) =
            rest.into_iter().partition(|process| process.endpoint().is_some());
        let (fronts, _workers): (Vec<&Process>, Vec<&Process>) =
            rest.into_iter().partition(|process| process.name.kind == FRONT);

        self.start_and_check(&beside)?;
        let running = self.live.is_some() || store::is_foreign_clone(root, self.basis.app);
        if running && !store::is_stopped(root, self.basis.app) {
            self.rehearse(&fixed)?;
        }
        let names = &self.basis.inputs.options.nginx.server_names;
        let links = site::socket_links(root, plan);
        switch::site(root, surroundings, host, self.basis.app, site, &links, names)?;
        let mut vassals: Vec<String> = plan
            .processes
            .iter()
            .filter(|process| process.name.kind != FRONT)
            .map(|process| process.name.to_string())
            .collect();
        for front in fronts {
            vassals.push(self.front(front)?);
        }
        self.take_turns(&fixed)?;
        Ok(vassals)
    }

    fn rendered(&self, process: &Process) -> Result<Rendered, DeployError> {
        render::render(self.basis, process, self.socket_group.as_deref())
    }

    fn start_and_check(&mut self, processes: &[&Process]) -> Result<(), DeployError> {
        if processes.is_empty() {
            return Ok(());
        }
        let shown: Vec<String> =
            processes.iter().map(|process| format!("{}.{}", process.name.kind, process.name.index)).collect();
        tell(self.report, format!("Starting {}", shown.join(", ")));
        let watched: Vec<Watched<'_>> =
            processes.iter().map(|process| Watched::new(self.scene.root, process)).collect();
        let rendered =
            processes.iter().map(|process| self.rendered(process)).collect::<Result<Vec<_>, _>>()?;
        stage::start(self.scene.root, self.scene.host, &rendered)?;
        check::all_well(self.scene.root, &self.basis.inputs.options, &watched)
    }

    /// Tries processes that must own a port, on another port, while the old ones still serve.
    fn rehearse(&mut self, fixed: &[&Process]) -> Result<(), DeployError> {
        let root = self.scene.root;
        for process in fixed {
            let Work::Web { command, address } = &process.work else { continue };
            let port = ports::pick(root, self.basis.app, address.ip())?;
            let mut trial = (*process).clone();
            trial.name.start = REHEARSAL;
            trial.work = Work::Web { command: command.clone(), address: (address.ip(), port).into() };
            trial.env = plan::environment(self.basis, port, &process.name.kind);
            tell(self.report, format!("Trying {}.{} on port {port}", trial.name.kind, trial.name.index));
            let watched = [Watched::new(root, &trial)];
            let rendered = self.rendered(&trial)?;
            stage::start(root, self.scene.host, [&rendered])?;
            check::all_well(root, &self.basis.inputs.options, &watched)?;
            retire::retire(root, self.scene.host, &[rendered.name], false)?;
        }
        Ok(())
    }

    /// Replaces processes that must own a port. For as long as the new one takes to start, nobody answers there.
    fn take_turns(&mut self, fixed: &[&Process]) -> Result<(), DeployError> {
        if fixed.is_empty() {
            return Ok(());
        }
        let root = self.scene.root;
        self.end_foreign()?;
        let old = old_vassals(root, self.basis.app, self.basis.release, |name| {
            fixed.iter().any(|process| process.name.kind == name.kind)
        })?;
        if !old.is_empty() {
            tell(
                self.report,
                "Replacing the process that owns the port; requests wait or fail until the new one listens",
            );
        }
        let watched: Vec<Watched<'_>> = fixed.iter().map(|process| Watched::new(root, process)).collect();
        let rendered = fixed.iter().map(|process| self.rendered(process)).collect::<Result<Vec<_>, _>>()?;
        switch::replace(root, self.scene.host, &old, &rendered.iter().collect::<Vec<_>>())?;
        check::all_well(root, &self.basis.inputs.options, &watched)
    }

    /// Ends the processes of piku's Python original, which know nothing of slots: they may have the port.
    fn end_foreign(&self) -> Result<(), HostError> {
        let Scene { root, host, .. } = *self.scene;
        let mut foreign = retire::enabled(root, self.basis.app)?;
        foreign.retain(|name| name.parse::<VassalName>().is_err());
        retire::retire(root, host, &foreign, false)?;
        wait_until_gone(root, &foreign);
        Ok(())
    }

    /// Keeps the router that has the port, or gives the port to a new one.
    fn front(&mut self, process: &Process) -> Result<String, DeployError> {
        let Scene { root, host, .. } = *self.scene;
        self.end_foreign()?;
        let rendered = self.rendered(process)?;
        let old = old_vassals(root, self.basis.app, self.basis.release, |name| name.kind == FRONT)?;
        for name in &old {
            let same =
                files::read_text(&root.uwsgi_available().join(name))?.as_deref() == Some(&rendered.ini);
            if same {
                return Ok(name.clone());
            }
        }
        let same_port: Vec<String> = old
            .into_iter()
            .filter(|name| name.parse::<VassalName>().is_ok_and(|old| old.index == process.name.index))
            .collect();
        retire::retire(root, host, &same_port, false)?;
        wait_until_gone(root, &same_port);
        let watched = [Watched::new(root, process)];
        stage::start(root, host, [&rendered])?;
        check::all_well(root, &self.basis.inputs.options, &watched)?;
        Ok(rendered.name)
    }
}

/// Enabled vassals of the app that are not of `release` and that `wanted` picks.
fn old_vassals(
    root: &Root,
    app: &AppName,
    release: u32,
    wanted: impl Fn(&VassalName) -> bool,
) -> Result<Vec<String>, HostError> {
    let enabled = retire::enabled(root, app)?;
    let picked = enabled.into_iter().filter(|name| {
        name.parse::<VassalName>().is_ok_and(|parsed| parsed.release != release && wanted(&parsed))
    });
    Ok(picked.collect())
}

/// Waits until the emperor no longer knows any of the vassals.
pub(crate) fn wait_until_gone(root: &Root, names: &[String]) -> bool {
    wait::until(PORT_CHANGES_HANDS, || match emperor::ask(&root.emperor_stats()) {
        Some(stats) => names.iter().all(|name| stats.vassal(name).is_none()).then_some(()),
        None => Some(()),
    })
    .is_some()
}

/// Starts the workers in place of the old ones, and lets every other old process go.
fn take_over(
    scene: &Scene<'_>,
    basis: &Basis<'_>,
    plan: &Plan,
    release: &Release,
    drain: bool,
    report: &mut Report<'_>,
) -> Result<(), DeployError> {
    let Scene { root, host, .. } = *scene;
    let old: Vec<String> = retire::enabled(root, basis.app)?
        .into_iter()
        .filter(|name| !release.vassals.contains(name))
        .collect();
    let serves = |name: &String| name.parse::<VassalName>().is_ok_and(|parsed| drain && parsed.kind == "web");
    let (draining, ending): (Vec<String>, Vec<String>) = old.into_iter().partition(serves);
    let workers: Vec<Rendered> = plan
        .processes
        .iter()
        .filter(|process| process.handover == Handover::Replace && process.endpoint().is_none())
        .map(|process| render::render(basis, process, None))
        .collect::<Result<_, _>>()?;
    switch::replace(root, host, &ending, &workers.iter().collect::<Vec<_>>())?;
    retire::retire(root, host, &draining, true)?;
    let names = plan.processes.iter().filter(|process| matches!(process.work, Work::Worker { .. }));
    for process in names.filter(|process| !check::has_its_turn(root, process)) {
        let name = &process.name;
        tell(report, format!("{}.{} starts as soon as its predecessor has ended", name.kind, name.index));
    }
    Ok(())
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

/// The deployed commit, named for people.
pub(crate) fn describe(root: &Root, app: &AppName, commit: &str) -> String {
    let short = commit.get(..7).unwrap_or(commit);
    git::subject(&root.repo(app), commit)
        .map_or_else(|| short.to_owned(), |subject| format!("{short} ({subject})"))
}
