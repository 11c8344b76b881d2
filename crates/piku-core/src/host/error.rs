//! What the machine did not do.

use camino::Utf8PathBuf;
use piku_launch::Status;

/// The machine did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// A file or folder could not be read or changed.
    #[error("could not {action} `{path}`")]
    File {
        /// What was attempted, as a verb: `read`, `write`.
        action: &'static str,
        /// Where.
        path: Utf8PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// This process could not become another user.
    #[error("could not act as `{user}`")]
    User {
        /// The user.
        user: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A program could not be started.
    #[error("could not start `{program}`")]
    Start {
        /// The program.
        program: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The system does not let anybody listen at an address.
    #[error("could not listen at `{address}`; is BIND_ADDRESS an address of this machine?")]
    Listen {
        /// The address.
        address: std::net::IpAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The launcher is not beside the program.
    #[error("there is no `{path}`, which starts the processes of apps")]
    NoLauncher {
        /// Where it should be.
        path: Utf8PathBuf,
    },
    /// A program ended with a status other than 0.
    #[error("`{program}` ended with {status}")]
    Failed {
        /// The command as a person would type it.
        program: String,
        /// How it ended: `exit status 1`, `signal 9`.
        status: Status,
        /// The last lines it wrote.
        output: Vec<String>,
    },
    /// The emperor is there and does not answer, so what it runs is not known.
    #[error("the uWSGI emperor does not answer at `{socket}`")]
    EmperorSilent {
        /// Where it tells how its vassals are.
        socket: Utf8PathBuf,
    },
    /// A file holds something that piku did not write there.
    #[error("`{path}` is not what piku wrote")]
    Damaged {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The folder can't be named in nginx's configuration.
    #[error("nginx can't be given files below `{path}`")]
    NginxPath {
        /// The folder.
        path: Utf8PathBuf,
        /// What is wrong with its name.
        source: Box<piku_nginx::InvalidSite>,
    },
    /// A repository could not be read or changed.
    #[error(transparent)]
    Git(#[from] piku_git::Error),
}

impl HostError {
    /// Names the mistake; stable across releases.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "host::file",
            Self::User { .. } => "host::user",
            Self::Start { .. } => "host::start",
            Self::Listen { .. } => "host::listen",
            Self::Failed { .. } => "host::failed",
            Self::EmperorSilent { .. } => "host::emperor-silent",
            Self::Damaged { .. } => "host::damaged",
            Self::NginxPath { .. } => "host::nginx-path",
            Self::NoLauncher { .. } => "host::no-launcher",
            Self::Git(_) => "host::git",
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
