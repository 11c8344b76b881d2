//! Errors of the machine: files, processes, programs.

use camino::Utf8PathBuf;
use piku_launch::Status;

/// An operation on the machine failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// A file or folder could not be read or changed.
    #[error("could not {action} `{path}`")]
    File {
        /// What was attempted, as a verb: `read`, `write`.
        action: &'static str,
        /// The path.
        path: Utf8PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// This process could not become another user.
    #[error("could not act as `{user}`")]
    User {
        /// The user.
        user: String,
        /// The error of the system.
        source: std::io::Error,
    },
    /// A program could not be started.
    #[error("could not start `{program}`")]
    Start {
        /// The program.
        program: String,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The system does not allow listening on an address.
    #[error("could not listen on `{address}`; is BIND_ADDRESS an address of this machine?")]
    Listen {
        /// The address.
        address: std::net::IpAddr,
        /// The error of the system.
        source: std::io::Error,
    },
    /// Nobody accepts a connection.
    #[error("could not connect to `{address}`")]
    Connect {
        /// The address.
        address: std::net::SocketAddr,
        /// The error of the system.
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
        /// The command as typed in a shell.
        program: String,
        /// How it ended, such as `exit status 1` or `signal 9`.
        status: Status,
        /// The last lines it wrote.
        output: Vec<String>,
    },
    /// The emperor exists but does not answer, so its vassals are unknown.
    #[error("the uWSGI emperor does not answer on `{socket}`")]
    EmperorSilent {
        /// Its stats socket.
        socket: Utf8PathBuf,
    },
    /// A file has contents that piku did not write.
    #[error("`{path}` is not what piku wrote")]
    Damaged {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The path of the folder is not valid in nginx's configuration.
    #[error("nginx can't use files below `{path}`")]
    NginxPath {
        /// The folder.
        path: Utf8PathBuf,
        /// What is wrong with the path.
        source: Box<piku_nginx::InvalidSite>,
    },
    /// nginx could not read a file that others must not read.
    #[error("nginx could not read the passwords: this user is not in its group `{group}`")]
    NotInGroup {
        /// The group of nginx's workers.
        group: String,
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
            Self::Connect { .. } => "host::connect",
            Self::Failed { .. } => "host::failed",
            Self::EmperorSilent { .. } => "host::emperor-silent",
            Self::Damaged { .. } => "host::damaged",
            Self::NginxPath { .. } => "host::nginx-path",
            Self::NotInGroup { .. } => "host::not-in-group",
            Self::NoLauncher { .. } => "host::no-launcher",
            Self::Git(_) => "host::git",
        }
    }

    /// Wraps an I/O error.
    pub(crate) fn file(
        action: &'static str,
        path: impl Into<Utf8PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }
}
