//! The third of the four calls of a deploy: moves the app to the new processes. `repair` can undo all of it.
//!
//! Processes that run next to their predecessors get the traffic. One that can't (a worker, or a `web` process with a
//! fixed port) starts after its predecessor has ended.

use piku_procfile::runs_in_uwsgi;

use super::arrival::Arrival;
use super::order::Scene;
use super::plan::basis::Basis;
use super::plan::{Process, Work};
use super::prepare::Prepared;
use super::start::{self, Started};
use super::vassals::check::{self, Watched};
use super::vassals::enabled::Enabled;
use super::vassals::{end, predecessor, socket_links, start as vassals};
use super::{DeployError, claims, exposure, traffic};
use crate::event::{Report, stage as tell, warn};
use crate::host::files;
use crate::host::launch::{record_path, slot_holder};
use crate::host::lock::AppLock;
use crate::host::users_file;
use crate::vassal::{CRON, FRONT, VassalName};

/// A release that has the traffic and, if it has a site, has responded through nginx.
pub(crate) struct Switched<'a> {
    pub(crate) prepared: Prepared<'a>,
    /// The names of all vassals of the release.
    pub(crate) vassals: Vec<VassalName>,
    /// Held until the release is live, and its names can be seen.
    pub(crate) names: Option<AppLock>,
}

/// Replaces the workers, moves traffic, and requests a page of the release.
pub(crate) fn switch<'a>(started: Started<'a>, report: &mut Report<'_>) -> Result<Switched<'a>, DeployError> {
    let Started { prepared, take_turns, watch } = started;
    let names = claims::hold_server_names(prepared.scene.root, &prepared.order.app, &prepared.built.inputs)?;
    let mut switching =
        Switching { scene: &prepared.scene, prepared: &prepared, basis: prepared.basis(), report };
    let vassals = switching.run(take_turns, watch)?;
    Ok(Switched { prepared, vassals, names })
}

struct Switching<'a, 'b, 'c> {
    scene: &'a Scene<'a>,
    prepared: &'a Prepared<'a>,
    basis: Basis<'a>,
    report: &'b mut Report<'c>,
}

impl Switching<'_, '_, '_> {
    /// Performs the handover. Returns the names of all vassals of the release.
    fn run(&mut self, take_turns: bool, watch: bool) -> Result<Vec<VassalName>, DeployError> {
        let (prepared, ready) = (self.prepared, &self.prepared.ready);
        let Scene { root, surroundings, .. } = *self.scene;
        let (app, site) = (self.basis.app, ready.site.as_ref());
        self.replace_workers(&prepared.processes(Process::is_worker))?;
        let names = self.basis.inputs.options.nginx.names();
        if site.is_some() && self.basis.inputs.options.nginx.basic_auth {
            self.ask_for_passwords()?;
        }
        let links = socket_links::of_plan(root, &ready.plan);
        traffic::site(root, surroundings, app, site, &links, &names)?;
        let lasting = prepared.processes(|process| process.name.kind != FRONT);
        let mut vassals: Vec<VassalName> = lasting.into_iter().map(|process| process.name.clone()).collect();
        for front in prepared.processes(|process| process.name.kind == FRONT) {
            vassals.push(self.front(front)?);
        }
        let is_left = |process: &Process| process.endpoint().is_some() && process.takes_turns();
        let fixed = prepared.processes(|process| take_turns && is_left(process));
        self.take_turns(&fixed)?;
        let servers = prepared.processes(|process| watch && process.endpoint().is_some());
        let watched = Watched::all(root, &servers);
        if let Some((site, nginx)) = site.zip(ready.nginx.as_ref()) {
            Arrival { basis: &self.basis, plan: &ready.plan, door: &site.door, nginx }.of_app(self.report)?;
        }
        if watch {
            start::watch(self.scene, &self.basis.inputs.options, &watched, self.report)?;
        }
        Ok(vassals)
    }

    /// Makes sure that nginx can read who the users of the site are, and warns if there are none.
    fn ask_for_passwords(&mut self) -> Result<(), DeployError> {
        let (Scene { root, surroundings, .. }, app) = (*self.scene, self.basis.app);
        if users_file::ensure(root, surroundings, app)?.names().is_empty() {
            let help = format!("`auth:add {app} USER` adds one");
            warn(
                self.report,
                format!("`{app}` has no users, so nobody gets in (NGINX_BASIC_AUTH)"),
                Some(&help),
            );
        }
        Ok(())
    }

    /// Replaces the workers and waits until the new ones are healthy. If they are not, `repair` restores the old ones.
    fn replace_workers(&mut self, workers: &[&Process]) -> Result<(), DeployError> {
        if workers.is_empty() {
            return Ok(());
        }
        let (root, app) = (self.scene.root, self.basis.app);
        let replaced = |kind: &str| workers.iter().any(|worker| worker.name.kind == kind);
        let foreign = |kind: &str| replaced(kind) || replaced(CRON) && kind.starts_with("cron");
        let foreign = predecessor::foreign(root, app, foreign)?;
        let old = predecessor::vassals(root, app, self.basis.run, |name| replaced(&name.kind))?;
        let doing = if foreign.is_empty() && old.is_empty() { "Starting" } else { "Replacing" };
        tell(self.report, format!("{doing} {}", Process::listed(workers)));
        // Vassals of legacy piku do not use slots.
        predecessor::end(self.scene, &foreign, self.report)?;
        let watched = Watched::all(root, workers);
        end::release(root, &old, workers)?;
        check::all_stay(self.scene, &watched, self.report)
    }

    /// Replaces processes with a fixed port. Nothing listens on the port while the new one starts.
    fn take_turns(&mut self, fixed: &[&Process]) -> Result<(), DeployError> {
        if fixed.is_empty() {
            return Ok(());
        }
        let (Scene { root, .. }, basis) = (*self.scene, &self.basis);
        let foreign = predecessor::foreign(root, basis.app, |kind| kind == "web" || runs_in_uwsgi(kind))?;
        predecessor::end(self.scene, &foreign, self.report)?;
        let kinds = |name: &VassalName| fixed.iter().any(|process| process.name.kind == name.kind);
        let old = predecessor::vassals(root, basis.app, basis.run, kinds)?;
        // One that did not have to wait for its own predecessor holds no slot for which its successor could wait.
        let holds_slot = |one: &Enabled| {
            one.ours().is_some_and(|name| {
                let first = name.first_start().to_string();
                let slot = root.slot(&name.app, &name.kind, name.index);
                slot_holder(&slot) == Some(record_path(&root.uwsgi_available(), &first))
            })
        };
        let (old, without_slot): (Vec<Enabled>, Vec<Enabled>) = old.into_iter().partition(holds_slot);
        if old.is_empty() && without_slot.is_empty() {
            for process in fixed {
                if let Work::Web { address, .. } = &process.work {
                    predecessor::vacate(self.scene, basis.app, basis.run, *address, self.report)?;
                }
            }
        } else {
            tell(
                self.report,
                format!("Replacing {}, which must own its port: expect a short gap", Process::listed(fixed)),
            );
        }
        let watched = Watched::all(root, fixed);
        predecessor::end(self.scene, &without_slot, self.report)?;
        end::replace(root, &old, self.prepared.rendered(fixed))?;
        check::all_healthy(self.scene, &basis.inputs.options, &watched, self.report)?;
        if basis.inputs.has_site() {
            let live = self.prepared.built.source.live.as_ref();
            exposure::warn_of(root, &basis.inputs.options, fixed, live, self.report);
        }
        Ok(())
    }

    /// Keeps the current router if it is unchanged, or replaces it.
    fn front(&mut self, process: &Process) -> Result<VassalName, DeployError> {
        let (Scene { root, .. }, basis) = (*self.scene, &self.basis);
        let Work::Front { address, .. } = &process.work else { return Ok(process.name.clone()) };
        predecessor::end(self.scene, &predecessor::foreign(root, basis.app, runs_in_uwsgi)?, self.report)?;
        let Some(rendered) = self.prepared.rendered(&[process]).next() else {
            return Ok(process.name.clone());
        };
        let routers = predecessor::vassals(root, basis.app, basis.run, |name| name.kind == FRONT)?;
        for first in routers.iter().filter_map(Enabled::ours).map(VassalName::first_start) {
            if files::read_text(&root.uwsgi_available().join(first.to_string()))?.as_deref()
                == Some(&rendered.ini)
            {
                return Ok(first);
            }
        }
        predecessor::vacate(self.scene, basis.app, basis.run, *address, self.report)?;
        let watched = Watched::all(root, &[process]);
        vassals::start(root, [rendered], [])?;
        check::all_healthy(self.scene, &basis.inputs.options, &watched, self.report)?;
        Ok(process.name.clone())
    }
}
