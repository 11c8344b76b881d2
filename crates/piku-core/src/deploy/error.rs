//! Why a deploy did not come to its end.

use camino::Utf8PathBuf;
use piku_nginx::InvalidSite;
use piku_runtime::{DetectError, PlanError};
use piku_uwsgi::InvalidValue;

use crate::app::AppName;
use crate::diagnostic::{self, FileDiagnostic};
use crate::host::HostError;
use crate::host::nginx_error::NginxError;

/// Why a deploy did not come to its end. Whatever it is, the old release is still serving.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeployError {
    /// A file that a person wrote has mistakes, all of them reported as events before; or there is no Procfile.
    #[error("{}", diagnostic::count(diagnostics))]
    Inputs {
        /// All of them, warnings left out.
        diagnostics: Vec<FileDiagnostic>,
    },
    /// The runtime could not be decided on.
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
        /// What was being done.
        doing: String,
        /// What is known to help.
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
    /// The settings name a port that another app holds.
    #[error("port {port} belongs to the app `{holder}`")]
    PortTaken {
        /// The port.
        port: u16,
        /// Who holds it.
        holder: AppName,
    },
    /// The settings name a host that another app's site answers to.
    #[error("the server name `{name}` belongs to the app `{holder}`")]
    ServerNameTaken {
        /// The name.
        name: String,
        /// Who has it.
        holder: AppName,
    },
    /// The settings name a port on which something else listens.
    #[error("port {port} is in use{}", by.as_ref().map_or_else(String::new, |by| format!(" by {by}")))]
    PortInUse {
        /// The port.
        port: u16,
        /// Who has it, where that may be known.
        by: Option<String>,
    },
    /// A process of the old release goes on although it was asked to end.
    #[error("an old process has not ended: {process}")]
    StillRunning {
        /// Which one: `python3 (process 123)`.
        process: String,
    },
    /// A path of `PIKU_PERSIST` is below a link or a file.
    #[error("`{path}` can't be kept: a link is in its way")]
    Persist {
        /// The path.
        path: String,
    },
    /// No uWSGI on this machine.
    #[error("there is no uWSGI on this machine to run processes with")]
    NoUwsgi,
    /// uWSGI on this machine lacks a plugin.
    #[error("uWSGI on this machine has no plugin `{plugin}`, which `{wanted_by}` needs")]
    NoPlugin {
        /// Its name.
        plugin: String,
        /// The package that brings it.
        package: &'static str,
        /// The kind of process, or the setting.
        wanted_by: &'static str,
    },
    /// A file or folder that the app's files name is not there, not after the build either.
    #[error("there is no {what} `{path}` in the app, which `{named_by}` names")]
    NotThere {
        /// `file` or `folder`.
        what: &'static str,
        /// As it is written.
        path: String,
        /// The kind of process, or the setting.
        named_by: &'static str,
    },
    /// Whoever wanted it is gone, or wants it no longer.
    #[error("the deploy was cancelled before it was live; nothing has changed")]
    Cancelled,
    /// No emperor is running.
    #[error("the uWSGI emperor is not running, so nothing can be started")]
    NoEmperor,
    /// A path or value can't be written into uWSGI's configuration.
    #[error("could not write the configuration of uWSGI")]
    Vassal(#[from] InvalidValue),
    /// A setting can't be written into nginx's configuration.
    #[error("could not write the site of `{app}`")]
    Site {
        /// The app.
        app: AppName,
        /// Which value.
        source: Box<InvalidSite>,
    },
    /// A socket's path is longer than a unix socket may have.
    #[error("the path `{path}` is too long for a socket: {} characters, and 107 fit", path.as_str().len())]
    SocketPath {
        /// The path.
        path: Utf8PathBuf,
    },
    /// A process of the new release is not healthy.
    #[error("{process} {reason}")]
    Unhealthy {
        /// Which one: `web.1`.
        process: String,
        /// What was seen.
        reason: String,
        /// The last lines that it wrote.
        output: Vec<String>,
        /// What is known to help.
        help: Option<String>,
    },
    /// A request that was to go through nginx to the new release did not come back.
    #[error("{reason}")]
    Unreached {
        /// What was seen, and what keeps nginx from the app.
        reason: String,
        /// What nginx said of it.
        output: Vec<String>,
        /// What takes it out of the way, where that is known.
        help: Option<String>,
    },
    /// nginx does not run the new site.
    #[error(transparent)]
    Nginx(#[from] NginxError),
    /// The machine did not do what was asked.
    #[error(transparent)]
    Host(#[from] HostError),
}

impl DeployError {
    /// Names the mistake; stable across releases.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Inputs { .. } => "deploy::inputs",
            Self::Detect { source, .. } => source.code(),
            Self::BuildPlan { source, .. } => source.code(),
            Self::Build { .. } => "deploy::build",
            Self::Command { kind: "preflight", .. } => "deploy::preflight",
            Self::Command { .. } => "deploy::release",
            Self::PortTaken { .. } => "deploy::port-taken",
            Self::ServerNameTaken { .. } => "deploy::server-name-taken",
            Self::PortInUse { .. } => "deploy::port-in-use",
            Self::Persist { .. } => "deploy::persist",
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
            Self::PortTaken { .. } => Some("choose another PORT".to_owned()),
            Self::ServerNameTaken { holder, .. } => {
                Some(format!("choose another NGINX_SERVER_NAME, or take it from `{holder}` first: `config:set {holder} NGINX_SERVER_NAME=…`"))
            }
            Self::PortInUse { .. } => Some("stop it, or choose another PORT".to_owned()),
            Self::StillRunning { .. } => Some("see on the server what it waits for, end it if need be, and deploy again".to_owned()),
            Self::Host(HostError::EmperorSilent { .. }) => Some(
                "start it anew on the server: `piku emperor`, or the service that runs it, such as `systemctl restart piku`".to_owned(),
            ),
            Self::Persist { .. } => Some("see that every folder above it is a real one, in the app's folder and in $DATA_ROOT".to_owned()),
            Self::NoUwsgi => Some("run `piku setup` on the server, which installs one below piku's folder".to_owned()),
            Self::NoPlugin { package, .. } => Some(format!("install it on the host, where uWSGI is Debian's own: `apt install '{package}'`")),
            Self::NotThere { what: "folder", .. } => Some("correct the name, or commit the folder: git keeps none that is empty".to_owned()),
            Self::NotThere { .. } => Some("correct the name, or commit the file".to_owned()),
            Self::NoEmperor => Some(
                "start it on the server: `piku emperor`, or the service that runs it, such as `systemctl start piku`".to_owned(),
            ),
            Self::SocketPath { .. } => Some("use a shorter app name, or a shorter PIKU_ROOT".to_owned()),
            Self::Nginx(error) => Some(error.help()),
            Self::Cancelled | Self::Command { .. } | Self::Vassal(_) | Self::Site { .. } | Self::Host(_) => None,
        }
    }

    /// Lines of output that explain the error, to be shown right above it.
    #[must_use]
    pub fn output(&self) -> &[String] {
        match self {
            Self::Unhealthy { output, .. } | Self::Unreached { output, .. } => output,
            // What nginx has against a site is what its author needs to know.
            Self::Nginx(NginxError::Reload(HostError::Failed { output, .. })) => output,
            _ => &[],
        }
    }
}
