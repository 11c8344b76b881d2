//! Detects the runtime and builds the app, unless the same build exists already.

mod described;
mod kept;
mod made;
mod names;
mod python;
pub(crate) mod steps;

use camino::{Utf8Path, Utf8PathBuf};
use piku_procfile::Kind;
use piku_runtime::{BuildPlan, DecidingSettings, FolderTree, Places, Provides, Reuse, RuntimeName};

pub(crate) use self::kept::{forget, prune};
pub(crate) use self::made::Build;
use self::steps::{BuildContext, Making};
use super::detect::{self, Detected, Known};
use super::source::inputs::EarlyInputs;
use super::{DeployError, environment_fit};
use crate::app::AppName;
use crate::diagnostic::FileDiagnostic;
use crate::event::{Event, Report, stage, warn};
use crate::host::build_log::BuildLog;
use crate::host::facts::Uwsgi;
use crate::host::toolbox;
use crate::host::{HostError, files, git, placing};
use crate::release::{Made, Release};
use crate::root::Root;

/// The build of a release, if it exists and still matches the machine. Otherwise reports why it is made again.
pub(crate) fn of_release(
    root: &Root,
    app: &AppName,
    release: &Release,
    uwsgi: Option<&Uwsgi>,
    report: &mut Report<'_>,
) -> Option<Build> {
    let made = release.made.clone()?;
    let again = "making it again";
    if made.folder.as_ref().is_some_and(|folder| !folder.join(".").exists()) {
        stage(report, format!("The build of release {} is gone; {again}", release.number));
        return None;
    }
    if let Some(misfit) = environment_fit::misfit(root, app, release, uwsgi) {
        stage(report, format!("Release {}: {misfit}; {again}", release.number));
        return None;
    }
    Some(Build { name: release.build.clone(), made })
}

/// Resolves what a build provides to actual paths.
fn spelled(
    provides: &Provides,
    settings: &DecidingSettings,
    places: &Places<'_>,
    uwsgi: Option<Utf8PathBuf>,
) -> Made {
    let path: Vec<String> = provides.path.iter().map(|word| word.resolve(places)).collect();
    Made {
        folder: Some(places.build.to_owned()),
        path: Some(path.join(":")),
        variables: provides.env.iter().map(|(key, word)| (key.clone(), word.resolve(places))).collect(),
        is_virtualenv: provides.python.is_some(),
        uwsgi,
        settings: settings.prefixes().to_vec(),
    }
}

fn source_tree(site: &BuildContext<'_>) -> FolderTree {
    let tree_id =
        git::tree_id(&site.root.repo(site.app), site.commit).unwrap_or_else(|| site.commit.to_owned());
    FolderTree::new(site.tree, site.commit).with_tree_id(tree_id)
}

/// Detects the runtime, if need be after uv has fetched the Python for it.
fn look<'a>(
    site: &BuildContext<'_>,
    inputs: &EarlyInputs,
    tree: &'a FolderTree,
    report: &mut Report<'_>,
) -> Detected<'a> {
    let plugin = site.uwsgi.and_then(|uwsgi| uwsgi.python.as_ref());
    let answers = site.root.build_cache().join(toolbox::ANSWERS);
    let look = || {
        let known = Known {
            folder: site.tree,
            procfile: Some(&inputs.procfile),
            options: Some(&inputs.options),
            settings: inputs.layers.values(),
            plugin: plugin.map(|(_, version)| *version),
        };
        detect::detect(site.surroundings, tree, known, Some(&answers))
    };
    let found = look();
    let fetched = match &found.detection {
        Err(error) => python::fetch(site, &found.planner.toolbox, error, report),
        Ok(_) => false,
    };
    if fetched { look() } else { found }
}

/// Builds the app, or reuses the build with the same key.
pub(crate) fn build(
    site: &BuildContext<'_>,
    inputs: &EarlyInputs,
    report: &mut Report<'_>,
) -> Result<Build, DeployError> {
    let tree = source_tree(site);
    let plugin = site.uwsgi.and_then(|uwsgi| uwsgi.python.as_ref());
    let Detected { mut planner, detection } = look(site, inputs, &tree, report);
    let mut told = Vec::new();
    tell_unread(&tree, &mut told, report)?;
    let detection = detection
        .map_err(|source| DeployError::Detect { app: site.app.clone(), source: Box::new(source) })?;
    described::tell(&detection, report);

    // uWSGI's plugin is linked to one Python. An app with another version gets its own uWSGI, from the wheel.
    let chosen = detection
        .python
        .as_ref()
        .map(|python| (python.interpreter.version.major, python.interpreter.version.minor));
    let has_wsgi = inputs.procfile.entries().iter().any(|entry| matches!(entry.kind, Kind::Wsgi(_)));
    let own_uwsgi = has_wsgi && chosen.is_some() && chosen != plugin.map(|(_, version)| *version);
    if own_uwsgi {
        planner.wishes.extra_packages.push("pyuwsgi".to_owned());
    }
    let plan = planner.plan(&detection);
    tell_unread(&tree, &mut told, report)?;
    let plan =
        plan.map_err(|source| DeployError::BuildPlan { app: site.app.clone(), source: Box::new(source) })?;
    let Some(plan) = plan else { return Ok(Build::default()) };
    for warning in &plan.warnings {
        warn(report, &warning.message, warning.help.as_deref());
    }

    let help = own_uwsgi.then(|| own_uwsgi_help(chosen, plugin.map(|(_, version)| *version)));
    of_plan(site, detection.runtime, &plan, help.as_deref(), report)
}

/// Makes what is planned, unless it exists, and places it in the tree. `own_uwsgi` is the help for an app that gets its
/// own uWSGI.
fn of_plan(
    site: &BuildContext<'_>,
    runtime: RuntimeName,
    plan: &BuildPlan,
    own_uwsgi: Option<&str>,
    report: &mut Report<'_>,
) -> Result<Build, DeployError> {
    let key =
        if plan.reuse == Reuse::SameTree { plan.key.bound_to(site.tree.as_str()) } else { plan.key.clone() };
    let name = format!("{}-{key}", runtime);
    let folder = site.root.env(site.app).join(&name);
    let packages = plan.packages.as_ref().map(|packages| {
        site.root.env(site.app).join(format!("{}-{}-{}", runtime, names::PACKAGES, packages.key))
    });
    if folder.join(".").exists() {
        stage(report, format!("Nothing to build: dependencies unchanged ({name})"));
    } else {
        let making = Making { plan, folder: &folder, packages: packages.as_deref(), help: own_uwsgi };
        make(site, &making, report)?;
    }
    let uwsgi = own_uwsgi.map(|_| folder.join("bin/uwsgi"));
    if let Some(missing) = uwsgi.as_deref().filter(|uwsgi| !uwsgi.is_file()) {
        warn(report, format!("`{missing}` does not exist"), None);
    }
    place(site, &plan.provides, &folder, &name)?;
    let (app_cache, shared_cache) = (site.root.app_build_cache(site.app), site.root.build_cache());
    let places = Places {
        build: &folder,
        packages: packages.as_deref().unwrap_or(&folder),
        tree: site.tree,
        app_cache: &app_cache,
        shared_cache: &shared_cache,
    };
    let made = spelled(&plan.provides, &plan.settings, &places, uwsgi);
    Ok(Build { name: Some(name), made })
}

/// Makes a build, after the packages it starts from.
fn make(site: &BuildContext<'_>, making: &Making<'_>, report: &mut Report<'_>) -> Result<(), DeployError> {
    let mut log = BuildLog::begin(&site.root.build_log(site.app))?;
    if let Some((plan, folder)) = making.plan.packages.as_deref().zip(making.packages) {
        let packages = Making { plan, folder, packages: None, help: making.help };
        steps::make_packages(site, &packages, &mut log, report)?;
    }
    steps::make(site, making, &mut log, report)
}

/// Places the build's files into the tree, and records the name of the build.
fn place(
    site: &BuildContext<'_>,
    provides: &Provides,
    folder: &Utf8Path,
    name: &str,
) -> Result<(), HostError> {
    for placement in &provides.in_tree {
        placing::place(&folder.join(&placement.from), &site.tree.join(&placement.to))?;
    }
    if !provides.in_tree.is_empty() {
        files::write(&placed_marker(site.tree), name.as_bytes(), 0o600)?;
    }
    Ok(())
}

fn own_uwsgi_help(chosen: Option<(u32, u32)>, plugin: Option<(u32, u32)>) -> String {
    let shown = |version: Option<(u32, u32)>| {
        version.map_or_else(|| "3".to_owned(), |(major, minor)| format!("{major}.{minor}"))
    };
    let (app, system) = (shown(chosen), shown(plugin));
    if plugin.is_some() {
        format!(
            "uWSGI's plugin on this machine runs Python {system}, so this app needs uWSGI's wheel for Python {app}: \
             if there is none, set PYTHON_VERSION={system}"
        )
    } else {
        format!(
            "uWSGI's wheel (`pyuwsgi`) is needed for Python {app}: if there is none, set PYTHON_VERSION to another"
        )
    }
}

/// Reports manifests that are there and were not read. Fails if one is too large, or can't be read.
fn tell_unread(
    tree: &FolderTree,
    told: &mut Vec<FileDiagnostic>,
    report: &mut Report<'_>,
) -> Result<(), DeployError> {
    let new: Vec<_> = detect::unread(tree).into_iter().filter(|found| !told.contains(found)).collect();
    new.iter().for_each(|found| report(Event::Diagnostic(found)));
    told.extend(new);
    let mistakes: Vec<_> = told.iter().filter(|found| found.is_error()).cloned().collect();
    if mistakes.is_empty() { Ok(()) } else { Err(DeployError::Inputs { diagnostics: mistakes }) }
}

/// The file that names the build whose files are in the tree. Another build needs another tree.
pub(crate) fn placed_marker(tree: &Utf8Path) -> Utf8PathBuf {
    tree.with_file_name("placed")
}
