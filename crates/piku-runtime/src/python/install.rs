//! Plans the build of a Python app: one way for each manifest, one key for all.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::key::KeyParts;
use crate::python::environment::{Environment, here, uv_command};
use crate::python::pyproject::Pyproject;
use crate::python::requirements::{is_local, requirements};
use crate::{
    BuildPlan, Command, PlanError, Provides, PythonChoice, PythonManifest, Reuse, SourceTree,
    Toolbox, Warning, Wishes,
};

/// What one manifest makes of a build.
struct Install {
    tool: &'static str,
    steps: Vec<Command>,
    /// The contents that decide the result, by path.
    files: BTreeMap<String, Vec<u8>>,
    reuse: Reuse,
    warnings: Vec<Warning>,
}

/// Plans the build of what [`detect`](crate::detect()) chose.
pub(crate) fn plan(
    choice: &PythonChoice,
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    wishes: &Wishes,
) -> Result<BuildPlan, PlanError> {
    let environment = Environment::new(toolbox, &choice.interpreter)?;
    let mut install = match choice.manifest {
        PythonManifest::UvLock => uv(choice, tree, toolbox)?,
        PythonManifest::PoetryLock => poetry(tree, toolbox, &environment)?,
        PythonManifest::PdmLock => pdm(tree, toolbox, &environment)?,
        PythonManifest::PipfileLock | PythonManifest::Pipfile => {
            pipenv(choice.manifest, tree, toolbox, &environment)?
        }
        PythonManifest::Requirements => from_requirements(tree, &environment)?,
        PythonManifest::Pyproject => from_pyproject(tree, &environment),
        PythonManifest::SetupPy => the_project(&environment),
        PythonManifest::Nothing => Install::new(&environment, Vec::new()),
    };
    if let Some(name) = wishes
        .extra_packages
        .iter()
        .find(|name| !name.starts_with(|c: char| c.is_ascii_alphanumeric()))
    {
        return Err(PlanError::BadPackage { name: name.clone() });
    }
    if !wishes.extra_packages.is_empty() {
        let packages = wishes.extra_packages.iter().map(String::as_str);
        install
            .steps
            .push(environment.install(packages, &wishes.extra_packages.join(" ")));
    }
    let version = choice.interpreter.version;
    Ok(BuildPlan {
        key: install.key(choice, tree, toolbox),
        reuse: install.reuse,
        steps: install.steps,
        provides: Provides {
            path: vec!["bin".into()],
            env: BTreeMap::from([("VIRTUAL_ENV".to_owned(), here())]),
            site_packages: Some(
                format!(
                    "lib/python{}.{}/site-packages",
                    version.major, version.minor
                )
                .into(),
            ),
            python: Some(version),
        },
        warnings: install.warnings,
    })
}

impl Install {
    /// Begins with an environment, and what to install into it.
    fn new(environment: &Environment<'_>, steps: Vec<Command>) -> Self {
        let steps = std::iter::once(environment.create()).chain(steps).collect();
        Self {
            tool: environment.tool(),
            steps,
            files: BTreeMap::new(),
            reuse: Reuse::AnyTree,
            warnings: Vec::new(),
        }
    }

    /// Adds those of the files that the tree has, so that one that appears later changes the key.
    fn decided_by(mut self, tree: &dyn SourceTree, files: &[&str]) -> Self {
        let present = files
            .iter()
            .filter_map(|file| Some(((*file).to_owned(), tree.read(file)?)));
        self.files.extend(present);
        self
    }

    fn by(self, tool: &'static str) -> Self {
        Self { tool, ..self }
    }

    fn good_for(self, reuse: Reuse) -> Self {
        Self { reuse, ..self }
    }

    fn key(
        &self,
        choice: &PythonChoice,
        tree: &dyn SourceTree,
        toolbox: &Toolbox,
    ) -> crate::BuildKey {
        let mut parts = KeyParts::new()
            .part("runtime", "python")
            .part("platform", &toolbox.platform)
            .part("version", choice.interpreter.version.to_string())
            .part("interpreter", choice.interpreter.path.as_str())
            .part("tool", self.tool);
        // The arguments hold all that is asked for, extra packages among it. A tool that has merely moved changes nothing.
        for step in &self.steps {
            parts = parts.part("step", "");
            for word in &step.args {
                parts = parts.part("word", word.to_string());
            }
        }
        for (path, contents) in &self.files {
            parts = parts.part("path", path).part("contents", contents);
        }
        if self.reuse > Reuse::AnyTree {
            parts = parts.part("identity", tree.identity());
        }
        parts.key()
    }
}

/// Installs what `uv.lock` holds, and the project itself when it is a package: as a copy, since the tree moves.
///
/// `--frozen` rather than `--locked`: the latter resolves anew when the host has another index configured than the
/// machine where the lock file was made.
fn uv(
    choice: &PythonChoice,
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
) -> Result<Install, PlanError> {
    let uv = tool(toolbox, choice.manifest)?;
    let sync = uv_command(
        uv,
        format!(
            "installing the packages of uv.lock with uv and Python {}",
            choice.interpreter.version
        ),
    )
    .args(["sync", "--frozen", "--no-dev", "--no-editable", "--python"])
    .arg(choice.interpreter.path.as_path())
    .env("UV_PROJECT_ENVIRONMENT", here());
    let lock = text(tree, "uv.lock");
    let source = |line: &str| line.trim_start().starts_with("source = {");
    let local = |line: &str| {
        ["editable = ", "directory = ", "path = "]
            .iter()
            .any(|kind| line.contains(kind))
    };
    let reuse = if lock.lines().any(|line| source(line) && local(line)) {
        Reuse::SameCommit
    } else {
        Reuse::AnyTree
    };
    let install = Install {
        tool: "uv",
        steps: vec![sync],
        files: BTreeMap::new(),
        reuse,
        warnings: Vec::new(),
    };
    Ok(install.decided_by(tree, &["uv.lock", "pyproject.toml", "uv.toml"]))
}

/// Installs what `poetry.lock` holds; the project itself as a copy, by the installer, since Poetry would only point to it.
///
/// Poetry's template makes every project a package; one whose folder is not where Poetry looks for it runs from its tree.
fn poetry(
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    environment: &Environment<'_>,
) -> Result<Install, PlanError> {
    let poetry = tool(toolbox, PythonManifest::PoetryLock)?;
    let mut steps = vec![
        Command::new(poetry, "installing the packages of poetry.lock with Poetry")
            .args([
                "install",
                "--no-interaction",
                "--no-ansi",
                "--only",
                "main",
                "--no-root",
            ])
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
    let itself = project.is_a_package()
        && (project.names_packages() || project.folder_name().is_some_and(found));
    if itself {
        steps.push(environment.install(["--no-deps", "."], "the project itself"));
    }
    let lock = text(tree, "poetry.lock");
    let has = |what: &str| lock.lines().any(|line| line.trim() == what);
    let reuse = if has("develop = true") {
        Reuse::SameTree
    } else if itself || has("type = \"directory\"") || has("type = \"file\"") {
        Reuse::SameCommit
    } else {
        Reuse::AnyTree
    };
    let install = Install::new(environment, steps)
        .by("poetry")
        .good_for(reuse);
    Ok(install.decided_by(tree, &["poetry.lock", "pyproject.toml", "poetry.toml"]))
}

/// Installs what `pdm.lock` holds, and the project itself, as a copy, when PDM takes it for a package.
fn pdm(
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    environment: &Environment<'_>,
) -> Result<Install, PlanError> {
    let pdm = tool(toolbox, PythonManifest::PdmLock)?;
    let step = Command::new(pdm, "installing the packages of pdm.lock with PDM")
        .args([
            "install",
            "--check",
            "--frozen-lockfile",
            "--prod",
            "--no-editable",
        ])
        .env("PDM_CHECK_UPDATE", "false")
        .env("PDM_IGNORE_SAVED_PYTHON", "1")
        .env("VIRTUAL_ENV", here());
    let local = text(tree, "pdm.lock")
        .lines()
        .any(|line| line.starts_with("path = "));
    let itself = Pyproject::of(tree).is_a_package()
        || text(tree, "pyproject.toml").contains("distribution = true");
    let reuse = if local || itself {
        Reuse::SameCommit
    } else {
        Reuse::AnyTree
    };
    let install = Install::new(environment, vec![step])
        .by("pdm")
        .good_for(reuse);
    Ok(install.decided_by(tree, &["pdm.lock", "pyproject.toml", "pdm.toml"]))
}

/// Installs what `Pipfile.lock` holds, and fails where `Pipfile` has changed since; without a lock file, what `Pipfile` lists.
fn pipenv(
    manifest: PythonManifest,
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    environment: &Environment<'_>,
) -> Result<Install, PlanError> {
    let pipenv = tool(toolbox, manifest)?;
    let locked = manifest == PythonManifest::PipfileLock;
    let step = Command::new(
        pipenv,
        format!("installing the packages of {manifest} with Pipenv"),
    )
    .args(["install", if locked { "--deploy" } else { "--skip-lock" }])
    .env("PIPENV_NOSPIN", "1")
    .env("PIPENV_VERBOSITY", "-1")
    .env("VIRTUAL_ENV", here());
    let lock = text(tree, manifest.file());
    let reuse = if lock.contains("editable") {
        Reuse::SameTree
    } else if lock.contains("path") || lock.contains("file") {
        Reuse::SameCommit
    } else {
        Reuse::AnyTree
    };
    let mut install = Install::new(environment, vec![step])
        .by("pipenv")
        .good_for(reuse);
    if !locked {
        install.warnings.push(Warning {
            code: "python-not-locked",
            message:
                "`Pipfile` has no `Pipfile.lock`, so the versions of its packages are not fixed"
                    .to_owned(),
            help: Some("run `pipenv lock` and commit `Pipfile.lock`".to_owned()),
            file: Some("Pipfile".to_owned()),
        });
    }
    Ok(install.decided_by(tree, &["Pipfile", "Pipfile.lock"]))
}

fn from_requirements(
    tree: &dyn SourceTree,
    environment: &Environment<'_>,
) -> Result<Install, PlanError> {
    let file = PythonManifest::Requirements.file();
    let all = requirements(tree, file)?;
    let step = environment.install(["-r", file], "the packages of requirements.txt");
    let install = Install::new(environment, vec![step]).good_for(all.reuse);
    Ok(Install {
        files: all.files,
        warnings: all.warnings,
        ..install
    })
}

/// Installs the project when it is a package; otherwise the packages that it lists, as it runs from its folder.
fn from_pyproject(tree: &dyn SourceTree, environment: &Environment<'_>) -> Install {
    let project = Pyproject::of(tree);
    let packages = project.dependencies().filter(|_| !project.is_a_package());
    // What stands among the arguments can be seen by everyone on the host.
    let secret = |package: &&str| {
        package
            .split_once("://")
            .is_some_and(|(_, rest)| rest.contains('@'))
    };
    let Some(packages) =
        packages.filter(|packages| environment.has_uv() || !packages.iter().any(|it| secret(&it)))
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
    let reuse = if packages.iter().any(|package| is_local(package)) {
        Reuse::SameCommit
    } else {
        Reuse::AnyTree
    };
    Install::new(environment, steps)
        .good_for(reuse)
        .decided_by(tree, &["pyproject.toml"])
}

fn the_project(environment: &Environment<'_>) -> Install {
    let step = environment.install(["."], "the project and its packages");
    Install::new(environment, vec![step]).good_for(Reuse::SameCommit)
}

fn tool(toolbox: &Toolbox, manifest: PythonManifest) -> Result<&Utf8Path, PlanError> {
    let (tool, program, help) = match manifest {
        PythonManifest::PoetryLock => (
            "Poetry",
            "poetry",
            "install it on the host: `pipx install poetry`; or keep a `requirements.txt` instead of `poetry.lock`",
        ),
        PythonManifest::PdmLock => (
            "PDM",
            "pdm",
            "install it on the host: `pipx install pdm`; or keep the output of `pdm export` as `requirements.txt` instead",
        ),
        PythonManifest::PipfileLock | PythonManifest::Pipfile => (
            "Pipenv",
            "pipenv",
            "install it on the host: `pipx install pipenv`; or keep the output of `pipenv requirements` as `requirements.txt` instead",
        ),
        _ => (
            "uv",
            "uv",
            "install it on the host, as https://docs.astral.sh/uv shows; or keep the output of `uv export` as `requirements.txt` instead",
        ),
    };
    toolbox
        .tools
        .get(program)
        .map(Utf8PathBuf::as_path)
        .ok_or(PlanError::NoTool {
            tool,
            file: manifest.file(),
            help,
        })
}

fn text(tree: &dyn SourceTree, file: &str) -> String {
    String::from_utf8_lossy(&tree.read(file).unwrap_or_default()).into_owned()
}
