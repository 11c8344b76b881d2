//! Errors when nginx does not serve a site.

use std::net::SocketAddr;
use std::time::Duration;

use super::HostError;

/// How long nginx may take to serve a changed site.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// Why nginx does not serve the site.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NginxError {
    /// The command that reloads nginx failed.
    #[error("nginx could not be told to read its new configuration")]
    Reload(#[source] HostError),
    /// nginx rejected the new configuration.
    #[error("nginx refused the new configuration: {said}")]
    Refused {
        /// The message of nginx.
        said: String,
    },
    /// piku's own nginx is not running.
    #[error("nginx is not running")]
    Stopped,
    /// nginx never served the new configuration.
    #[error("nginx at {address} did not answer with the new site of `{host}` within {} seconds", PATIENCE.as_secs())]
    Silent {
        /// The address of the request.
        address: SocketAddr,
        /// The host name of the request.
        host: String,
    },
}

impl NginxError {
    /// Names the mistake; stable across releases.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Reload(_) => "nginx::reload",
            Self::Refused { .. } => "nginx::refused",
            Self::Stopped => "nginx::stopped",
            Self::Silent { .. } => "nginx::silent",
        }
    }

    /// What to check.
    #[must_use]
    pub fn help(&self) -> String {
        let look = "run `nginx -t` as root, check that nginx.conf includes `nginx/*.conf` in piku's folder";
        match self {
            Self::Refused { .. } => {
                "correct the setting or the included file that it names, commit, and push again".to_owned()
            }
            Self::Stopped => {
                "on the server, `systemctl start piku-nginx` starts it, and `journalctl -u piku-nginx` says why it ended"
                    .to_owned()
            }
            Self::Reload(_) => format!("{look}, and that the command in PIKU_NGINX_RELOAD works"),
            Self::Silent { .. } => format!(
                "{look}, that nginx runs, and that something reloads it: a path unit, or PIKU_NGINX_RELOAD"
            ),
        }
    }
}
