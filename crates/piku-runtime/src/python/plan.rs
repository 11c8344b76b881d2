//! Plans the build of a Python app: one way for each manifest, one key for all.

use std::collections::BTreeMap;

use crate::key::KeyParts;
use crate::python::environment::{Environment, here};
use crate::python::install::Install;
use crate::python::lockfile;
use crate::python::pyproject::Pyproject;
use crate::python::requirements::{Reader, is_local, requirements};
use crate::{
    BuildPlan, Command, DecidingSettings, PlanError, Provides, PythonChoice, PythonManifest, Reuse,
    SourceTree, Step, Toolbox, Wishes, Word,
};

/// Plans the build of what [`detect`](crate::Planner::detect) chose.
pub(crate) fn plan(
    choice: &PythonChoice,
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    wishes: &Wishes,
) -> Result<BuildPlan, PlanError> {
    // Look for the lock file's tool first: without it, other missing tools do not matter.
    let program = lockfile::program(choice.manifest, toolbox)?;
    let installs = choice.manifest != PythonManifest::Nothing || !wishes.extra_packages.is_empty();
    let environment = Environment::new(toolbox, &choice.interpreter, installs)?;
    let mut install = match (choice.manifest, program) {
        (manifest, Some(program)) => lockfile::install(manifest, program, choice, tree, &environment),
        (PythonManifest::Requirements, _) => from_requirements(tree, &environment)?,
        (PythonManifest::Pyproject, _) => from_pyproject(tree, &environment),
        (PythonManifest::SetupPy, _) => the_project(&environment),
        (_, None) => Install::new(&environment, Vec::new()),
    };
    if let Some(name) =
        wishes.extra_packages.iter().find(|name| !name.starts_with(|c: char| c.is_ascii_alphanumeric()))
    {
        return Err(PlanError::BadPackage { name: name.clone() });
    }
    if !wishes.extra_packages.is_empty() {
        let packages = wishes.extra_packages.iter().map(String::as_str);
        install.steps.push(environment.install(packages, &wishes.extra_packages.join(" ")));
    }
    let version = choice.interpreter.version;
    let plan = BuildPlan {
        key: install.key(choice, tree, toolbox),
        reuse: install.reuse,
        packages: None,
        steps: install.steps.into_iter().map(Into::into).collect(),
        provides: Provides {
            path: vec![Word::build("bin")],
            env: BTreeMap::from([("VIRTUAL_ENV".to_owned(), here())]),
            site_packages: Some(
                format!("lib/python{}.{}/site-packages", version.major, version.minor).into(),
            ),
            python: Some(version),
            ..Provides::default()
        },
        warnings: install.warnings,
        settings: DecidingSettings::beginning_with(deciding(tree)),
    };
    Ok(if install.itself.is_empty() { plan } else { on_top(plan, install.itself, tree) })
}

/// Gives a copied environment its own place, which its programs have in their first line.
const MOVE: &str = "\
import os, re, sys
old, new = map(os.fsencode, sys.argv[1:])
for entry in os.scandir(os.path.join(new, b'bin')):
    if entry.is_file(follow_symlinks=False):
        with open(entry.path, 'r+b') as file:
            was = file.read()
            now = re.sub(re.escape(old) + rb'(\\.\\d+)?', lambda _: new, was)
            if now != was and not was.startswith(b'\\x7fELF'):
                file.seek(0)
                file.truncate()
                file.write(now)
";

/// The build of the project itself, which starts from a copy of its packages: a changed file of the app installs none of
/// them again.
fn on_top(packages: BuildPlan, itself: Vec<Command>, tree: &dyn SourceTree) -> BuildPlan {
    let copy = Step::Take { from: Word::packages(""), to: here() };
    // Isolated, because a file of the app may have the name of a module.
    let moved = Command::new(Word::build("bin/python"), "starting from a copy of the packages")
        .args(["-I", "-c", MOVE])
        .arg(Word::packages(""))
        .arg(here());
    let steps: Vec<Step> =
        [copy, moved.into()].into_iter().chain(itself.into_iter().map(Into::into)).collect();
    let mut key = KeyParts::new().part("packages", packages.key.as_str()).part("tree", tree.tree_id());
    for word in steps.iter().flat_map(Step::words) {
        key = key.part("word", word);
    }
    BuildPlan {
        key: key.key(),
        reuse: Reuse::SameCommit,
        steps,
        provides: packages.provides.clone(),
        warnings: packages.warnings.clone(),
        settings: packages.settings.clone(),
        packages: Some(Box::new(packages)),
    }
}

/// The settings that decide a build. Those of Django decide which static files are collected into the tree.
fn deciding(tree: &dyn SourceTree) -> Vec<&'static str> {
    let django = tree.read("manage.py").is_some();
    let more: &[&str] = if django { &["DISABLE_COLLECTSTATIC", "DJANGO_", "STATIC"] } else { &[] };
    [&["PYTHON_VERSION"], more].concat()
}

fn from_requirements(tree: &dyn SourceTree, environment: &Environment<'_>) -> Result<Install, PlanError> {
    let file = PythonManifest::Requirements.file();
    let all = requirements(tree, file)?;
    all.readable_by(if environment.has_uv() { Reader::Uv } else { Reader::Pip })?;
    let step = environment.install(["-r", file], "the packages of requirements.txt");
    let install = Install::new(environment, vec![step]).good_for(all.reuse);
    Ok(Install { files: all.files, warnings: all.warnings, ..install })
}

/// Installs the packages that the project lists, and then the project itself if it is one; otherwise it runs from its
/// folder.
fn from_pyproject(tree: &dyn SourceTree, environment: &Environment<'_>) -> Install {
    let project = Pyproject::of(tree);
    // Arguments are visible to everyone on the host.
    let secret = |package: &&str| package.split_once("://").is_some_and(|(_, rest)| rest.contains('@'));
    let open = |packages: &Vec<&str>| environment.has_uv() || !packages.iter().any(secret);
    let local = |packages: &[&str]| packages.iter().any(|package| is_local(package));
    let apart = |packages: &Vec<&str>| !local(packages) && !project.names_sources();
    let packages = project.dependencies().filter(open);
    let Some(packages) = packages.filter(|packages| !project.is_a_package() || apart(packages)) else {
        return the_project(environment).decided_by(tree, &["pyproject.toml"]);
    };
    let what = "the packages of pyproject.toml";
    let steps = match packages.as_slice() {
        [] => Vec::new(),
        _ if environment.has_uv() => vec![environment.install(["-r", "pyproject.toml"], what)],
        packages => {
            vec![environment.install(std::iter::once("--").chain(packages.iter().copied()), what)]
        }
    };
    let itself =
        project.is_a_package().then(|| environment.install(["--no-deps", "."], "the project itself"));
    let reuse = if local(&packages) { Reuse::SameCommit } else { Reuse::AnyTree };
    let install = Install::new(environment, steps).then(itself.into_iter().collect());
    install.good_for(reuse).decided_by(tree, &["pyproject.toml"])
}

fn the_project(environment: &Environment<'_>) -> Install {
    let step = environment.install(["."], "the project and its packages");
    Install::new(environment, vec![step]).good_for(Reuse::SameCommit)
}
