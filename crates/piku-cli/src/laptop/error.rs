//! Why a command could not be sent to a server, or a command of the laptop failed.

use camino::Utf8PathBuf;
use piku_core::{AppName, InvalidAppName};

use super::address::InvalidAddress;

/// The code of a wrong command line.
pub(crate) const USAGE: &str = "command::usage";

/// Why a command was not carried out.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// It asked for help, or is wrong.
    Said(Box<clap::Error>),
    /// It failed.
    Failed(LaptopError),
}

impl From<clap::Error> for Stopped {
    fn from(error: clap::Error) -> Self {
        Self::Said(Box::new(error))
    }
}

impl From<LaptopError> for Stopped {
    fn from(error: LaptopError) -> Self {
        Self::Failed(error)
    }
}

/// Why a command of the laptop failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LaptopError {
    /// There is neither a server nor a remote.
    #[error("no server: this folder has no git remote `piku`, and this machine has no root of piku")]
    NoServer,
    /// The remote that was asked for does not exist.
    #[error("this folder has no git remote `{0}`")]
    NoRemote(String),
    /// The remote, or the variable, does not name a server.
    #[error("{what} is not the address of a server over ssh")]
    Address {
        /// Where the address stands.
        what: String,
        /// What is wrong with it.
        source: InvalidAddress,
    },
    /// The name of an app is invalid.
    #[error("{what} does not name an app")]
    App {
        /// Where the name stands.
        what: String,
        /// What is wrong with it.
        source: InvalidAppName,
    },
    /// The command is about an app, and none is given.
    #[error("which app? `{0}` names a server only")]
    NoApp(String),
    /// The command names another app than the remote.
    #[error("`{given}` is not the app of this folder, which is `{own}`")]
    OtherApp {
        /// The app that was typed.
        given: AppName,
        /// The app of the remote.
        own: AppName,
    },
    /// A word can't be sent.
    #[error("an argument is not UTF-8 or holds a NUL, and can't be sent over ssh")]
    NotText,
    /// An option of the client's has no value.
    #[error("`{0}` needs a name after it")]
    NoValue(String),
    /// An option of the client's on the server itself.
    #[error("`--app` is for the laptop; on this machine, the app follows the command")]
    AppHere,
    /// A program can't be started.
    #[error("could not start `{program}`")]
    Start {
        /// Its name.
        program: String,
        /// The error of the system.
        source: std::io::Error,
    },
    /// A file can't be read or written.
    #[error("could not {action} `{path}`")]
    File {
        /// What was attempted: `read`, `write`.
        action: &'static str,
        /// The file.
        path: String,
        /// The error of the system.
        source: std::io::Error,
    },
    /// No branch is checked out.
    #[error("no branch is checked out, so there is none to push")]
    NoBranch,
    /// There is nothing to push.
    #[error("there is no commit to push yet")]
    NoCommit,
    /// The remote that is to be added is there.
    #[error("this folder has a git remote `{0}` already")]
    HasRemote(String),
    /// git failed, and has said why.
    #[error("`git {0}` failed")]
    Git(&'static str),
    /// A file of this machine would be replaced.
    #[error("there is a file `{0}` already")]
    Exists(Utf8PathBuf),
    /// A folder, or something else that is no file.
    #[error("`{0}` is not a file")]
    NotAFile(Utf8PathBuf),
    /// A port of this machine can't be used.
    #[error("could not listen on port {port} of this machine")]
    Listen {
        /// The port.
        port: u16,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The server knows no address of the app.
    #[error("the server knows no address of `{0}`")]
    NoAddress(AppName),
    /// A command of the laptop was typed on the server, or sent to it.
    #[error("`{0}` is typed on your own machine, in the work tree of an app")]
    OnLaptop(&'static str),
    /// ssh failed, and has said why.
    #[error("ssh could not reach piku at {0}")]
    Unreached(String),
}

impl LaptopError {
    /// What to do now.
    pub(crate) fn help(&self) -> Option<String> {
        let text = match self {
            Self::NoServer => {
                "`piku init piku@my.server` adds the remote to this folder; on a server, `piku setup` makes the root"
                    .to_owned()
            }
            Self::NoRemote(name) => format!("`git remote add {name} piku@my.server:app` adds it; `git remote -v` lists all"),
            Self::Address { .. } => "write it as `piku@my.server:app`, or `ssh://piku@my.server:2222/app`".to_owned(),
            Self::App { .. } => {
                "use letters, digits, `.`, `_`, and `-`, beginning with a letter or a digit".to_owned()
            }
            Self::NoApp(_) => "name it: `piku --app NAME …`, or set PIKU_APP".to_owned(),
            Self::OtherApp { given, .. } => {
                format!("leave the app out, or name another one by `piku --app {given} …`")
            }
            Self::AppHere => "such as `piku logs blog`".to_owned(),
            Self::Unreached(_) => "`piku doctor` finds out why".to_owned(),
            Self::NoBranch => "`git switch main`, or another branch".to_owned(),
            Self::NoCommit => "`git add --all && git commit`, and try again".to_owned(),
            Self::HasRemote(name) => format!("`git remote set-url {name} piku@my.server:app` changes it"),
            Self::Exists(_) => "`--force` replaces it, and another name after the file keeps both".to_owned(),
            Self::NotAFile(_) => "pack a folder first, such as by `tar`".to_owned(),
            Self::Listen { .. } => "give another port, such as 8000; `0` takes a free one".to_owned(),
            Self::NoAddress(_) => "`piku config:set NGINX_SERVER_NAME=blog.example.org` gives it one".to_owned(),
            Self::OnLaptop(name) => format!("on a machine with a root, `piku -r REMOTE {name}` means another server"),
            Self::NotText | Self::NoValue(_) | Self::Start { .. } | Self::File { .. } | Self::Git(_) => {
                return None;
            }
        };
        Some(text)
    }

    /// Names the mistake; stable across releases.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NoServer => "laptop::no-server",
            Self::NoRemote(_) => "laptop::no-remote",
            Self::Address { .. } => "laptop::address",
            Self::App { .. } => "app::name",
            Self::NoApp(_) => "laptop::no-app",
            Self::OtherApp { .. } => "laptop::other-app",
            Self::NotText | Self::NoValue(_) | Self::AppHere => USAGE,
            Self::Start { .. } => "laptop::start",
            Self::NoBranch => "laptop::no-branch",
            Self::NoCommit => "laptop::no-commit",
            Self::HasRemote(_) => "laptop::has-remote",
            Self::Git(_) => "laptop::git",
            Self::Exists(_) => "laptop::exists",
            Self::NotAFile(_) => "file::not-a-file",
            Self::Listen { .. } => "laptop::listen",
            Self::NoAddress(_) => "laptop::no-address",
            Self::OnLaptop(_) => "laptop::only-there",
            Self::File { .. } => "laptop::file",
            Self::Unreached(_) => "laptop::unreached",
        }
    }

    /// 2 if the command line is wrong.
    pub(crate) fn status(&self) -> u8 {
        match self {
            Self::NotText
            | Self::NoValue(_)
            | Self::AppHere
            | Self::OtherApp { .. }
            | Self::App { .. }
            | Self::OnLaptop(_) => 2,
            _ => 1,
        }
    }

    /// Wraps an error of starting a program.
    pub(super) fn start(program: &str) -> impl FnOnce(std::io::Error) -> Self {
        let program = program.to_owned();
        move |source| Self::Start { program, source }
    }
}
