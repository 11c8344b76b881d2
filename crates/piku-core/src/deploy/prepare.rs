//! Claims what a release needs, builds it, and runs what is to run before it serves. All of it can be taken back.

use std::net::TcpListener;
use std::time::Duration;

use camino::Utf8PathBuf;
use piku_procfile::Kind;

use super::basis::{Basis, Ports};
use super::build::steps::BuildContext;
use super::build::{self, Build};
use super::inputs::{self, Inputs};
use super::order::{Order, Scene};
use super::source::{self, SourceOfRelease};
use super::{DeployError, claims, environment, hosted};
use crate::event::{Report, stage as tell};
use crate::host::command::Invocation;
use crate::host::facts::{self, Uwsgi};
use crate::host::{emperor, wait};
use crate::release::{Cause, store};
use crate::root::Root;
use crate::settings::Layers;

/// How long an emperor that is just being started may take until it answers.
const EMPEROR_STARTS: Duration = Duration::from_secs(10);

/// A release that is built, and not planned yet.
pub(crate) struct Built {
    pub(crate) source: SourceOfRelease,
    /// The number that its vassals and sockets are named by.
    pub(crate) run: u32,
    pub(crate) uwsgi: Option<Uwsgi>,
    pub(crate) build: Build,
    class_path: Vec<Utf8PathBuf>,
    /// The settings, laid over piku's own variables.
    layers: Layers,
    ports: Ports,
}

impl Built {
    pub(crate) fn basis<'a>(&'a self, scene: &Scene<'a>, order: &'a Order) -> Basis<'a> {
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

/// Claims what only one app can have, and builds; runs `preflight` and `release` of something new.
pub(crate) fn prepare(
    scene: &Scene<'_>,
    order: &Order,
    source: SourceOfRelease,
    report: &mut Report<'_>,
) -> Result<(Built, Vec<TcpListener>), DeployError> {
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
    let env = environment::of_process(&built.basis(scene, order), built.ports.app, "build");
    let (app, tree) = (&order.app, built.source.tree.as_path());
    let (commit, cancel) = (order.commit(), scene.cancel);
    let place = BuildContext { root, surroundings, app, commit, tree, uwsgi, env: &env, cancel };
    build::build(&place, &built.source.inputs, report)
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
    let known = environment::of_process(&basis, basis.ports.app, "");
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
    let env = environment::of_process(basis, basis.ports.app, kind);
    Invocation::new(["/bin/sh", "-c", &entry.command])
        .in_folder(basis.tree)
        .with_env(&env)
        .supervised(&basis.root.launcher())
        .cancelled_by(scene.cancel)
        .follow(&entry.command, report)
        .map_err(|source| DeployError::Command { kind, source })?;
    scene.go_on()
}
