//! Executes the steps of a build plan.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use piku_runtime::{BuildPlan, InstallFailure, Places, Step, Word, folded};

use super::names::{HALF, PACKAGES};
use crate::app::AppName;
use crate::cancel::Cancel;
use crate::deploy::DeployError;
use crate::event::{Event, Report, capitalized, stage};
use crate::host::build_log::BuildLog;
use crate::host::command::Invocation;
use crate::host::facts::Uwsgi;
use crate::host::{HostError, Surroundings, files, placing};
use crate::root::Root;

/// Everything that a build depends on.
pub(crate) struct BuildContext<'a> {
    pub(crate) root: &'a Root,
    pub(crate) surroundings: &'a Surroundings,
    pub(crate) app: &'a AppName,
    pub(crate) commit: &'a str,
    pub(crate) tree: &'a Utf8Path,
    pub(crate) uwsgi: Option<&'a Uwsgi>,
    pub(crate) cancel: &'a Cancel,
    /// The environment of every step.
    pub(crate) env: &'a BTreeMap<String, String>,
}

/// A build to make.
pub(super) struct Making<'a> {
    pub(super) plan: &'a BuildPlan,
    /// Its name, with the folder of all builds of the app.
    pub(super) folder: &'a Utf8Path,
    /// The packages it starts from.
    pub(super) packages: Option<&'a Utf8Path>,
    /// What to do if it fails.
    pub(super) help: Option<&'a str>,
}

/// Makes the packages that a build starts from, unless they are there.
pub(super) fn make_packages(
    site: &BuildContext<'_>,
    making: &Making<'_>,
    log: &mut BuildLog,
    report: &mut Report<'_>,
) -> Result<(), DeployError> {
    if making.folder.join(".").exists() {
        stage(report, "Packages unchanged: nothing to install");
        return Ok(());
    }
    make(site, making, log, report)
}

/// Runs the steps in a new folder, and links the name of the build to it when all have succeeded.
///
/// A virtual environment can't be moved, so the name is a symbolic link to the folder it was made in.
pub(super) fn make(
    site: &BuildContext<'_>,
    making: &Making<'_>,
    log: &mut BuildLog,
    report: &mut Report<'_>,
) -> Result<(), DeployError> {
    let Making { plan, folder, packages, help } = *making;
    let made = free_name(folder);
    let half = with_ending(&made);
    files::make_folder(&made, 0o755)?;
    files::write(&half, b"", 0o600)?;
    let (app_cache, shared_cache) = (site.root.app_build_cache(site.app), site.root.build_cache());
    for cache in [&app_cache, &shared_cache] {
        files::make_folder(cache, 0o700)?;
    }
    if let Some(name) = packages.and_then(Utf8Path::file_name) {
        files::link(&made.join(PACKAGES), &Utf8Path::new("..").join(name))?;
    }
    let places = Places {
        build: &made,
        packages: packages.unwrap_or(&made),
        tree: site.tree,
        app_cache: &app_cache,
        shared_cache: &shared_cache,
    };
    let at = |word: &Word| Utf8PathBuf::from(word.resolve(&places));
    for step in &plan.steps {
        match step {
            Step::Copy { what, to } => placing::copy(site.tree, what, &at(to))?,
            Step::Take { from, to } => placing::take(&at(from), &at(to))?,
            Step::Write { to, contents } => files::write(&at(to), contents, 0o644)?,
            Step::Clear { folder } => placing::clear(&at(folder))?,
            Step::Collect { from, to } => placing::collect(&at(from), &at(to))?,
            Step::Run(command) => run(site, command, &places, (log, help), report)?,
        }
    }
    let target = made.file_name().unwrap_or_default();
    files::link(folder, Utf8Path::new(target))?;
    files::remove(&half)?;
    Ok(())
}

fn run(
    site: &BuildContext<'_>,
    command: &piku_runtime::Command,
    places: &Places<'_>,
    (log, help): (&mut BuildLog, Option<&str>),
    report: &mut Report<'_>,
) -> Result<(), DeployError> {
    stage(report, capitalized(&command.says));
    let resolved = command.resolve(places);
    let mut env = site.env.clone();
    env.extend(resolved.env);
    let before: String = resolved.path.iter().map(|folder| format!("{folder}:")).collect();
    if let Some(path) = env.get_mut("PATH") {
        path.insert_str(0, &before);
    }
    // Show the command as typed, without the folder of the tool.
    let name = resolved.program.file_name().unwrap_or_default();
    let typed = Invocation::new([name].into_iter().chain(resolved.args.iter().map(String::as_str))).line();
    // A refused first push leaves nothing behind.
    let kept = files::exists(&site.root.app(site.app));
    let words = [resolved.program.into_string()].into_iter().chain(resolved.args);
    Invocation::new(words)
        .in_folder(&resolved.dir)
        .with_env(&env)
        .supervised(&site.root.launcher())
        .cancelled_by(site.cancel)
        .follow_tool(&typed, (log, kept), &mut |event| match event {
            Event::Output(line) => report(Event::Output(&folded(line))),
            other => report(other),
        })
        .map_err(|source| failed(command.says.clone(), help, source))
}

/// The error of a step, with what its output tells of the reason.
fn failed(doing: String, help: Option<&str>, source: HostError) -> DeployError {
    let output: &[String] = if let HostError::Failed { output, .. } = &source { output } else { &[] };
    match InstallFailure::of(output) {
        Some(failure) => {
            DeployError::Build { doing: format!("{doing}: {failure}"), help: Some(failure.help()), source }
        }
        None => DeployError::Build { doing, help: help.map(str::to_owned), source },
    }
}

/// A folder for a new build, with a number that is not used yet.
fn free_name(folder: &Utf8Path) -> Utf8PathBuf {
    let name = folder.file_name().unwrap_or_default();
    let candidates = (1..).map(|number: u32| folder.with_file_name(format!("{name}.{number}")));
    candidates.into_iter().find(|candidate| !files::exists(candidate)).unwrap_or_else(|| folder.to_owned())
}

fn with_ending(made: &Utf8Path) -> Utf8PathBuf {
    made.with_file_name(format!("{}{HALF}", made.file_name().unwrap_or_default()))
}
