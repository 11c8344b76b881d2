//! The error type of all operations.

use serde::{Deserialize, Serialize, Serializer};

use crate::access::Denied;
use crate::app::{AppName, InvalidAppName};
use crate::app_file::AppFileError;
use crate::authorized_keys::{KeyError, KeysError};
use crate::backup::BackupError;
use crate::certificates::CertificateFault;
use crate::deploy::DeployError;
use crate::deploy::receive::{InvalidRefUpdate, RefusedPush};
use crate::gate::users::{InvalidPassword, InvalidUserName, UserName};
use crate::host::HostError;
use crate::host::deploy_lock::DeployLock;
use crate::host::nginx_error::NginxError;
use crate::plugins::PluginError;
use crate::server_settings::ServerSettingsError;
use crate::settings::{InvalidServerSetting, InvalidSetting};

/// Why an operation failed. Nothing has changed on the machine, unless a variant says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Invalid app name.
    #[error(transparent)]
    AppName(#[from] InvalidAppName),
    /// No such app.
    #[error("there is no app `{app}`")]
    UnknownApp {
        /// The name as given.
        app: AppName,
        /// The existing app with the most similar name.
        nearest: Option<AppName>,
    },
    /// The app was removed while the operation waited for its lock.
    #[error("`{app}` was removed while this waited for it; nothing was changed")]
    Removed {
        /// The app.
        app: AppName,
    },
    /// There is such an app already.
    #[error("there is an app `{app}` already")]
    Exists {
        /// The app.
        app: AppName,
    },
    /// The app was never deployed, or only by legacy piku.
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
        /// The releases that are kept.
        available: Vec<u32>,
    },
    /// There is no earlier release to go back to.
    #[error("`{app}` has no release before the live one")]
    NothingBefore {
        /// The app.
        app: AppName,
    },
    /// No such setting.
    #[error("`{app}` has no setting `{key}`")]
    UnknownSetting {
        /// The app.
        app: AppName,
        /// The key.
        key: String,
        /// The most similar key that is set.
        nearest: Option<String>,
        /// The default, if piku knows the key.
        default: Option<String>,
    },
    /// Invalid key or value of a setting.
    #[error(transparent)]
    InvalidSetting(#[from] InvalidSetting),
    /// The settings file was edited by hand and is invalid.
    #[error("the settings of `{app}` can't be read: line {line}: {message}")]
    DamagedSettings {
        /// The app.
        app: AppName,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// The Procfile has no process of this kind.
    #[error("`{app}` has no process `{kind}`")]
    UnknownKind {
        /// The app.
        app: AppName,
        /// The kind asked for.
        kind: String,
        /// The kinds in the Procfile.
        available: Vec<String>,
    },
    /// Invalid value for a setting that piku reads.
    #[error("`{key}`: {message}; nothing was changed")]
    UnfitSetting {
        /// The key.
        key: &'static str,
        /// What is wrong with the value.
        message: String,
        /// What to set instead.
        help: Option<String>,
    },
    /// Invalid key or value of a setting of the server.
    #[error(transparent)]
    ServerSetting(#[from] InvalidServerSetting),
    /// The server has no such setting.
    #[error("`{key}` is not set for the server")]
    UnknownServerSetting {
        /// The key.
        key: String,
    },
    /// The settings of the server can't be read or changed.
    #[error(transparent)]
    ServerSettings(#[from] ServerSettingsError),
    /// Too many processes.
    #[error("`{kind}` can run 0 to {most} times, not {count}")]
    TooMany {
        /// The kind.
        kind: String,
        /// The number requested.
        count: u32,
        /// The limit.
        most: u32,
    },
    /// Invalid name of a user.
    #[error(transparent)]
    UserName(#[from] InvalidUserName),
    /// Invalid password.
    #[error("{0}; nothing was changed")]
    Password(#[from] InvalidPassword),
    /// The site has no such user.
    #[error("`{app}` has no user `{user}`")]
    UnknownUser {
        /// The app.
        app: AppName,
        /// The name asked for.
        user: UserName,
        /// The users that it has.
        available: Vec<String>,
    },
    /// The app has another name now.
    #[error("`{old}` is called `{new}` now")]
    Renamed {
        /// The name it had.
        old: AppName,
        /// The name it has.
        new: AppName,
    },
    /// A folder has what another app left.
    #[error("`{path}` has what an earlier app of that name left; nothing was changed")]
    Occupied {
        /// The folder.
        path: camino::Utf8PathBuf,
    },
    /// A person keeps the app from being deployed.
    #[error("`{app}` is {}locked {}{}", if *.is_again { "already " } else { "" }, .lock.described(), if *.is_again { "" } else { "; nothing was changed" })]
    Locked {
        /// The app.
        app: AppName,
        /// Who locked it, when, and why.
        lock: Box<DeployLock>,
        /// Whether this is about another lock.
        is_again: bool,
    },
    /// The app has no site.
    #[error("`{app}` has no site")]
    NoSite {
        /// The app.
        app: AppName,
    },
    /// No process of the app listens on a port.
    #[error("`{app}` listens on no port of its own")]
    NoPort {
        /// The app.
        app: AppName,
        /// Whether nginx serves it.
        has_site: bool,
    },
    /// A file of the app can't be read or written.
    #[error(transparent)]
    AppFile(#[from] AppFileError),
    /// The site was written by an earlier version of piku, which knew no maintenance.
    #[error("the site of `{app}` was written by an earlier version of piku")]
    OldSite {
        /// The app.
        app: AppName,
    },
    /// The deploy failed.
    #[error(transparent)]
    Deploy(#[from] DeployError),
    /// The push was refused before a deploy began.
    #[error(transparent)]
    Push(#[from] RefusedPush),
    /// The hook was not called by git.
    #[error(transparent)]
    Hook(#[from] InvalidRefUpdate),
    /// Invalid ssh key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A key can't be added, removed, or limited.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The key may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A command of a plugin did not run.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// An emperor is already running for this root.
    #[error("an emperor is already running for `{root}`, and a second one would run every app twice")]
    EmperorRuns {
        /// The root folder.
        root: camino::Utf8PathBuf,
    },
    /// nginx did not apply the configuration.
    #[error(transparent)]
    Nginx(#[from] NginxError),
    /// A certificate could not be added, removed, or ordered.
    #[error(transparent)]
    Certificate(#[from] CertificateFault),
    /// An app can't be backed up, or restored.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// An action on the machine failed.
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
    /// A code for the error, stable across versions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::AppName(_) => "app::name",
            Self::UnknownApp { .. } => "app::unknown",
            Self::Removed { .. } => "app::removed",
            Self::Exists { .. } => "app::exists",
            Self::NeverDeployed { .. } => "app::never-deployed",
            Self::UnknownRelease { .. } => "release::unknown",
            Self::NothingBefore { .. } => "release::nothing-before",
            Self::UnknownSetting { .. }
            | Self::UnknownServerSetting { .. }
            | Self::ServerSetting(InvalidServerSetting::Unknown { .. }) => "settings::unknown",
            Self::InvalidSetting(_) | Self::UnfitSetting { .. } | Self::ServerSetting(_) => {
                "settings::invalid"
            }
            Self::DamagedSettings { .. } | Self::ServerSettings(ServerSettingsError::Damaged { .. }) => {
                "settings::damaged"
            }
            Self::ServerSettings(ServerSettingsError::Host(error)) => error.code(),
            Self::UnknownKind { .. } => "scale::unknown-kind",
            Self::TooMany { .. } => "scale::too-many",
            Self::UserName(_) => "auth::user-name",
            Self::Password(_) => "auth::password",
            Self::UnknownUser { .. } => "auth::unknown-user",
            Self::Renamed { .. } => "app::renamed",
            Self::Occupied { .. } => "app::occupied",
            Self::Locked { .. } => "app::locked",
            Self::NoSite { .. } => "site::none",
            Self::NoPort { .. } => "app::no-port",
            Self::AppFile(error) => error.code(),
            Self::OldSite { .. } => "site::old",
            Self::Deploy(error) => error.code(),
            Self::Push(_) => "push::refused",
            Self::Hook(_) => "push::hook",
            Self::Key(_) => "setup::key",
            Self::Keys(error) => error.code(),
            Self::Denied(denied) => denied.code(),
            Self::Plugin(error) => error.code(),
            Self::EmperorRuns { .. } => "emperor::runs",
            Self::Nginx(error) => error.code(),
            Self::Certificate(error) => error.code(),
            Self::Backup(error) => error.code(),
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
                Some(format!("`git push piku@<server>:{app} main` creates it; `apps` lists all apps"))
            }
            Self::Removed { app } => Some(format!(
                "`events {app}` shows who removed it; `git push piku@<server>:{app} main` makes it anew"
            )),
            Self::Exists { .. } => Some("choose another name; `apps` lists all apps".to_owned()),
            Self::NeverDeployed { app, is_legacy: true } => {
                Some(format!("`deploy {app}` or a push takes over what legacy piku (piku.py) runs"))
            }
            Self::NeverDeployed { app, .. } => Some(format!("push it: `git push piku@<server>:{app} main`")),
            Self::UnknownRelease { app, available, .. } => {
                let numbers: Vec<String> = available.iter().map(ToString::to_string).collect();
                Some(format!("`releases {app}` lists those that are kept: {}", numbers.join(", ")))
            }
            Self::NothingBefore { app } => Some(format!("`releases {app}` lists those that are kept")),
            Self::UnknownSetting { default: Some(default), .. } => Some(format!("its default is `{default}`")),
            Self::UnknownSetting { nearest: Some(nearest), .. } => Some(format!("did you mean `{nearest}`?")),
            Self::UnknownSetting { app, .. } => Some(format!("`config {app}` lists its settings")),
            Self::DamagedSettings { app, .. } => {
                Some(format!("correct `envs/{app}/ENV` below piku's folder"))
            }
            Self::UnknownKind { available, .. } => Some(format!("it has {}", available.join(", "))),
            Self::ServerSetting(error) => error.help(),
            Self::UnknownServerSetting { .. } => Some("`server` lists what is set".to_owned()),
            Self::ServerSettings(ServerSettingsError::Damaged { path, .. }) => {
                Some(format!("correct `{path}` on the server"))
            }
            Self::TooMany { .. } => {
                Some("`server:set PIKU_MAX_PROCESSES=…` raises the limit".to_owned())
            }
            Self::UserName(_) => {
                Some("use letters, digits, and other printable ASCII characters but `:`".to_owned())
            }
            Self::Password(_) => Some("choose one of 1 to 256 printable characters".to_owned()),
            Self::UnknownUser { app, available, .. } if available.is_empty() => {
                Some(format!("it has none; `auth:add {app} USER` adds one"))
            }
            Self::UnknownUser { available, .. } => Some(format!("it has {}", available.join(", "))),
            Self::Renamed { old, new } => Some(format!(
                "tell git on your computer: `git remote set-url piku piku@<server>:{new}`; \
                 `apps:create {old}` makes another app of the old name"
            )),
            Self::Occupied { path } => {
                Some(format!("move `{path}` away on the server, or choose another name"))
            }
            Self::Locked { app, .. } => Some(format!("`unlock {app}` allows deploys again")),
            Self::NoSite { app } => {
                Some(format!("`config:set {app} NGINX_SERVER_NAME=blog.example.org` gives it one"))
            }
            Self::NoPort { app, has_site: true } => {
                Some(format!("nginx serves it; `ps {app}` shows whether it runs"))
            }
            Self::NoPort { app, has_site: false } => Some(format!("`ps {app}` shows whether it runs")),
            Self::AppFile(error) => error.help(),
            Self::OldSite { app } => Some(format!("`restart {app}` writes it anew; then try again")),
            Self::Deploy(error) => error.help(),
            Self::Push(error) => Some(error.help()),
            Self::Key(error) => Some(error.help()),
            Self::Keys(error) => Some(error.help()),
            Self::Denied(denied) => Some(denied.help()),
            Self::Plugin(error) => error.help(),
            Self::EmperorRuns { .. } => Some(
                "`piku emperor --stop` stops it, or the service that runs it, such as `systemctl stop piku`"
                    .to_owned(),
            ),
            Self::Nginx(error) => Some(error.help()),
            Self::Certificate(error) => error.help(),
            Self::Backup(error) => error.help(),
            Self::InvalidSetting(error) => Some(error.help()),
            Self::UnfitSetting { help, .. } => help.clone(),
            Self::Host(HostError::NoLauncher { .. }) => Some(
                "install `piku-launch` into the folder of `piku`: the archive and the package have both, and so has `cargo install`"
                    .to_owned(),
            ),
            Self::Host(HostError::NotInGroup { group }) => Some(format!(
                "run `usermod --append --groups {group} USER` as root for the user of piku, and log in again"
            )),
            Self::Hook(_) | Self::Host(_) | Self::ServerSettings(_) => None,
        }
    }

    /// Output that explains the error, to show right above it.
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
