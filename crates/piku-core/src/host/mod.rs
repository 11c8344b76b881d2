//! The machine: files, processes, sockets. Everything in this crate that reads or changes it is below this folder;
//! repositories are [`piku_git`]'s, and the processes of apps are started by [`piku_launch`].
//!
//! Changing what is live is a list of [`Step`]s that a [`Host`] carries out: [`Machine`] for real,
//! [`FakeHost`] in memory. The other files each speak with one neighbour: git, the emperor, nginx, a process.

#![allow(clippy::disallowed_methods, reason = "this folder is the one place that touches the machine")]

mod account;
pub mod certificate;
pub mod command;
pub(crate) mod copy;
pub(crate) mod door;
pub mod emperor;
pub(crate) mod environment;
pub(crate) mod examine;
pub(crate) mod facts;
pub(crate) mod files;
pub(crate) mod git;
pub mod health;
pub mod launch;
mod listening;
pub(crate) mod lock;
pub(crate) mod logs;
pub(crate) mod nginx;
pub(crate) mod own_nginx;
pub(crate) mod placing;
pub(crate) mod ports;
pub(crate) mod processes;
pub(crate) mod reach;
pub(crate) mod search_path;
pub(crate) mod server;
pub(crate) mod socket_access;
pub(crate) mod sockets;
mod step;
mod tls;
pub(crate) mod toolbox;
pub(crate) mod wait;

use camino::Utf8PathBuf;

/// The folders of the system's own programs.
pub(crate) const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

pub use account::{account, become_user, enter, has_terminal, is_root, may_use_sudo, read_from};
pub use step::{FakeHost, Host, Machine, Step, apply};

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
    /// A program ended with a status other than 0.
    #[error("`{program}` ended with {status}")]
    Failed {
        /// The command as a person would type it.
        program: String,
        /// How it ended: `exit status 1`, `signal 9`.
        status: command::Status,
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
    /// Wraps an error of the file system.
    pub(crate) fn file(
        action: &'static str,
        path: impl Into<Utf8PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }
}

/// What piku knows about the process it runs in, read once by whoever embeds it.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The home folder of the user that apps run as.
    pub home: Utf8PathBuf,
    /// The name of that user.
    pub user: String,
    /// Folders with programs, as in `PATH`. The usual system folders are added.
    pub path: String,
    /// The `piku` program: the emperor starts it for each vassal, and hooks call it.
    pub program: Utf8PathBuf,
    /// A command line that makes nginx read its configuration anew; without one, somebody else does it.
    pub nginx_reload: Option<String>,
    /// The most processes of one kind (64 unless raised).
    pub max_processes: u32,
}

impl Surroundings {
    /// A machine with git and cp, and nothing of piku.
    #[cfg(test)]
    pub(crate) fn of_tests(home: &camino::Utf8Path) -> Self {
        Self {
            home: home.to_owned(),
            user: "piku".to_owned(),
            path: "/usr/local/bin:/usr/bin:/bin".to_owned(),
            program: "/nowhere/piku".into(),
            nginx_reload: None,
            max_processes: 64,
        }
    }

    /// Folders to look for programs in: those given, the user's own, then the system's.
    #[must_use]
    pub fn search_path(&self) -> String {
        let own = [".local/bin", ".cargo/bin", ".bun/bin", ".deno/bin"];
        let own = own.map(|folder| format!("{}/{folder}", self.home));
        let system = SYSTEM_PATH.split(':').chain(["/usr/local/go/bin"]);
        let mut folders: Vec<&str> = Vec::new();
        let given = self.path.split(':').filter(|folder| folder.starts_with('/'));
        for folder in given.chain(own.iter().map(String::as_str)).chain(system) {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        folders.join(":")
    }
}
