//! Moves an app from the processes of one release to those of the next.
//!
//! What can run beside its predecessor does, is checked, and gets the traffic by a [`switch`]. What can't (workers,
//! and a `web` process that owns a port) replaces it: the old process has ended before the new one starts.

use piku_procfile::runs_in_uwsgi;

use super::arrival::Arrival;
use super::basis::Basis;
use super::check::{self, Watched};
use super::order::Scene;
use super::plan::{Plan, Process, Work};
use super::render::{self, Rendered};
use super::site::RenderedSite;
use super::{DeployError, environment, predecessor, retire, socket_links, stage, switch};
use crate::app::AppName;
use crate::event::{Report, stage as tell};
use crate::host::facts::Nginx;
use crate::host::launch::is_slot_held;
use crate::host::socket_access::SocketAccess;
use crate::host::{HostError, Step, files, ports};
use crate::release::{Release, store};
use crate::settings::Strategy;
use crate::vassal::{CRON, FRONT, REHEARSAL, VassalName};

/// The processes that serve, started, checked, and given the traffic.
pub(super) struct Handover<'a, 'b, 'c> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) basis: &'a Basis<'a>,
    pub(super) live: Option<&'a Release>,
    pub(super) access: &'a SocketAccess,
    /// Every process of the plan, spelled.
    pub(super) rendered: &'a [Rendered],
    pub(super) nginx: Option<&'a Nginx>,
    pub(super) report: &'b mut Report<'c>,
}

impl Handover<'_, '_, '_> {
    /// Returns the names of all vassals of the release.
    pub(super) fn run(
        mut self,
        plan: &Plan,
        site: Option<&RenderedSite>,
    ) -> Result<Vec<String>, DeployError> {
        let Scene { root, surroundings, host, .. } = *self.scene;
        let of = |wanted: fn(&Process) -> bool| -> Vec<&Process> {
            plan.processes.iter().filter(|process| wanted(process)).collect()
        };
        let beside = of(|process| process.endpoint().is_some() && !process.takes_turns());
        let fixed = of(|process| process.endpoint().is_some() && process.takes_turns());
        let workers = of(Process::is_worker);
        let fronts = of(|process| process.name.kind == FRONT);

        let running = self.live.is_some() || store::is_foreign_clone(root, self.basis.app);
        let running = running && !store::is_stopped(root, self.basis.app);
        let stop_first = running && self.basis.inputs.options.strategy == Strategy::StopFirst;
        if stop_first {
            self.stop_first()?;
        }
        let (waiting, others): (Vec<&Process>, Vec<&Process>) =
            workers.into_iter().partition(|worker| self.has_to_wait(worker));
        self.start_and_check(&beside, &waiting)?;
        self.scene.go_on()?;
        if running && !stop_first {
            self.rehearse(&fixed)?;
        }
        self.replace_workers(&waiting, &others)?;
        let names = &self.basis.inputs.options.nginx.server_names;
        let links = socket_links::of_plan(root, plan);
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
        if let Some((site, nginx)) = site.zip(self.nginx) {
            Arrival { basis: self.basis, plan, door: &site.door, nginx }.of_app(self.report)?;
        }
        Ok(vassals)
    }

    /// What was spelled of these processes before anything was stopped.
    fn rendered(&self, processes: &[&Process]) -> Vec<Rendered> {
        let names: Vec<String> = processes.iter().map(|process| process.name.to_string()).collect();
        self.rendered.iter().filter(|one| names.contains(&one.name)).cloned().collect()
    }

    fn watched<'p>(&self, processes: &[&'p Process]) -> Vec<Watched<'p>> {
        processes.iter().map(|process| Watched::new(self.scene.root, process)).collect()
    }

    /// Ends everything of the old release but the router that keeps a port, for a machine without the memory
    /// for two copies.
    fn stop_first(&mut self) -> Result<(), DeployError> {
        let (root, app) = (self.scene.root, self.basis.app);
        tell(
            self.report,
            "Stopping the old processes first (PIKU_DEPLOY_STRATEGY); requests fail until the new ones are healthy",
        );
        let mut old = predecessor::vassals(root, app, self.basis.run, |name| name.kind != FRONT)?;
        old.extend(predecessor::foreign(root, app, |_| true)?);
        predecessor::end(self.scene, &old)
    }

    /// Whether the launcher of this worker would wait for its predecessor to end, whenever it is started.
    fn has_to_wait(&self, worker: &Process) -> bool {
        is_slot_held(&self.scene.root.slot(&worker.name.app, &worker.name.kind, worker.name.index))
    }

    /// Starts processes that run beside their predecessors, and checks them. The launchers of `waiting` are started in
    /// the same breath: they are ready when the predecessors of their workers are asked to end.
    fn start_and_check(&mut self, processes: &[&Process], waiting: &[&Process]) -> Result<(), DeployError> {
        if processes.is_empty() {
            return stage::start(self.scene.root, self.scene.host, &self.rendered(waiting));
        }
        tell(self.report, format!("Starting {}", listed(processes)));
        let watched = self.watched(processes);
        let rendered = self.rendered(&[processes, waiting].concat());
        stage::start(self.scene.root, self.scene.host, &rendered)?;
        check::all_healthy(self.scene, &self.basis.inputs.options, &watched)
    }

    /// Tries processes that must own a port, on another port, while the old ones still serve.
    fn rehearse(&mut self, fixed: &[&Process]) -> Result<(), DeployError> {
        let root = self.scene.root;
        for process in fixed {
            let Work::Web { command, address } = &process.work else { continue };
            let port = ports::pick(root, self.basis.app, address.ip())?.port;
            let mut trial = (*process).clone();
            trial.name.start = REHEARSAL;
            trial.work = Work::Web { command: command.clone(), address: (address.ip(), port).into() };
            trial.env = environment::of_process(self.basis, port, &process.name.kind);
            tell(self.report, format!("Trying {}.{} on port {port}", trial.name.kind, trial.name.index));
            let watched = [Watched::new(root, &trial)];
            let rendered = render::render(self.basis, &trial, self.access)?;
            stage::start(root, self.scene.host, [&rendered])?;
            check::all_healthy(self.scene, &self.basis.inputs.options, &watched)?;
            retire::retire(root, self.scene.host, &[rendered.name], false)?;
        }
        Ok(())
    }

    /// Replaces the workers, and waits until the new ones stay. Should they not, `repair` brings the old ones back.
    ///
    /// The launchers of `waiting` run already, the `others` start now.
    fn replace_workers(&mut self, waiting: &[&Process], others: &[&Process]) -> Result<(), DeployError> {
        let workers = &[waiting, others].concat();
        if workers.is_empty() {
            return Ok(());
        }
        let (root, app) = (self.scene.root, self.basis.app);
        let replaced = |kind: &str| workers.iter().any(|worker| worker.name.kind == kind);
        let foreign = |kind: &str| replaced(kind) || replaced(CRON) && kind.starts_with("cron");
        let foreign = predecessor::foreign(root, app, foreign)?;
        let old = predecessor::vassals(root, app, self.basis.run, |name| replaced(&name.kind))?;
        let doing = if foreign.is_empty() && old.is_empty() { "Starting" } else { "Replacing" };
        tell(self.report, format!("{doing} {}", listed(workers)));
        // They know nothing of slots.
        predecessor::end(self.scene, &foreign)?;
        let watched = self.watched(workers);
        switch::replace(root, self.scene.host, &old, &self.rendered(others))?;
        check::all_stay(self.scene, &watched, self.report)
    }

    /// Replaces processes that must own a port. For as long as the new one takes to start, nobody answers there.
    fn take_turns(&mut self, fixed: &[&Process]) -> Result<(), DeployError> {
        if fixed.is_empty() {
            return Ok(());
        }
        let (Scene { root, host, .. }, basis) = (*self.scene, self.basis);
        let foreign = predecessor::foreign(root, basis.app, |kind| kind == "web" || runs_in_uwsgi(kind))?;
        predecessor::end(self.scene, &foreign)?;
        let kinds = |name: &VassalName| fixed.iter().any(|process| process.name.kind == name.kind);
        let old = predecessor::vassals(root, basis.app, basis.run, kinds)?;
        if old.is_empty() {
            for process in fixed {
                if let Work::Web { address, .. } = &process.work {
                    predecessor::vacate(self.scene, basis.app, basis.run, *address)?;
                }
            }
        } else {
            tell(
                self.report,
                format!("Replacing {}, which must own its port: expect a short gap", listed(fixed)),
            );
        }
        let watched = self.watched(fixed);
        let rendered = self.rendered(fixed);
        switch::replace(root, host, &old, &rendered)?;
        check::all_healthy(self.scene, &basis.inputs.options, &watched)
    }

    /// Keeps the router that has the port, or gives the port to a new one.
    fn front(&mut self, process: &Process) -> Result<String, DeployError> {
        let (Scene { root, host, .. }, basis) = (*self.scene, self.basis);
        let Work::Front { address, .. } = &process.work else { return Ok(process.name.to_string()) };
        predecessor::end(self.scene, &predecessor::foreign(root, basis.app, runs_in_uwsgi)?)?;
        let Some(rendered) = self.rendered(&[process]).pop() else { return Ok(process.name.to_string()) };
        for name in predecessor::vassals(root, basis.app, basis.run, |name| name.kind == FRONT)? {
            let first = name.parse().map_or(name, |parsed: VassalName| parsed.first_start().to_string());
            if files::read_text(&root.uwsgi_available().join(&first))?.as_deref() == Some(&rendered.ini) {
                return Ok(first);
            }
        }
        predecessor::vacate(self.scene, basis.app, basis.run, *address)?;
        let watched = [Watched::new(root, process)];
        stage::start(root, host, [&rendered])?;
        check::all_healthy(self.scene, &basis.inputs.options, &watched)?;
        Ok(rendered.name)
    }
}

/// `web.1, web.2`.
fn listed(processes: &[&Process]) -> String {
    let names = processes.iter().map(|process| process.shown());
    names.collect::<Vec<_>>().join(", ")
}

/// Lets every process go that the live release does not need.
pub(super) fn let_go(
    scene: &Scene<'_>,
    app: &AppName,
    plan: &Plan,
    release: &Release,
    drain: bool,
) -> Result<(), HostError> {
    let Scene { root, host, .. } = *scene;
    let needed = |name: &String| {
        let first = name.parse::<VassalName>().map(|parsed| parsed.first_start().to_string());
        first.is_ok_and(|first| release.vassals.contains(&first))
    };
    let old: Vec<String> = retire::enabled(root, app)?.into_iter().filter(|name| !needed(name)).collect();
    let serves = |name: &String| name.parse::<VassalName>().is_ok_and(|parsed| drain && parsed.kind == "web");
    let (draining, ending): (Vec<String>, Vec<String>) = old.into_iter().partition(serves);
    if socket_links::of_plan(root, plan).is_empty() {
        // Links to sockets of processes that are no more would only mislead whoever looks.
        for (link, _) in socket_links::present(root, app) {
            host.carry_out(&Step::Remove(link))?;
        }
    }
    predecessor::drain_backlogs(root, &ending);
    retire::retire(root, host, &ending, false)?;
    retire::retire(root, host, &draining, true)
}
