//! Why an operation could not be carried out.

use serde::{Deserialize, Serialize, Serializer};

use crate::app::{AppName, InvalidAppName};
use crate::deploy::DeployError;
use crate::deploy::receive::{InvalidRefUpdate, RefusedPush};
use crate::host::HostError;
use crate::host::nginx_error::NginxError;
use crate::settings::InvalidSetting;
use crate::ssh_key::KeyError;

/// Why an operation could not be carried out. The machine is as it was, unless a variant says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name that can't be an app's.
    #[error(transparent)]
    AppName(#[from] InvalidAppName),
    /// No such app.
    #[error("there is no app `{app}`")]
    UnknownApp {
        /// The name as given.
        app: AppName,
        /// The app whose name is nearest.
        nearest: Option<AppName>,
    },
    /// An app that was never deployed, or only by legacy piku.
    #[error("`{app}` has no release yet")]
    NeverDeployed {
        /// The app.
        app: AppName,
        /// Whether legacy piku deployed it.
        is_legacy: bool,
    },
    /// No such release.
    #[error("`{app}` has no release {number}")]
    UnknownRelease {
        /// The app.
        app: AppName,
        /// The number asked for.
        number: u32,
        /// Those it has.
        available: Vec<u32>,
    },
    /// Nothing to go back to.
    #[error("`{app}` has no release before the live one")]
    NothingBefore {
        /// The app.
        app: AppName,
    },
    /// A setting that is not there.
    #[error("`{app}` has no setting `{key}`")]
    UnknownSetting {
        /// The app.
        app: AppName,
        /// The key.
        key: String,
    },
    /// A key or value that can't be a setting.
    #[error(transparent)]
    InvalidSetting(#[from] InvalidSetting),
    /// The settings file was changed by hand and can't be read.
    #[error("the settings of `{app}` can't be read: line {line}: {message}")]
    DamagedSettings {
        /// The app.
        app: AppName,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A kind that the Procfile does not have.
    #[error("`{app}` has no process `{kind}`")]
    UnknownKind {
        /// The app.
        app: AppName,
        /// The kind asked for.
        kind: String,
        /// Those it has.
        available: Vec<String>,
    },
    /// A value that piku can't honour.
    #[error("`{key}`: {message}; nothing was changed")]
    UnfitSetting {
        /// The key.
        key: &'static str,
        /// What is wrong with the value.
        message: String,
        /// What to set instead.
        help: Option<String>,
    },
    /// More processes than allowed.
    #[error("`{kind}` can run 0 to {most} times, not {count}")]
    TooMany {
        /// The kind.
        kind: String,
        /// As asked for.
        count: u32,
        /// The limit.
        most: u32,
    },
    /// A deploy was refused.
    #[error(transparent)]
    Deploy(#[from] DeployError),
    /// A push was refused before any deploy.
    #[error(transparent)]
    Push(#[from] RefusedPush),
    /// A hook was called by something other than git.
    #[error(transparent)]
    Hook(#[from] InvalidRefUpdate),
    /// A key that can't be added.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is an emperor for this root.
    #[error("an emperor is running already, and answers at `{socket}`")]
    EmperorRuns {
        /// Where it answers.
        socket: camino::Utf8PathBuf,
    },
    /// nginx did not follow.
    #[error(transparent)]
    Nginx(#[from] NginxError),
    /// The machine did not do what was asked.
    #[error(transparent)]
    Host(#[from] HostError),
}

/// An [`Error`] that can be kept, sent, and read again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ErrorRecord {
    /// As [`Error::code`].
    pub code: String,
    /// What went wrong, with its causes, on one line.
    pub message: String,
    /// As [`Error::help`].
    pub help: Option<String>,
}

impl From<&Error> for ErrorRecord {
    fn from(error: &Error) -> Self {
        Self { code: error.code().to_owned(), message: error_chain(error), help: error.help() }
    }
}

/// Written as its [`ErrorRecord`].
impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ErrorRecord::from(self).serialize(serializer)
    }
}

impl Error {
    /// Names the mistake; stable across releases.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::AppName(_) => "app::name",
            Self::UnknownApp { .. } => "app::unknown",
            Self::NeverDeployed { .. } => "app::never-deployed",
            Self::UnknownRelease { .. } => "release::unknown",
            Self::NothingBefore { .. } => "release::nothing-before",
            Self::UnknownSetting { .. } => "settings::unknown",
            Self::InvalidSetting(_) | Self::UnfitSetting { .. } => "settings::invalid",
            Self::DamagedSettings { .. } => "settings::damaged",
            Self::UnknownKind { .. } => "scale::unknown-kind",
            Self::TooMany { .. } => "scale::too-many",
            Self::Deploy(error) => error.code(),
            Self::Push(_) => "push::refused",
            Self::Hook(_) => "push::hook",
            Self::Key(_) => "setup::key",
            Self::EmperorRuns { .. } => "emperor::runs",
            Self::Nginx(error) => error.code(),
            Self::Host(error) => error.code(),
        }
    }

    /// What to do now.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::AppName(_) => {
                Some("use letters, digits, `.`, `_`, and `-`, beginning with a letter or a digit".to_owned())
            }
            Self::UnknownApp { nearest: Some(nearest), .. } => Some(format!("did you mean `{nearest}`?")),
            Self::UnknownApp { app, .. } => {
                Some(format!("`git push piku@<server>:{app} main` creates it; `apps` lists those there are"))
            }
            Self::NeverDeployed { app, is_legacy: true } => {
                Some(format!("`deploy {app}` takes over what legacy piku (piku.py) runs; so does a push"))
            }
            Self::NeverDeployed { app, .. } => Some(format!("push it: `git push piku@<server>:{app} main`")),
            Self::UnknownRelease { app, available, .. } => {
                let numbers: Vec<String> = available.iter().map(ToString::to_string).collect();
                Some(format!("`releases {app}` lists those that are kept: {}", numbers.join(", ")))
            }
            Self::NothingBefore { app } => Some(format!("`releases {app}` lists those that are kept")),
            Self::UnknownSetting { app, .. } => Some(format!("`config {app}` lists its settings")),
            Self::DamagedSettings { app, .. } => {
                Some(format!("correct `envs/{app}/ENV` below piku's folder"))
            }
            Self::UnknownKind { available, .. } => Some(format!("its Procfile has {}", available.join(", "))),
            Self::TooMany { .. } => {
                Some("PIKU_MAX_PROCESSES in the server's environment raises the limit".to_owned())
            }
            Self::Deploy(error) => error.help(),
            Self::Push(error) => Some(error.help()),
            Self::Key(error) => Some(error.help()),
            Self::EmperorRuns { .. } => Some(
                "`piku emperor --stop` stops it, or the service that runs it, such as `systemctl stop piku`"
                    .to_owned(),
            ),
            Self::Nginx(error) => Some(error.help()),
            Self::InvalidSetting(error) => Some(error.help()),
            Self::UnfitSetting { help, .. } => help.clone(),
            Self::Host(HostError::NoLauncher { .. }) => Some(
                "install `piku-launch` into the folder of `piku`: the archive and the package have both, and so has `cargo install`"
                    .to_owned(),
            ),
            Self::Hook(_) | Self::Host(_) => None,
        }
    }

    /// Lines of output that explain the error, to be shown right above it.
    #[must_use]
    pub fn output(&self) -> &[String] {
        match self {
            Self::Deploy(error) => error.output(),
            _ => &[],
        }
    }
}

/// An error and its causes, as one line.
pub(crate) fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
