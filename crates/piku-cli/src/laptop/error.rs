//! Why a command could not be sent to a server, or a command of the laptop failed.

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
            Self::NotText | Self::NoValue(_) | Self::Start { .. } | Self::File { .. } => return None,
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
            Self::File { .. } => "laptop::file",
            Self::Unreached(_) => "laptop::unreached",
        }
    }

    /// 2 if the command line is wrong.
    pub(crate) fn status(&self) -> u8 {
        match self {
            Self::NotText | Self::NoValue(_) | Self::AppHere | Self::OtherApp { .. } | Self::App { .. } => 2,
            _ => 1,
        }
    }

    /// Wraps an error of starting a program.
    pub(super) fn start(program: &str) -> impl FnOnce(std::io::Error) -> Self {
        let program = program.to_owned();
        move |source| Self::Start { program, source }
    }
}
