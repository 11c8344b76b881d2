//! Plans the build of a Python app: one way for each manifest, one key for all.

use std::collections::BTreeMap;

use crate::python::environment::{Environment, here};
use crate::python::install::Install;
use crate::python::lockfile;
use crate::python::pyproject::Pyproject;
use crate::python::requirements::{is_local, requirements};
use crate::{
    BuildPlan, DecidingSettings, PlanError, Provides, PythonChoice, PythonManifest, Reuse, SourceTree,
    Toolbox, Wishes, Word,
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
    Ok(BuildPlan {
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
        settings: DecidingSettings::beginning_with(["PYTHON_VERSION"]),
    })
}

fn from_requirements(tree: &dyn SourceTree, environment: &Environment<'_>) -> Result<Install, PlanError> {
    let file = PythonManifest::Requirements.file();
    let all = requirements(tree, file)?;
    let step = environment.install(["-r", file], "the packages of requirements.txt");
    let install = Install::new(environment, vec![step]).good_for(all.reuse);
    Ok(Install { files: all.files, warnings: all.warnings, ..install })
}

/// Installs the project if it is a package; otherwise the packages it lists, since it runs from its folder.
fn from_pyproject(tree: &dyn SourceTree, environment: &Environment<'_>) -> Install {
    let project = Pyproject::of(tree);
    let packages = project.dependencies().filter(|_| !project.is_a_package());
    // Arguments are visible to everyone on the host.
    let secret = |package: &&str| package.split_once("://").is_some_and(|(_, rest)| rest.contains('@'));
    let Some(packages) = packages.filter(|packages| environment.has_uv() || !packages.iter().any(secret))
    else {
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
    let reuse =
        if packages.iter().any(|package| is_local(package)) { Reuse::SameCommit } else { Reuse::AnyTree };
    Install::new(environment, steps).good_for(reuse).decided_by(tree, &["pyproject.toml"])
}

fn the_project(environment: &Environment<'_>) -> Install {
    let step = environment.install(["."], "the project and its packages");
    Install::new(environment, vec![step]).good_for(Reuse::SameCommit)
}
