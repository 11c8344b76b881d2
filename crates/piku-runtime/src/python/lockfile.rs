//! Installs with the tool that made the lock file, never with another: each understands a project differently.

use std::collections::BTreeMap;

use camino::Utf8Path;

use crate::python::environment::{Environment, here, uv_command};
use crate::python::install::Install;
use crate::python::pyproject::Pyproject;
use crate::{Command, PlanError, PythonChoice, PythonManifest, Reuse, SourceTree, Toolbox, Warning};

/// The tool that makes a lock file, and alone reads it well.
pub(crate) struct LockTool {
    /// Its proper name.
    pub(crate) title: &'static str,
    pub(crate) program: &'static str,
    /// How to get it, in a sentence.
    pub(crate) install: &'static str,
    /// Where no tool is to be had.
    instead: &'static str,
}

/// Returns the tool that made the manifest; `None` if any installer will do.
pub(crate) fn tool(manifest: PythonManifest) -> Option<LockTool> {
    let (title, program, install, instead) = match manifest {
        PythonManifest::UvLock => (
            "uv",
            "uv",
            "install it on the host, as https://docs.astral.sh/uv shows",
            "install it on the host, as https://docs.astral.sh/uv shows, or push the output of `uv export` as `requirements.txt` beside it",
        ),
        PythonManifest::PoetryLock => (
            "Poetry",
            "poetry",
            "install it on the host: `pipx install poetry`",
            "install it on the host (`pipx install poetry`), or push the output of `poetry export` as `requirements.txt` beside it",
        ),
        PythonManifest::PdmLock => (
            "PDM",
            "pdm",
            "install it on the host: `pipx install pdm`",
            "install it on the host (`pipx install pdm`), or push the output of `pdm export` as `requirements.txt` beside it",
        ),
        PythonManifest::PipfileLock | PythonManifest::Pipfile => (
            "Pipenv",
            "pipenv",
            "install it on the host: `pipx install pipenv`",
            "install it on the host (`pipx install pipenv`), or push the output of `pipenv requirements` as `requirements.txt` beside it",
        ),
        _ => return None,
    };
    Some(LockTool { title, program, install, instead })
}

/// Finds the tool that made the manifest; `None` if any installer will do.
pub(crate) fn program(manifest: PythonManifest, toolbox: &Toolbox) -> Result<Option<&Utf8Path>, PlanError> {
    let Some(tool) = tool(manifest) else { return Ok(None) };
    let missing = PlanError::NoTool { tool: tool.title, file: manifest.file(), help: tool.instead };
    toolbox.tool(tool.program).map(Some).ok_or(missing)
}

/// Plans what `program`, the manifest's own tool, installs.
pub(crate) fn install(
    manifest: PythonManifest,
    program: &Utf8Path,
    choice: &PythonChoice,
    tree: &dyn SourceTree,
    environment: &Environment<'_>,
) -> Install {
    match manifest {
        PythonManifest::PoetryLock => poetry(program, tree, environment),
        PythonManifest::PdmLock => pdm(program, tree, environment),
        PythonManifest::PipfileLock | PythonManifest::Pipfile => pipenv(program, manifest, tree, environment),
        _ => uv(program, choice, tree),
    }
}

/// Installs from `uv.lock`. A project that is a package is installed as a copy, because the tree moves.
///
/// Uses `--frozen` rather than `--locked`, which resolves again if the host uses another index than the machine that
/// made the lock file.
fn uv(uv: &Utf8Path, choice: &PythonChoice, tree: &dyn SourceTree) -> Install {
    let sync = uv_command(
        uv,
        format!("installing the packages of uv.lock with uv and Python {}", choice.interpreter.version),
    )
    .args(["sync", "--frozen", "--no-dev", "--no-editable", "--python"])
    .arg(choice.interpreter.path.as_path())
    .env("UV_PROJECT_ENVIRONMENT", here());
    let lock = text(tree, "uv.lock");
    let of_tree = |line: &&str| {
        let kinds = ["editable = ", "directory = ", "path = "];
        line.starts_with("source = {") && kinds.iter().any(|kind| line.contains(kind))
    };
    let local: Vec<&str> = lock.lines().map(str::trim).filter(of_tree).collect();
    let is_itself = |line: &&str| [" = \".\" }"].iter().any(|end| line.ends_with(end));
    let (steps, itself, reuse) = if local.is_empty() {
        (vec![sync], Vec::new(), Reuse::AnyTree)
    } else if local.iter().all(is_itself) {
        let packages = sync.clone().arg("--no-install-project");
        let itself = Command { says: "installing the project itself with uv".to_owned(), ..sync };
        (vec![packages], vec![itself], Reuse::AnyTree)
    } else {
        (vec![sync], Vec::new(), Reuse::SameCommit)
    };
    let install = Install { tool: "uv", steps, itself, files: BTreeMap::new(), reuse, warnings: Vec::new() };
    install.decided_by(tree, &["uv.lock", "pyproject.toml", "uv.toml"])
}

/// Installs from `poetry.lock`. The installer copies the project itself, which Poetry would only link to.
///
/// Poetry's template makes every project a package; if Poetry would not find its folder, it runs from the tree.
fn poetry(poetry: &Utf8Path, tree: &dyn SourceTree, environment: &Environment<'_>) -> Install {
    let steps = vec![
        Command::new(poetry, "installing the packages of poetry.lock with Poetry")
            .args(["install", "--no-interaction", "--no-ansi", "--only", "main", "--no-root"])
            .env("POETRY_VIRTUALENVS_CREATE", "false")
            .env("VIRTUAL_ENV", here()),
    ];
    let project = Pyproject::of(tree);
    let found = |name: String| {
        let places = [
            format!("{name}/__init__.py"),
            format!("src/{name}/__init__.py"),
            format!("{name}.py"),
            format!("src/{name}.py"),
        ];
        places.iter().any(|place| tree.read(place).is_some())
    };
    let is_found =
        project.is_a_package() && (project.names_packages() || project.folder_name().is_some_and(found));
    let itself = is_found.then(|| environment.install(["--no-deps", "."], "the project itself"));
    let lock = text(tree, "poetry.lock");
    let has = |what: &str| lock.lines().any(|line| line.trim() == what);
    let reuse = if has("develop = true") {
        Reuse::SameTree
    } else if has("type = \"directory\"") || has("type = \"file\"") {
        Reuse::SameCommit
    } else {
        Reuse::AnyTree
    };
    let mut steps = steps;
    let (steps, itself) = if reuse == Reuse::AnyTree {
        (steps, itself.into_iter().collect())
    } else {
        steps.extend(itself);
        (steps, Vec::new())
    };
    let install = Install::new(environment, steps).then(itself).by("poetry").good_for(reuse);
    install.decided_by(tree, &["poetry.lock", "pyproject.toml", "poetry.toml"])
}

/// Installs from `pdm.lock`, and copies the project itself if PDM treats it as a package.
fn pdm(pdm: &Utf8Path, tree: &dyn SourceTree, environment: &Environment<'_>) -> Install {
    let step = Command::new(pdm, "installing the packages of pdm.lock with PDM")
        .args(["install", "--check", "--prod", "--no-editable"])
        .env("PDM_CHECK_UPDATE", "false")
        .env("PDM_IGNORE_SAVED_PYTHON", "1")
        .env("VIRTUAL_ENV", here());
    let local =
        text(tree, "pdm.lock").lines().any(|line| line.starts_with("path = ") || line.contains("\"file:"));
    let itself =
        Pyproject::of(tree).is_a_package() || text(tree, "pyproject.toml").contains("distribution = true");
    let reuse = if local || itself { Reuse::SameCommit } else { Reuse::AnyTree };
    let install = Install::new(environment, vec![step]).by("pdm").good_for(reuse);
    install.decided_by(tree, &["pdm.lock", "pyproject.toml", "pdm.toml"])
}

/// Installs from `Pipfile.lock`, and fails if `Pipfile` has changed since; without a lock file, installs what
/// `Pipfile` lists.
fn pipenv(
    pipenv: &Utf8Path,
    manifest: PythonManifest,
    tree: &dyn SourceTree,
    environment: &Environment<'_>,
) -> Install {
    let locked = manifest == PythonManifest::PipfileLock;
    let step = Command::new(pipenv, format!("installing the packages of {manifest} with Pipenv"))
        .args(["install", if locked { "--deploy" } else { "--skip-lock" }])
        .env("PIPENV_NOSPIN", "1")
        .env("PIPENV_VERBOSITY", "-1")
        .env("VIRTUAL_ENV", here());
    let lock = text(tree, manifest.file());
    // `Pipfile.lock` quotes its keys, and always has a key that begins with "pipfile".
    let has = |key: &str| lock.contains(&if locked { format!("\"{key}\"") } else { key.to_owned() });
    let reuse = if has("editable") {
        Reuse::SameTree
    } else if has("path") || has("file") {
        Reuse::SameCommit
    } else {
        Reuse::AnyTree
    };
    let mut install = Install::new(environment, vec![step]).by("pipenv").good_for(reuse);
    if !locked {
        install.warnings.push(Warning {
            code: "python::not-locked",
            message: "`Pipfile` has no `Pipfile.lock`, so the versions of its packages are not fixed"
                .to_owned(),
            help: Some("run `pipenv lock` and commit `Pipfile.lock`".to_owned()),
            file: Some("Pipfile".to_owned()),
        });
    }
    install.decided_by(tree, &["Pipfile", "Pipfile.lock"])
}

fn text(tree: &dyn SourceTree, file: &str) -> String {
    String::from_utf8_lossy(&tree.read(file).unwrap_or_default()).into_owned()
}
