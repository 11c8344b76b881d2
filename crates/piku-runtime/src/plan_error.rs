//! Why a build can't be planned.

use crate::Interpreter;

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
