//! Why a build can't be planned.

use crate::Interpreter;

/// Why no build could be planned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A tool that the app is built with is not installed.
    #[error("`{file}` needs {tool}, which this host does not have")]
    NoTool {
        /// The tool.
        tool: &'static str,
        /// The file that needs it.
        file: &'static str,
        /// How to get the tool, or do without it.
        help: &'static str,
    },
    /// No tool on the host can make a virtual environment.
    #[error("Python {interpreter} can't make virtual environments on this host")]
    NoVenv {
        /// The chosen Python.
        interpreter: Interpreter,
    },
    /// A requirements file names a file that is not in the tree.
    #[error("{file}:{line}: there is no file `{missing}`")]
    NoSuchFile {
        /// The file that names it.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The missing file, relative to the top of the tree.
        missing: String,
    },
    /// A requirements file is not written in UTF-8.
    #[error("{file}:{line}: this is not UTF-8, but seems to be {encoding}")]
    NotText {
        /// The file.
        file: String,
        /// The first line that can't be read, from 1.
        line: usize,
        /// What it seems to be written in.
        encoding: &'static str,
        /// The same for `iconv`.
        iconv: &'static str,
    },
    /// A package name that would be read as an option.
    #[error("`{name}` is not the name of a package")]
    BadPackage {
        /// The name as it was given.
        name: String,
    },
}

impl PlanError {
    /// Returns the name of the error, stable across releases.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoTool { .. } => "runtime::tool-missing",
            Self::NoVenv { .. } => "python::venv-missing",
            Self::NoSuchFile { .. } => "python::requirements-missing",
            Self::NotText { .. } => "python::not-utf-8",
            Self::BadPackage { .. } => "python::bad-package",
        }
    }

    /// Returns what to do now.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NoTool { help, .. } => Some((*help).to_owned()),
            Self::NoVenv { interpreter } => Some(match interpreter.source {
                crate::Source::System => "install it on the host: `apt install python3-venv`".to_owned(),
                crate::Source::Pyenv | crate::Source::Uv => "install uv or virtualenv on the host".to_owned(),
            }),
            Self::NoSuchFile { .. } => Some("commit the file, or remove the line".to_owned()),
            Self::NotText { file, iconv, .. } => Some(format!(
                "convert it: `iconv -f {iconv} -t UTF-8 {file} > utf-8.txt && mv utf-8.txt {file}`"
            )),
            Self::BadPackage { .. } => None,
        }
    }
}
