//! The errors of a deploy.

use camino::Utf8PathBuf;
use piku_nginx::InvalidSite;
use piku_runtime::{DetectError, PlanError};
use piku_uwsgi::InvalidValue;

use super::claims::ClaimError;
use super::source::persist::PersistError;
use crate::app::AppName;
use crate::diagnostic::{self, FileDiagnostic};
use crate::host::HostError;
use crate::host::nginx_error::NginxError;
use crate::plugins::PluginVeto;

/// Why a deploy failed. The old release is still serving.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeployError {
    /// A file that the user wrote has mistakes, which have been reported as events; or there is no Procfile.
    #[error("{}", diagnostic::count(diagnostics))]
    Inputs {
        /// All errors, without warnings.
        diagnostics: Vec<FileDiagnostic>,
    },
    /// The runtime could not be determined.
    #[error("could not decide how to build `{app}`")]
    Detect {
        /// The app.
        app: AppName,
        /// Why.
        source: Box<DetectError>,
    },
    /// The build could not be planned.
    #[error("could not decide how to build `{app}`")]
    BuildPlan {
        /// The app.
        app: AppName,
        /// Why.
        source: Box<PlanError>,
    },
    /// A tool failed while building.
    #[error("the build failed while {doing}")]
    Build {
        /// The step that failed; with a colon and the reason, if that is known.
        doing: String,
        /// A suggested fix, if known.
        help: Option<String>,
        /// How it failed.
        source: HostError,
    },
    /// The `preflight` or `release` command of the Procfile failed.
    #[error("the `{kind}` command of the Procfile failed")]
    Command {
        /// Its kind.
        kind: &'static str,
        /// How it failed.
        source: HostError,
    },
    /// A plugin of the operator has refused the release.
    #[error(transparent)]
    Plugin(#[from] PluginVeto),
    /// The port in the settings belongs to another app.
    #[error("port {port} belongs to the app `{holder}`")]
    PortTaken {
        /// The port.
        port: u16,
        /// The other app.
        holder: AppName,
    },
    /// Another app has a name or an address of the site.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The port in the settings is in use by another program.
    #[error("port {port} is in use{}", by.as_ref().map_or_else(String::new, |by| format!(" by {by}")))]
    PortInUse {
        /// The port.
        port: u16,
        /// The program, if known.
        by: Option<String>,
    },
    /// An old process did not end in time.
    #[error("an old process has not ended: {process}")]
    StillRunning {
        /// The process, such as `python3 (process 123)`.
        process: String,
    },
    /// A path can't be persisted.
    #[error(transparent)]
    Persist(#[from] PersistError),
    /// uWSGI is not installed.
    #[error("there is no uWSGI on this machine to run processes with")]
    NoUwsgi,
    /// The system's uWSGI lacks a plugin.
    #[error("uWSGI on this machine has no plugin `{plugin}`, which `{wanted_by}` needs")]
    NoPlugin {
        /// Its name.
        plugin: String,
        /// The Debian package of the plugin.
        package: &'static str,
        /// The kind of process or the setting that needs it.
        wanted_by: &'static str,
    },
    /// A file or folder that the app names does not exist, even after the build.
    #[error("there is no {what} `{path}` in the app, which `{named_by}` names")]
    NotThere {
        /// `file` or `folder`.
        what: &'static str,
        /// The path as written.
        path: String,
        /// The kind of process or the setting that needs it.
        named_by: &'static str,
    },
    /// The deploy was cancelled, or its client has disconnected.
    #[error("the deploy was cancelled before it was live; nothing has changed")]
    Cancelled,
    /// No emperor is running.
    #[error("the uWSGI emperor is not running, so nothing can be started")]
    NoEmperor,
    /// A path or value is not valid in uWSGI's configuration.
    #[error("could not write the configuration of uWSGI")]
    Vassal(#[from] InvalidValue),
    /// A setting is not valid in nginx's configuration.
    #[error("could not write the site of `{app}`")]
    Site {
        /// The app.
        app: AppName,
        /// The invalid value.
        source: Box<InvalidSite>,
    },
    /// The path is too long for a unix socket.
    #[error("the path `{path}` is too long for a socket: {} characters instead of at most 107", path.as_str().len())]
    SocketPath {
        /// The path.
        path: Utf8PathBuf,
    },
    /// A process of the new release is not healthy.
    #[error("{process} {reason}")]
    Unhealthy {
        /// The process, such as `web.1`.
        process: String,
        /// What is wrong with it.
        reason: String,
        /// The last lines of its output.
        output: Vec<String>,
        /// A suggested fix, if known.
        help: Option<String>,
    },
    /// A request through nginx to the new release failed.
    #[error("{reason}")]
    Unreached {
        /// How it failed, and what prevents nginx from reaching the app.
        reason: String,
        /// What nginx logged about it.
        output: Vec<String>,
        /// How to fix it, if known.
        help: Option<String>,
    },
    /// nginx does not serve the new site.
    #[error(transparent)]
    Nginx(#[from] NginxError),
    /// An operation on the machine failed.
    #[error(transparent)]
    Host(#[from] HostError),
}

impl DeployError {
    /// A code for the error, stable across versions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Inputs { .. } => "deploy::inputs",
            Self::Detect { source, .. } => source.code(),
            Self::BuildPlan { source, .. } => source.code(),
            Self::Build { .. } => "deploy::build",
            Self::Command { kind: "preflight", .. } => "deploy::preflight",
            Self::Command { .. } => "deploy::release",
            Self::Plugin(_) => "deploy::plugin",
            Self::PortTaken { .. } => "deploy::port-taken",
            Self::Claim(error) => error.code(),
            Self::PortInUse { .. } => "deploy::port-in-use",
            Self::Persist(error) => error.code(),
            Self::StillRunning { .. } => "deploy::still-running",
            Self::NoUwsgi => "deploy::no-uwsgi",
            Self::NoPlugin { .. } => "deploy::no-plugin",
            Self::NotThere { .. } => "deploy::not-there",
            Self::Cancelled => "deploy::cancelled",
            Self::NoEmperor => "deploy::no-emperor",
            Self::Vassal(_) => "deploy::vassal",
            Self::Site { .. } => "deploy::site",
            Self::SocketPath { .. } => "deploy::socket-path",
            Self::Unhealthy { .. } => "deploy::unhealthy",
            Self::Unreached { .. } => "deploy::unreached",
            Self::Nginx(_) => "deploy::nginx",
            Self::Host(HostError::Git(piku_git::Error::Submodule { .. })) => "deploy::submodule",
            Self::Host(_) => "deploy::host",
        }
    }

    /// What to do now.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Inputs { diagnostics } => match diagnostic::no_procfile(diagnostics) {
                Some(missing) => missing.diagnostic.help.clone(),
                None => Some("correct what is marked above, commit, and push again".to_owned()),
            },
            Self::Detect { source, .. } => source.help(),
            Self::BuildPlan { source, .. } => source.help(),
            Self::Build { help, .. } | Self::Unhealthy { help, .. } | Self::Unreached { help, .. } => help.clone(),
            Self::Plugin(veto) => Some(veto.help()),
            Self::PortTaken { .. } => Some("choose another PORT".to_owned()),
            Self::Claim(error) => Some(error.help()),
            Self::PortInUse { .. } => Some("stop it, or choose another PORT".to_owned()),
            Self::StillRunning { .. } => Some("check on the server what it is waiting for, kill it if necessary, and deploy again".to_owned()),
            Self::Host(HostError::EmperorSilent { .. }) => Some(
                "restart it on the server: `piku emperor`, or the service that runs it, such as `systemctl restart piku`".to_owned(),
            ),
            Self::Persist(error) => Some(error.help()),
            Self::NoUwsgi => Some("run `piku setup` on the server, which installs one in piku's folder".to_owned()),
            Self::NoPlugin { package, .. } => Some(format!("install it on the server, if uWSGI is Debian's package: `apt install '{package}'`")),
            Self::NotThere { what: "folder", .. } => Some("correct the name, or commit the folder; git does not keep empty folders".to_owned()),
            Self::NotThere { .. } => Some("correct the name, or commit the file".to_owned()),
            Self::NoEmperor => Some(
                "start it on the server: `piku emperor`, or the service that runs it, such as `systemctl start piku`".to_owned(),
            ),
            Self::SocketPath { .. } => Some("use a shorter app name, or a shorter PIKU_ROOT".to_owned()),
            Self::Nginx(error) => Some(error.help()),
            Self::Host(HostError::Git(error)) => error.help(),
            Self::Cancelled | Self::Command { .. } | Self::Vassal(_) | Self::Site { .. } | Self::Host(_) => None,
        }
    }

    /// Output that explains the error, to show right above it.
    #[must_use]
    pub fn output(&self) -> &[String] {
        match self {
            Self::Unhealthy { output, .. } | Self::Unreached { output, .. } => output,
            Self::Plugin(veto) => &veto.output,
            // The message of nginx shows what is wrong with the site.
            Self::Nginx(NginxError::Reload(HostError::Failed { output, .. })) => output,
            _ => &[],
        }
    }
}
