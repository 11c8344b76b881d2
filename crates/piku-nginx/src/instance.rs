use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{FilePath, InvalidSite, quote};

/// A whole nginx for sites: its main configuration.
///
/// It is meant for a process that runs as the user who owns the sites, with the right to bind low ports and no other:
/// there is no `user` directive, and every file that it writes has a place of its own. It stays in the foreground, for a
/// supervisor to watch.
///
/// Hosts that no site claims get nothing: over HTTP the connection is closed without an answer, over HTTPS the handshake
/// is refused, or, before nginx 1.19.4, closed after it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Instance {
    /// The sites to include, such as `/srv/sites/*.conf`.
    pub sites: SitePattern,
    /// Where the process id of the master is written.
    pub pid: FilePath,
    /// Gets the `[emerg]` lines alone: what keeps a configuration from being used. Everything else goes to stderr.
    pub refused_log: FilePath,
    /// The folder of temporary files: bodies of requests and of answers too large for memory. It must exist.
    pub temporary: FilePath,
    /// The table of media types, as distributions ship it; without one every file is `application/octet-stream`.
    pub media_types: Option<FilePath>,
    /// Where strangers are turned away.
    pub addresses: Vec<IpAddr>,
    /// The port of HTTP.
    pub http_port: u16,
    /// The port of HTTPS.
    pub https_port: u16,
    /// How a stranger is turned away over HTTPS.
    pub strangers: Strangers,
}

/// What a stranger gets over HTTPS.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Strangers {
    /// A handshake that fails (`ssl_reject_handshake`, nginx 1.19.4 and later).
    Rejected,
    /// A handshake with this certificate and its key, and no answer after it.
    Closed {
        /// The certificate.
        certificate: FilePath,
        /// Its key.
        key: FilePath,
    },
}

impl Instance {
    /// Makes one that turns strangers away on ports 80 and 443 of all addresses.
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
    /// Names the folder.
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
