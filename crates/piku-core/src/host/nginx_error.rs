//! Errors when nginx does not serve a site.

use std::net::SocketAddr;
use std::time::Duration;

use camino::Utf8Path;

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
    /// nginx went on with another certificate.
    #[error("nginx goes on to show another certificate for `{host}`")]
    OtherCertificate {
        /// The host name of the request.
        host: String,
    },
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
    /// What nginx says about the site at `path` becomes what it says about the file that a line was read from.
    pub(crate) fn at_its_line(self, path: &Utf8Path, text: &str) -> Self {
        let told = |said: &str| at_its_line(said, path, path, text);
        match self {
            Self::Refused { said } => Self::Refused { said: told(&said) },
            Self::Reload(HostError::Failed { program, status, output }) => {
                let output = output.iter().map(|line| told(line)).collect();
                Self::Reload(HostError::Failed { program, status, output })
            }
            other => other,
        }
    }

    /// Names the mistake; stable across releases.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Reload(_) => "nginx::reload",
            Self::Refused { .. } => "nginx::refused",
            Self::Stopped => "nginx::stopped",
            Self::Silent { .. } => "nginx::silent",
            Self::OtherCertificate { .. } => "nginx::other-certificate",
        }
    }

    /// What to check.
    #[must_use]
    pub fn help(&self) -> String {
        let look = "run `nginx -t` as root, check that nginx.conf includes `nginx/*.conf` in piku's folder";
        match self {
            Self::Refused { .. } => {
                "correct the setting or the line that it names, commit, and push again".to_owned()
            }
            Self::Stopped => {
                "on the server, `systemctl start piku-nginx` starts it, and `journalctl -u piku-nginx` says why it ended"
                    .to_owned()
            }
            Self::Reload(_) => format!("{look}, and that the command in PIKU_NGINX_RELOAD works"),
            Self::Silent { .. } | Self::OtherCertificate { .. } => format!(
                "{look}, that nginx runs, and that something reloads it: a path unit, or PIKU_NGINX_RELOAD"
            ),
        }
    }
}

/// A message of nginx about `tried` becomes one about the file that a line was read from, or about the site.
pub(crate) fn at_its_line(said: &str, tried: &Utf8Path, site: &Utf8Path, text: &str) -> String {
    let Some((what, rest)) = said.split_once(&format!(" in {tried}:")) else { return said.to_owned() };
    let number = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    match number.parse().ok().and_then(|number| piku_nginx::origin(text, number)) {
        Some((file, line)) => format!("{what} in {file}:{line}"),
        None => format!("{what} in {site}:{number}"),
    }
}
