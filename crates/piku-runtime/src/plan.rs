use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use crate::{
    BuildKey, DecidingSettings, Detection, Interpreter, Placement, RuntimeName, SourceTree, Step, Toolbox,
    Version, Warning, Wishes, Word, clojure, deno, go, java, node, php, python, ruby, rust,
};

/// Plans the build of what was detected; `None` when there is nothing to build.
///
/// To be given the same tree, toolbox, and wishes as [`detect`](crate::detect()).
pub fn plan(
    detection: &Detection,
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    wishes: &Wishes,
) -> Result<Option<BuildPlan>, PlanError> {
    match detection.runtime {
        RuntimeName::Python => {
            let plan = |choice| python::plan(choice, tree, toolbox, wishes);
            detection.python.as_ref().map(plan).transpose()
        }
        RuntimeName::Bun | RuntimeName::Node => {
            let plan = |choice| node::plan(detection.runtime, choice, tree, toolbox, wishes);
            detection.node.as_ref().map(plan).transpose()
        }
        RuntimeName::Ruby => ruby::plan(tree, toolbox, wishes),
        RuntimeName::Php => php::plan(tree, toolbox, wishes),
        RuntimeName::Go => go::plan(tree, toolbox, wishes),
        RuntimeName::Rust => rust::plan(tree, toolbox, wishes),
        RuntimeName::Java => java::plan(tree, toolbox, wishes),
        RuntimeName::Clojure => clojure::plan(tree, toolbox, wishes),
        RuntimeName::Deno => deno::plan(tree, toolbox, wishes),
        RuntimeName::Static | RuntimeName::Generic => Ok(None),
    }
}

/// A build as data: what to run, what comes of it, and how to know it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildPlan {
    /// The same when the result would be; of everything that decides it.
    pub key: BuildKey,
    /// For which trees the result is good.
    pub reuse: Reuse,
    /// What to do, in order; the first step that fails ends the build. The folder of the build exists and is empty at
    /// first, and is where the result stays: a virtual environment can't be moved.
    ///
    /// No step but one of Python's writes into the tree, which another release may be running from: where a build writes
    /// beside its sources, it begins with a copy of them. A Python project that is installed itself may leave files of
    /// its build backend (setuptools: `build`, `*.egg-info`); they are not the app's.
    pub steps: Vec<Step>,
    /// What the processes of the app get of it.
    pub provides: Provides,
    /// What deserves a second look.
    pub warnings: Vec<Warning>,
    /// The settings that decide it: a change of any other needs no new build.
    pub settings: DecidingSettings,
}

/// For which trees the result of a build is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reuse {
    /// Any tree that gives the same key.
    AnyTree,
    /// Trees with the same files, as the source was built into it; the key sees to that.
    SameCommit,
    /// The one tree at its path, as the result points into it (`-e .`). The key can't know that path:
    /// the caller adds it with [`BuildKey::bound_to`].
    SameTree,
}

/// What the processes of an app get of a build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provides {
    /// Folders to put before `PATH`, the first one first.
    pub path: Vec<Word>,
    /// Variables to set.
    pub env: BTreeMap<String, Word>,
    /// What belongs into the tree, in this order.
    pub in_tree: Vec<Placement>,
    /// Where the packages are, relative to the folder of the build, when it is Python's.
    pub site_packages: Option<Utf8PathBuf>,
    /// The Python that the build was made with.
    pub python: Option<Version>,
}

/// Why no build could be planned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The tool that the app is made with is not installed.
    #[error("`{file}` needs {tool}, which this host does not have")]
    NoTool {
        /// The tool.
        tool: &'static str,
        /// The file that it belongs to.
        file: &'static str,
        /// How to get the tool, or do without.
        help: &'static str,
    },
    /// Nothing on the host makes a virtual environment.
    #[error("Python {interpreter} can't make virtual environments on this host")]
    NoVenv {
        /// The chosen Python.
        interpreter: Interpreter,
    },
    /// A requirements file names another that is not in the tree.
    #[error("{file}:{line}: there is no file `{missing}`")]
    NoSuchFile {
        /// The file that names it.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is named, relative to the top of the tree.
        missing: String,
    },
    /// A package that would be read as an option.
    #[error("`{name}` is not the name of a package")]
    BadPackage {
        /// As it was given.
        name: String,
    },
}

impl PlanError {
    /// Gives the name of the mistake, stable across releases.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoTool { .. } => "runtime-tool-missing",
            Self::NoVenv { .. } => "python-venv-missing",
            Self::NoSuchFile { .. } => "python-requirements-missing",
            Self::BadPackage { .. } => "python-bad-package",
        }
    }

    /// Says what to do now.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NoTool { help, .. } => Some((*help).to_owned()),
            Self::NoVenv { interpreter } => Some(match interpreter.source {
                crate::Source::System => "install it on the host: `apt install python3-venv`".to_owned(),
                crate::Source::Pyenv | crate::Source::Uv => "install uv or virtualenv on the host".to_owned(),
            }),
            Self::NoSuchFile { .. } => Some("commit the file, or remove the line".to_owned()),
            Self::BadPackage { .. } => None,
        }
    }
}
