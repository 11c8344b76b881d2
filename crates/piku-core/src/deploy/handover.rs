//! Replaces the processes of one release with those of the next.
//!
//! A process that can run next to its predecessor does so, is checked, and gets traffic by a [`switch`]. One that can't
//! (a worker, or a `web` process with a fixed port) starts after its predecessor has ended.

use piku_procfile::runs_in_uwsgi;

use super::arrival::Arrival;
use super::order::Scene;
use super::plan::basis::Basis;
use super::plan::render::{self, Rendered};
use super::plan::site::RenderedSite;
use super::plan::{Plan, Process, Work};
use super::vassals::check::{self, Watched};
use super::vassals::enabled::{self, Enabled};
use super::vassals::{end, predecessor, socket_links, start};
use super::{DeployError, switch};
use crate::app::AppName;
use crate::event::{Report, stage as tell};
use crate::host::facts::Nginx;
use crate::host::launch::is_slot_held;
use crate::host::socket_access::SocketAccess;
use crate::host::{HostError, Step, files, ports};
use crate::release::{Release, store};
use crate::settings::Strategy;
use crate::vassal::{CRON, FRONT, REHEARSAL, VassalName};

/// Starts and checks the new processes, and moves traffic to them.
pub(super) struct Handover<'a, 'b, 'c> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) basis: &'a Basis<'a>,
    pub(super) live: Option<&'a Release>,
    pub(super) access: &'a SocketAccess,
    /// Every process of the plan, rendered.
    pub(super) rendered: &'a [Rendered],
    pub(super) nginx: Option<&'a Nginx>,
    pub(super) report: &'b mut Report<'c>,
}

impl Handover<'_, '_, '_> {
    /// Performs the handover. Returns the names of all vassals of the release.
    pub(super) fn run(
        mut self,
        plan: &Plan,
        site: Option<&RenderedSite>,
    ) -> Result<Vec<VassalName>, DeployError> {
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
        let mut vassals: Vec<VassalName> = plan
            .processes
            .iter()
            .filter(|process| process.name.kind != FRONT)
            .map(|process| process.name.clone())
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

    /// The rendered vassals of these processes.
    fn rendered(&self, processes: &[&Process]) -> Vec<Rendered> {
        let of_them = |one: &&Rendered| processes.iter().any(|process| process.name == one.name);
        self.rendered.iter().filter(of_them).cloned().collect()
    }

    fn watched<'p>(&self, processes: &[&'p Process]) -> Vec<Watched<'p>> {
        processes.iter().map(|process| Watched::new(self.scene.root, process)).collect()
    }

    /// Ends every process of the old release except for the router, for a machine without memory for two copies.
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

    /// Whether the launcher of this worker waits for its predecessor to end, regardless of when it is started.
    fn has_to_wait(&self, worker: &Process) -> bool {
        is_slot_held(&self.scene.root.slot(&worker.name.app, &worker.name.kind, worker.name.index))
    }

    /// Starts processes that run next to their predecessors, and checks them. Starts the launchers of `waiting` at the
    /// same time, so that they are ready when the predecessors of their workers are told to end.
    fn start_and_check(&mut self, processes: &[&Process], waiting: &[&Process]) -> Result<(), DeployError> {
        if processes.is_empty() {
            return start::start(self.scene.root, self.scene.host, &self.rendered(waiting));
        }
        tell(self.report, format!("Starting {}", listed(processes)));
        let watched = self.watched(processes);
        let rendered = self.rendered(&[processes, waiting].concat());
        start::start(self.scene.root, self.scene.host, &rendered)?;
        check::all_healthy(self.scene, &self.basis.inputs.options, &watched)
    }

    /// Tries processes with a fixed port on another port, while the old ones still serve.
    fn rehearse(&mut self, fixed: &[&Process]) -> Result<(), DeployError> {
        let root = self.scene.root;
        for process in fixed {
            let Work::Web { command, address } = &process.work else { continue };
            let port = ports::pick(root, self.basis.app, address.ip())?.port;
            let mut trial = (*process).clone();
            trial.name.start = REHEARSAL;
            trial.work = Work::Web { command: command.clone(), address: (address.ip(), port).into() };
            trial.env = self.basis.environment(port, &process.name.kind);
            tell(self.report, format!("Trying {}.{} on port {port}", trial.name.kind, trial.name.index));
            let watched = [Watched::new(root, &trial)];
            let rendered = render::render(self.basis, &trial, self.access)?;
            start::start(root, self.scene.host, [&rendered])?;
            check::all_healthy(self.scene, &self.basis.inputs.options, &watched)?;
            end::retire(root, self.scene.host, &[rendered.name.into()], false)?;
        }
        Ok(())
    }

    /// Replaces the workers and waits until the new ones are healthy. If they are not, `repair` restores the old ones.
    ///
    /// The launchers of `waiting` are already running; `others` start now.
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
        // Vassals of legacy piku do not use slots.
        predecessor::end(self.scene, &foreign)?;
        let watched = self.watched(workers);
        switch::replace(root, self.scene.host, &old, &self.rendered(others))?;
        check::all_stay(self.scene, &watched, self.report)
    }

    /// Replaces processes with a fixed port. Nothing listens on the port while the new one starts.
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

    /// Keeps the current router if it is unchanged, or replaces it.
    fn front(&mut self, process: &Process) -> Result<VassalName, DeployError> {
        let (Scene { root, host, .. }, basis) = (*self.scene, self.basis);
        let Work::Front { address, .. } = &process.work else { return Ok(process.name.clone()) };
        predecessor::end(self.scene, &predecessor::foreign(root, basis.app, runs_in_uwsgi)?)?;
        let Some(rendered) = self.rendered(&[process]).pop() else { return Ok(process.name.clone()) };
        let routers = predecessor::vassals(root, basis.app, basis.run, |name| name.kind == FRONT)?;
        for first in routers.iter().filter_map(Enabled::ours).map(VassalName::first_start) {
            if files::read_text(&root.uwsgi_available().join(first.to_string()))?.as_deref()
                == Some(&rendered.ini)
            {
                return Ok(first);
            }
        }
        predecessor::vacate(self.scene, basis.app, basis.run, *address)?;
        let watched = [Watched::new(root, process)];
        start::start(root, host, [&rendered])?;
        check::all_healthy(self.scene, &basis.inputs.options, &watched)?;
        Ok(rendered.name)
    }
}

/// `web.1, web.2`.
fn listed(processes: &[&Process]) -> String {
    let names = processes.iter().map(|process| process.shown());
    names.collect::<Vec<_>>().join(", ")
}

/// Ends every process that the live release does not need.
pub(super) fn let_go(
    scene: &Scene<'_>,
    app: &AppName,
    plan: &Plan,
    release: &Release,
    drain: bool,
) -> Result<(), HostError> {
    let Scene { root, host, .. } = *scene;
    let needed = |one: &Enabled| one.ours().is_some_and(|name| release.vassals.contains(&name.first_start()));
    let old = enabled::of_app(root, app)?.into_iter().filter(|one| !needed(one));
    let serves = |one: &Enabled| drain && one.ours().is_some_and(|name| name.kind == "web");
    let (draining, ending): (Vec<Enabled>, Vec<Enabled>) = old.partition(serves);
    if socket_links::of_plan(root, plan).is_empty() {
        // Remove links to sockets that no longer exist.
        for (link, _) in socket_links::present(root, app) {
            host.carry_out(&Step::Remove(link))?;
        }
    }
    predecessor::drain_backlogs(root, &ending);
    end::retire(root, host, &ending, false)?;
    end::retire(root, host, &draining, true)
}
