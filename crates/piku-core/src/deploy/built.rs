//! Claims ports and names for a release, builds it, and runs its `preflight` and `release` commands.

mod one_off;
mod static_files;
pub(super) mod tree;

use std::net::TcpListener;
use std::time::Duration;

use camino::Utf8PathBuf;
use piku_procfile::{Kind, Procfile};

use self::one_off::OneOff;
use super::build::steps::BuildContext;
use super::build::{self, Build};
use super::order::{Order, Scene};
use super::plan::basis::{Basis, Ports};
use super::plan::environment::Told;
use super::plan::hosted;
use super::source::inputs::{self, Inputs};
use super::source::{self, SourceOfRelease, keep};
use super::{DeployError, claims};
use crate::event::{Event, Report, stage as tell, warn};
use crate::host::command::Invocation;
use crate::host::facts::{self, Uwsgi};
use crate::host::{HostError, emperor, git, legacy, wait};
use crate::release::{Cause, Made, store};
use crate::root::Root;

/// How long to wait for an emperor that is starting.
const EMPEROR_STARTS: Duration = Duration::from_secs(10);

/// A release that is built but not planned yet.
pub(crate) struct Built {
    pub(crate) source: SourceOfRelease,
    /// The inputs, expanded with every variable known.
    pub(crate) inputs: Inputs,
    /// The number of the run, which is part of the names of its vassals and sockets.
    pub(crate) run: u32,
    pub(crate) uwsgi: Option<Uwsgi>,
    pub(crate) build: Build,
    class_path: Vec<Utf8PathBuf>,
    ports: Ports,
    /// Keep the picked ports reserved until the processes are about to start.
    guards: Vec<TcpListener>,
}

impl Built {
    /// Claims ports and server names, and builds. For a new release, runs `preflight` and `release`.
    pub(crate) fn of_source(
        scene: &Scene<'_>,
        order: &Order,
        source: SourceOfRelease,
        report: &mut Report<'_>,
    ) -> Result<Self, DeployError> {
        let (root, app, early) = (scene.root, &order.app, &source.early);
        let uwsgi = facts::uwsgi(root, scene.surroundings);
        require_emperor(root, &early.procfile, uwsgi.as_ref(), report)?;
        hosted::require_kinds(&early.procfile, uwsgi.as_ref())?;
        claims::server_names(root, app, early)?;
        let (ports, guards) = claims::ports(root, app, early, &source.formation, source.live.as_ref())?;
        let run = store::next_run(root, app)?;
        let told = told(scene, order, &source);
        let one_off = OneOff { scene, told, port: ports.app, procfile: &early.procfile };
        let fresh = order.new_release().is_some_and(|new| new.tree_from().is_none());
        if fresh {
            one_off.run(&Kind::Preflight, "preflight", &Made::default(), &early.layers, report)?;
            pointers(root, order, &source, report)?;
        }
        let build = build_of(scene, order, &source, uwsgi.as_ref(), ports.app, report)?;
        // Every variable is known now, and ENV may refer to any of them.
        let known = told.variables(&build.made, ports.app, "");
        let inputs = source.written.settle(early, &known, order.kept().is_some()).map_err(|mistakes| {
            mistakes.iter().for_each(|mistake| report(Event::Diagnostic(mistake)));
            DeployError::Inputs { diagnostics: mistakes }
        })?;
        if build.made.uwsgi.is_none() {
            hosted::require_settings(&inputs, uwsgi.as_ref())?;
        }
        if fresh {
            let env = told.environment(&build.made, &inputs.layers, ports.app, "build");
            let settings = inputs.layers.values();
            let (tree, commit, build) = (source.tree.as_path(), order.commit(), &build);
            let guarded =
                |command: Invocation| command.supervised(&scene.root.launcher()).cancelled_by(scene.cancel);
            let repository = &root.repo(app);
            static_files::Project { tree, repository, commit, build, settings, env }
                .collect(guarded, report)?;
            scene.go_on()?;
        }
        tree::require_paths(&inputs, &source.tree)?;
        let class_path = tree::class_path(&inputs, &source.tree)?;
        let of_settings =
            |cause: &Cause| matches!(cause, Cause::ConfigSet { .. } | Cause::ConfigUnset { .. });
        if fresh || of_settings(&order.cause) {
            let mut run = || one_off.run(&Kind::Release, "release", &build.made, &inputs.layers, report);
            if source.owner == source.number {
                run()?
            } else {
                keep::while_made_again(root, app, source.owner, run)?
            }
        }
        Ok(Self { source, inputs, run, uwsgi, build, class_path, ports, guards })
    }

    pub(crate) fn basis<'a>(&'a self, scene: &Scene<'a>, order: &'a Order) -> Basis<'a> {
        Basis {
            root: scene.root,
            surroundings: scene.surroundings,
            app: &order.app,
            release: self.source.number,
            run: self.run,
            commit: order.commit(),
            tree: &self.source.tree,
            inputs: &self.inputs,
            formation: &self.source.formation,
            build: &self.build,
            uwsgi: self.uwsgi.as_ref(),
            class_path: self.class_path.clone(),
            ports: self.ports.clone(),
            kept: &self.source.kept.places,
        }
    }

    /// Releases the picked ports, so that the processes can use them.
    pub(crate) fn release_guards(&mut self) {
        self.guards.clear();
    }
}

/// Warns about files that are only pointers of Git LFS, unless `preflight` has put the files themselves in their place.
fn pointers(
    root: &Root,
    order: &Order,
    source: &SourceOfRelease,
    report: &mut Report<'_>,
) -> Result<(), HostError> {
    let found = git::lfs_pointers(&root.repo(&order.app), order.commit(), &source.tree)?;
    if let Some((message, help)) = inputs::pointers(&found) {
        warn(report, message, Some(&help));
    }
    Ok(())
}

/// What the commands that run before the release goes live know about it.
fn told<'a>(scene: &Scene<'a>, order: &'a Order, source: &'a SourceOfRelease) -> Told<'a> {
    Told {
        root: scene.root,
        surroundings: scene.surroundings,
        app: &order.app,
        release: source.number,
        commit: order.commit(),
        tree: &source.tree,
        bind_address: &source.early.options.bind_address,
    }
}

/// The existing build of a kept release, or of a release whose settings differ only in ways that do not affect the
/// build; it does not matter which tools the machine has now. Otherwise a new build.
fn build_of(
    scene: &Scene<'_>,
    order: &Order,
    source: &SourceOfRelease,
    uwsgi: Option<&Uwsgi>,
    port: u16,
    report: &mut Report<'_>,
) -> Result<Build, DeployError> {
    let Scene { root, surroundings, .. } = *scene;
    let like = order.new_release().filter(|new| !new.builds).and_then(|new| new.like.as_deref());
    if let Some(release) = order.kept().or(like)
        && let Some(build) = build::of_release(root, &order.app, release, uwsgi, report)
    {
        return Ok(build);
    }
    let told = told(scene, order, source);
    let env = told.environment(&Made::default(), &source.early.layers, port, "build");
    let (app, tree) = (&order.app, source.tree.as_path());
    let (commit, cancel) = (order.commit(), scene.cancel);
    let place = BuildContext { root, surroundings, app, commit, tree, uwsgi, env: &env, cancel };
    build::build(&place, &source.early, report)
}

/// Waits for an emperor that is starting, after a boot or a restart of its service.
fn require_emperor(
    root: &Root,
    procfile: &Procfile,
    uwsgi: Option<&Uwsgi>,
    report: &mut Report<'_>,
) -> Result<(), DeployError> {
    if source::needs_no_emperor(procfile) {
        return Ok(());
    }
    if uwsgi.is_none() {
        return Err(DeployError::NoUwsgi);
    }
    let ask = || emperor::ask(&root.emperor_stats()).map(drop);
    if ask().is_none() {
        if legacy::nest(root)? {
            tell(report, "Starting the emperor of piku below that of legacy piku (piku.py)");
        }
        tell(report, "Waiting for the uWSGI emperor");
        wait::until(EMPEROR_STARTS, ask).ok_or(DeployError::NoEmperor)?;
    }
    Ok(())
}
