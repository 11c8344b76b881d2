use std::fmt;

use crate::{
    InvalidVersion, PythonChoice, SourceTree, Toolbox, VersionRequest, generic, python, toolbox::Interpreter,
};

/// Decides which runtime the tree needs, and why.
///
/// A Python manifest or a wsgi process gives Python, whatever tools are installed; the rest is generic. A missing tool
/// is found out by [`plan`](crate::plan()) and never leads to another runtime.
pub fn detect(tree: &dyn SourceTree, toolbox: &Toolbox, wishes: &Wishes) -> Result<Detection, DetectError> {
    match wishes.runtime.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => {
            let evidence = vec![Evidence::new("PIKU_RUNTIME", format!("asks for {name}"))];
            match RuntimeName::ALL.into_iter().find(|known| known.as_str() == name) {
                Some(RuntimeName::Python) => python::detect(tree, toolbox, wishes, evidence),
                Some(RuntimeName::Generic) => Ok(generic::detect(tree, evidence)),
                None => Err(DetectError::UnknownRuntime { name: name.to_owned() }),
            }
        }
        None if python::speaks(tree, wishes) => python::detect(tree, toolbox, wishes, Vec::new()),
        None => Ok(generic::detect(tree, Vec::new())),
    }
}

/// What the app and its settings ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// `PIKU_RUNTIME`: the runtime by name, instead of the one that would be detected. Blank is as good as absent.
    pub runtime: Option<String>,
    /// `PYTHON_VERSION`, which goes before `.python-version`. Blank is as good as absent.
    pub python_version: Option<String>,
    /// Packages to install besides those of the app, such as `pyuwsgi`.
    pub extra_packages: Vec<String>,
    /// Whether a process needs Python to be there, as `wsgi` does, so that no manifest is needed.
    pub needs_python: bool,
}

/// Which runtime a tree needs, with the reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detection {
    /// The runtime.
    pub runtime: RuntimeName,
    /// What spoke for it and for its version, the weightiest first.
    pub evidence: Vec<Evidence>,
    /// What deserves a second look.
    pub warnings: Vec<Warning>,
    /// The interpreter and the manifest, when the runtime is Python.
    pub python: Option<PythonChoice>,
}

/// The runtimes that piku knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RuntimeName {
    /// A virtual environment with the packages of the app.
    Python,
    /// No build: the app brings what it needs, or is static.
    Generic,
}

/// Something that spoke for a runtime or for a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The file or the setting.
    pub file: String,
    /// What it says, to be read after its name, such as "asks for Python 3.12".
    pub meaning: String,
}

/// Something that has a sensible reading and still deserves a second look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Stable across releases.
    pub code: &'static str,
    /// What is odd.
    pub message: String,
    /// What to do now.
    pub help: Option<String>,
    /// The file that it is about.
    pub file: Option<String>,
}

/// Why no runtime could be decided on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DetectError {
    /// `PIKU_RUNTIME` names something else.
    #[error("there is no runtime `{name}`")]
    UnknownRuntime {
        /// As it was written.
        name: String,
    },
    /// Two tools claim the tree, and their lock files may differ.
    #[error("`{first}` and `{second}` both lock the packages of this app")]
    TwoLocks {
        /// The one that is looked for first.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// A lock file without the file that it belongs to.
    #[error("`{lock}` is here, but `{manifest}` is not")]
    LockAlone {
        /// The lock file.
        lock: &'static str,
        /// What its tool reads besides.
        manifest: &'static str,
    },
    /// A project that only Poetry can read, without its lock file.
    #[error("`pyproject.toml` is written for Poetry, but `poetry.lock` is not here")]
    PoetryWithoutLock,
    /// The version that is asked for can't be read.
    #[error("could not read the Python version in `{origin}`")]
    BadVersion {
        /// The file or the setting.
        origin: &'static str,
        /// What is wrong with it.
        source: InvalidVersion,
    },
    /// There is no Python at all.
    #[error("this app needs Python, and this host has none")]
    NoPython,
    /// The version that is asked for is not installed.
    #[error("`{origin}` asks for Python {request}, which this host does not have")]
    NoSuchVersion {
        /// What is asked for.
        request: VersionRequest,
        /// The file or the setting.
        origin: &'static str,
        /// What can be had, sorted.
        available: Vec<Interpreter>,
    },
    /// The project itself says that it does not run on the Python that was chosen.
    #[error("`pyproject.toml` requires Python {requires}, and {reason} gives {chosen}")]
    DoesNotFit {
        /// As in `requires-python`.
        requires: String,
        /// Why the interpreter was chosen.
        reason: String,
        /// The interpreter.
        chosen: Interpreter,
        /// Those that would fit, sorted.
        fitting: Vec<Interpreter>,
    },
}

impl RuntimeName {
    /// Every runtime, in the order of detection.
    pub const ALL: [Self; 2] = [Self::Python, Self::Generic];

    /// Gives the name as `PIKU_RUNTIME` takes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Generic => "generic",
        }
    }
}

impl Evidence {
    pub(crate) fn new(file: impl Into<String>, meaning: impl Into<String>) -> Self {
        Self { file: file.into(), meaning: meaning.into() }
    }
}

impl DetectError {
    /// Gives the name of the mistake, stable across releases.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownRuntime { .. } => "runtime-unknown",
            Self::TwoLocks { .. } => "python-two-locks",
            Self::LockAlone { .. } => "python-lock-alone",
            Self::PoetryWithoutLock => "python-poetry-without-lock",
            Self::BadVersion { .. } => "python-bad-version",
            Self::NoPython => "python-missing",
            Self::NoSuchVersion { .. } => "python-no-such-version",
            Self::DoesNotFit { .. } => "python-does-not-fit",
        }
    }

    /// Says what to do now.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::UnknownRuntime { .. } => {
                let names = RuntimeName::ALL.map(|name| format!("`{name}`"));
                format!("set PIKU_RUNTIME to {}, or unset it", names.join(" or "))
            }
            Self::TwoLocks { first, second } => {
                format!("keep the one whose tool you use: `git rm {second}` or `git rm {first}`")
            }
            Self::LockAlone { lock, manifest } => {
                format!("commit `{manifest}` as well, or remove `{lock}`")
            }
            Self::PoetryWithoutLock => "run `poetry lock` and commit `poetry.lock`".to_owned(),
            Self::BadVersion { .. } => "write a version of CPython such as `3.12` or `3.12.1`".to_owned(),
            Self::NoPython => "install it on the host: `apt install python3 python3-venv`".to_owned(),
            Self::NoSuchVersion { available, .. } => {
                format!("ask for one that is here: {}", list(available))
            }
            Self::DoesNotFit { fitting, .. } => match fitting.first() {
                Some(nearest) => {
                    let Interpreter { version, .. } = nearest;
                    format!(
                        "set PYTHON_VERSION={}.{}; here are {}",
                        version.major,
                        version.minor,
                        list(fitting)
                    )
                }
                None => "install a Python that fits on the host, or lower `requires-python`".to_owned(),
            },
        })
    }
}

impl fmt::Display for RuntimeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.file, self.meaning)
    }
}

fn list(interpreters: &[Interpreter]) -> String {
    interpreters.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
