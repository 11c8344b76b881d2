//! Why a command failed, and its exit status.

use piku_core::Error;

use crate::act_as::ActAsError;
use crate::args::NotASetting;
use crate::laptop::{LaptopError, USAGE};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// An operation of piku failed.
    #[error(transparent)]
    Core(#[from] Error),
    /// There is no terminal on which to confirm it.
    #[error("there is no terminal to ask on; `{0}` was not destroyed")]
    NotAsked(piku_core::AppName),
    /// It was not confirmed.
    #[error("`{}` is not the name of the app; nothing was removed", .answer.escape_debug())]
    NotConfirmed {
        /// The app.
        app: piku_core::AppName,
        /// What was typed instead of its name.
        answer: String,
    },
    /// A file or stream of the command line can't be read.
    #[error("could not read `{name}`")]
    Input {
        /// Its name.
        name: String,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// A file can't be written.
    #[error("could not write `{path}`")]
    Output {
        /// Its path.
        path: camino::Utf8PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The machine could not be made a server.
    #[error(transparent)]
    Server(#[from] piku_core::server::ServerError),
    /// A client of Git LFS asked for a place for its files.
    #[error("this server stores no Git LFS files, only what is in git itself")]
    NoLfs(piku_core::AppName),
    /// Nothing was on standard input where a value should be.
    #[error("there is no value for `{0}` on standard input; nothing was changed")]
    NoValue(String),
    /// The value on standard input is not text.
    #[error("the value for `{0}` on standard input is not UTF-8; nothing was changed")]
    NotText(String),
    /// A `.env` file has mistakes, which were shown.
    #[error("{}; nothing was changed", counted(*.0))]
    BadDotenv(usize),
    /// A `.env` file sets nothing.
    #[error("there are no settings on standard input; nothing was changed")]
    EmptyDotenv,
    /// A password was typed in two ways.
    #[error("the two passwords differ; nothing was changed")]
    PasswordsDiffer,
    /// A backup would be written to a terminal.
    #[error("a backup of `{0}` would be written to the terminal")]
    ToTerminal(piku_core::AppName),
    /// A backup would be read from a terminal.
    #[error("there is no backup on standard input to restore `{0}` from")]
    FromTerminal(piku_core::AppName),
    /// The command line is wrong.
    #[error("{0}")]
    Usage(String),
    /// The command line is wrong, as clap has told already.
    #[error("{message}")]
    CommandLine {
        /// What is wrong with it.
        message: String,
        /// What clap proposes, or how the command is used.
        help: Option<String>,
    },
    /// The caller may not act as the user of the server.
    #[error(transparent)]
    ActAs(#[from] ActAsError),
    /// A command of the server itself was asked for over ssh.
    #[error("`{0}` runs on the server itself only, not over ssh")]
    OnServerOnly(String),
    /// Something was asked for over ssh that is no command.
    #[error("`{0}` is not a command of piku")]
    NoCommand(String),
    /// What was asked for over ssh is not text.
    #[error("the command is not UTF-8: `{0}`")]
    NotUtf8(String),
    /// An argument is not a setting.
    #[error(transparent)]
    Setting(#[from] NotASetting),
    /// A command could not be sent to a server.
    #[error(transparent)]
    Laptop(#[from] LaptopError),
}

impl CliError {
    /// What to do now.
    pub(crate) fn help(&self) -> Option<String> {
        match self {
            Self::Core(error) => error.help(),
            Self::Server(error) => error.help(),
            Self::Laptop(error) => error.help(),
            Self::ActAs(error) => error.help(),
            Self::CommandLine { help, .. } => help.clone(),
            Self::OnServerOnly(what) => Some(format!("log in to the server, and run `piku {what}` there")),
            Self::NoCommand(_) => Some("`ssh <server> help` lists them".to_owned()),
            Self::Setting(error) => Some(error.help()),
            Self::NoLfs(app) => Some(format!(
                "put the files into git, with your own pattern instead of `*.bin`:\n  \
                 git lfs untrack '*.bin'\n  \
                 git add --renormalize .\n  \
                 git commit -m 'Keep large files in git'\n  \
                 git push --no-verify piku@<server>:{app} HEAD\n\
                 or push with `--no-verify`, and download the files in a `preflight` line of the Procfile"
            )),
            Self::NoValue(key) => Some(format!("`{key}=` sets it to nothing, and `config:unset` removes it")),
            Self::NotText(_) => Some("encode it, such as with `base64`".to_owned()),
            Self::BadDotenv(_) => Some("correct what is shown above".to_owned()),
            Self::EmptyDotenv => Some("pass a file, such as `config:import APP < .env`".to_owned()),
            Self::NotAsked(_) => Some("give `--force` to destroy it without being asked".to_owned()),
            Self::NotConfirmed { app, .. } => Some(format!("type `{app}` to destroy it")),
            Self::ToTerminal(app) => {
                Some(format!("write it to a file: `ssh piku@<server> backup {app} > {app}.backup`"))
            }
            Self::FromTerminal(app) => {
                Some(format!("pass the file: `ssh piku@<server> restore {app} < {app}.backup`"))
            }
            Self::PasswordsDiffer => Some("type it again".to_owned()),
            Self::Input { .. } | Self::Output { .. } | Self::Usage(_) | Self::NotUtf8(_) => None,
        }
    }

    /// Names the mistake; stable across releases.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Core(error) => error.code(),
            Self::Server(error) => error.code(),
            Self::Laptop(error) => error.code(),
            Self::Setting(NotASetting::Invalid(_)) => "settings::invalid",
            Self::Setting(NotASetting::Form(_))
            | Self::Usage(_)
            | Self::CommandLine { .. }
            | Self::NoCommand(_)
            | Self::NotUtf8(_) => USAGE,
            Self::OnServerOnly(_) => "command::on-server-only",
            Self::ActAs(error) => error.code(),
            Self::NoLfs(_) => "push::no-lfs",
            Self::NoValue(_) | Self::NotText(_) => "settings::no-value",
            Self::BadDotenv(_) | Self::EmptyDotenv => "settings::bad-import",
            Self::ToTerminal(_) | Self::FromTerminal(_) => "backup::terminal",
            Self::PasswordsDiffer => "auth::passwords-differ",
            Self::NotAsked(_) | Self::NotConfirmed { .. } => "destroy::not-confirmed",
            Self::Input { .. } => "command::input",
            Self::Output { .. } => "command::output",
        }
    }

    /// 2 when the command line is wrong; 1 when the command failed.
    pub(crate) fn status(&self) -> u8 {
        match self {
            Self::Laptop(error) => error.status(),
            Self::Usage(_)
            | Self::CommandLine { .. }
            | Self::OnServerOnly(_)
            | Self::NoCommand(_)
            | Self::NotUtf8(_)
            | Self::Setting(_)
            | Self::Core(Error::AppName(_)) => 2,
            Self::Core(_)
            | Self::ActAs(_)
            | Self::Server(_)
            | Self::NoLfs(_)
            | Self::NoValue(_)
            | Self::NotText(_)
            | Self::BadDotenv(_)
            | Self::EmptyDotenv
            | Self::PasswordsDiffer
            | Self::ToTerminal(_)
            | Self::FromTerminal(_)
            | Self::NotAsked(_)
            | Self::NotConfirmed { .. }
            | Self::Input { .. }
            | Self::Output { .. } => 1,
        }
    }
}

fn counted(mistakes: usize) -> String {
    match mistakes {
        1 => "there is a mistake on standard input".to_owned(),
        count => format!("there are {count} mistakes on standard input"),
    }
}
