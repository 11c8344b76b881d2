//! The main configuration of an nginx that serves only sites.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{FilePath, InvalidSite, quote};

/// The main configuration of an nginx that serves only sites.
///
/// It is meant to run as the user who owns the sites, with no right but to bind low ports: it has no `user`
/// directive, and every file it writes has a place of its own. It stays in the foreground, for a supervisor.
///
/// Unknown hosts get no answer: over HTTP the connection is closed; over HTTPS the handshake is refused or, before
/// nginx 1.19.4, the connection is closed after it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Instance {
    /// The sites to include, such as `/srv/sites/*.conf`.
    pub sites: SitePattern,
    /// Where the process id of the master is written.
    pub pid: FilePath,
    /// The log of `[emerg]` lines only, which say why a configuration was refused. Everything else goes to stderr.
    pub refused_log: FilePath,
    /// The folder of temporary files, for large request and response bodies. It must exist.
    pub temporary: FilePath,
    /// The table of media types that distributions ship; without it every file is `application/octet-stream`.
    pub media_types: Option<FilePath>,
    /// The addresses on which unknown hosts are rejected.
    pub addresses: Vec<IpAddr>,
    /// The port of HTTP.
    pub http_port: u16,
    /// The port of HTTPS.
    pub https_port: u16,
    /// How an unknown host is rejected over HTTPS.
    pub strangers: Strangers,
}

/// How an unknown host is rejected over HTTPS.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Strangers {
    /// A handshake that fails (`ssl_reject_handshake`, nginx 1.19.4 and later).
    Rejected,
    /// A handshake with this certificate, then the connection is closed.
    Closed {
        /// The certificate.
        certificate: FilePath,
        /// Its key.
        key: FilePath,
    },
}

impl Instance {
    /// Makes an instance that rejects unknown hosts on ports 80 and 443 of all addresses.
    pub fn new(sites: SitePattern, pid: FilePath, refused_log: FilePath, temporary: FilePath) -> Self {
        Self {
            sites,
            pid,
            refused_log,
            temporary,
            media_types: None,
            addresses: vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()],
            http_port: 80,
            https_port: 443,
            strangers: Strangers::Rejected,
        }
    }
}

/// The files of a folder that end in `.conf`, as a pattern for `include`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitePattern(FilePath);

impl SitePattern {
    /// Makes the pattern for a folder.
    ///
    /// # Errors
    /// [`InvalidSite::Path`] when the folder's path can't be written into a configuration.
    pub fn in_folder(folder: &str) -> Result<Self, InvalidSite> {
        folder.parse().map(Self)
    }

    /// Writes the pattern as one word.
    pub(crate) fn word(&self) -> String {
        quote::word(&format!("{}/*.conf", self.0.as_path().as_str().trim_end_matches('/')))
    }
}
