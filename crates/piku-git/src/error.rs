//! Why a repository could not be read or changed.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use camino::Utf8PathBuf;

use crate::submodule_help::help;

/// A repository could not be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or changed.
    #[error("could not {action} `{path}`")]
    File {
        /// What was attempted, as a verb: `read`, `write`.
        action: &'static str,
        /// The path.
        path: Utf8PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The `git` program could not be started.
    #[error("could not start `{program}`")]
    Start {
        /// The program.
        program: String,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The `git` program ended with a status other than 0.
    #[error("`{program}` ended with {}", ending(*status))]
    Failed {
        /// The command as a person would type it.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines it wrote.
        output: Vec<String>,
    },
    /// A submodule could not be fetched.
    #[error("could not fetch the submodule `{path}`{}", from(url))]
    Submodule {
        /// Its folder in the tree.
        path: String,
        /// Its address in `.gitmodules`; empty if there is none.
        url: String,
        /// The last lines that git wrote.
        output: Vec<String>,
    },
    /// The objects or refs of a repository could not be read or written.
    #[error("could not {action} in the repository `{repository}`")]
    Repository {
        /// What was attempted.
        action: String,
        /// The repository.
        repository: Utf8PathBuf,
        /// The error of gix.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// What to do now, if that is known.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Submodule { path, url, output } => Some(help(path, url, output)),
            _ => None,
        }
    }

    /// Wraps an error of the file system.
    pub(crate) fn file(
        action: &'static str,
        path: impl Into<Utf8PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }
}

fn from(url: &str) -> String {
    if url.is_empty() { ", which has no address".to_owned() } else { format!(" from `{url}`") }
}

/// How a program ended: `exit status 1`, `signal 9`.
fn ending(status: ExitStatus) -> String {
    status.code().map_or_else(
        || format!("signal {}", status.signal().unwrap_or(0)),
        |code| format!("exit status {code}"),
    )
}
