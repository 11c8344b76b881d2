//! The tools and interpreters that are installed on the host.

use std::collections::BTreeMap;
use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};

use crate::Version;

/// The tools and interpreters of the machine that builds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Toolbox {
    /// The path of each tool, by name; plans ask for those of [`Toolbox::TOOLS`].
    pub tools: BTreeMap<String, Utf8PathBuf>,
    /// The version of each tool, by name; tools that the caller did not ask are missing.
    pub versions: BTreeMap<String, Version>,
    /// Every interpreter found, in any order.
    pub interpreters: Vec<Interpreter>,
    /// The Python for apps that ask for none, such as the one that uWSGI's plugin is linked to.
    pub default_python: Option<Version>,
    /// What compiled packages depend on besides the interpreter, such as `linux-x86_64-glibc`.
    pub platform: String,
}

/// A Python interpreter of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Interpreter {
    /// The version it reports.
    pub version: Version,
    /// The program itself, not a shim: a shim chooses again at every start.
    pub path: Utf8PathBuf,
    /// Who installed it.
    pub source: Source,
    /// Whether `-m venv` works; on Debian it needs a separate package.
    pub has_venv: bool,
}

/// Who installed an interpreter, in order of preference at equal versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Source {
    /// The operating system, which also keeps it up to date.
    System,
    /// pyenv.
    Pyenv,
    /// uv.
    Uv,
}

impl Interpreter {
    /// Describes the interpreter at `path`, which is not a shim.
    pub fn new(version: Version, path: impl Into<Utf8PathBuf>, source: Source, has_venv: bool) -> Self {
        Self { version, path: path.into(), source, has_venv }
    }
}

impl Toolbox {
    /// The names of all tools that detection and plans may ask for.
    pub const TOOLS: [&'static str; 29] = [
        "bun",
        "bundle",
        "bundler",
        "cargo",
        "clojure",
        "composer",
        "corepack",
        "deno",
        "go",
        "gradle",
        "java",
        "javac",
        "lein",
        "mvn",
        "node",
        "nodeenv",
        "nodejs",
        "npm",
        "pdm",
        "php",
        "pipenv",
        "pnpm",
        "poetry",
        "ruby",
        "rustup",
        "uv",
        "virtualenv",
        "yarn",
        "yarnpkg",
    ];

    /// Makes an empty toolbox for a machine of the given platform.
    pub fn new(platform: impl Into<String>) -> Self {
        Self { platform: platform.into(), ..Self::default() }
    }

    /// Adds a tool.
    #[must_use]
    pub fn with_tool(mut self, name: impl Into<String>, path: impl Into<Utf8PathBuf>) -> Self {
        self.tools.insert(name.into(), path.into());
        self
    }

    /// Adds the version of a tool.
    #[must_use]
    pub fn with_version(mut self, name: impl Into<String>, version: Version) -> Self {
        self.versions.insert(name.into(), version);
        self
    }

    /// Adds an interpreter.
    #[must_use]
    pub fn with_interpreter(mut self, interpreter: Interpreter) -> Self {
        self.interpreters.push(interpreter);
        self
    }

    /// Returns the version of a tool, if known.
    pub fn version(&self, name: &str) -> Option<Version> {
        self.versions.get(name).copied()
    }

    /// Finds the tool of that name.
    pub fn tool(&self, name: &str) -> Option<&Utf8Path> {
        self.tools.get(name).map(Utf8PathBuf::as_path)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "system",
            Self::Pyenv => "pyenv",
            Self::Uv => "uv",
        })
    }
}

impl fmt::Display for Interpreter {
    /// Shows version and source, as in `3.11.2 (system)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.version, self.source)
    }
}
