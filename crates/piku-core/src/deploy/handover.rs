//! Moves an app from the processes of one release to those of the next.

use std::net::SocketAddr;
use std::time::Duration;

use super::check::{self, Watched};
use super::pipeline::Scene;
use super::plan::{self, Basis, Plan, Process, TakesOver, Work};
use super::render::{self, Rendered};
use super::site::RenderedSite;
use super::{DeployError, retire, site, stage, switch};
use crate::app::AppName;
use crate::event::{Report, stage as tell};
use crate::host::{HostError, Step, emperor, files, ports, wait};
use crate::release::{Release, store};
use crate::root::Root;
use crate::vassal::{FRONT, REHEARSAL, VassalName};

/// How long old processes may take to let go of a port.
const PORT_CHANGES_HANDS: Duration = Duration::from_secs(10);

/// The processes that serve, started, checked, and given the traffic.
pub(super) struct Handover<'a, 'b, 'c> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) basis: &'a Basis<'a>,
    pub(super) live: Option<&'a Release>,
    pub(super) socket_group: Option<String>,
    pub(super) report: &'b mut Report<'c>,
}

impl Handover<'_, '_, '_> {
    /// Returns the names of all vassals of the release, those that are still to be started included.
    pub(super) fn run(
        mut self,
        plan: &Plan,
        site: Option<&RenderedSite>,
    ) -> Result<Vec<String>, DeployError> {
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
        for process in fixed {
            if let Work::Web { address, .. } = &process.work
                && old.is_empty()
            {
                self.vacate(*address)?;
            }
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

    /// Ends whatever process of an older release has this port: a router, or a `web` process before the app
    /// became a `wsgi` one. Should the new one fail, `repair` brings the old one back.
    fn vacate(&self, address: SocketAddr) -> Result<(), HostError> {
        let Scene { root, host, .. } = *self.scene;
        let port = address.port();
        let had_it = self.live.is_some_and(|live| live.ports.first() == Some(&port));
        let old = old_vassals(root, self.basis.app, self.basis.release, |name| {
            name.kind == FRONT && name.index == u32::from(port)
                || name.kind == "web" && name.index == 1 && had_it
        })?;
        retire::retire(root, host, &old, false)?;
        if !old.is_empty() {
            wait::until(PORT_CHANGES_HANDS, || ports::is_free(address).then_some(()));
        }
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
        let Work::Front { address, .. } = &process.work else { return Ok(rendered.name) };
        self.vacate(*address)?;
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
pub(super) fn take_over(
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
        .filter(|process| process.takes_over == TakesOver::Alone && process.endpoint().is_none())
        .map(|process| render::render(basis, process, None))
        .collect::<Result<_, _>>()?;
    // Links to sockets of processes that are no more would only mislead whoever looks.
    let serving = site::socket_links(root, plan).len();
    for index in (1..).skip(serving) {
        let link = root.site_socket(basis.app, index);
        if !files::exists(&link) {
            break;
        }
        host.carry_out(&Step::Remove(link))?;
    }
    switch::replace(root, host, &ending, &workers.iter().collect::<Vec<_>>())?;
    retire::retire(root, host, &draining, true)?;
    let names = plan.processes.iter().filter(|process| matches!(process.work, Work::Worker { .. }));
    for process in names.filter(|process| !check::has_its_turn(root, process)) {
        let name = &process.name;
        tell(report, format!("{}.{} starts as soon as its predecessor has ended", name.kind, name.index));
    }
    Ok(())
}
