//! The addresses and ports that a site listens on.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The addresses and ports that a site listens on.
///
/// Without any address it listens on all of IPv4, because an nginx server always listens somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listen {
    /// The IPv4 address; `0.0.0.0` for all.
    pub ipv4: Option<Ipv4Addr>,
    /// The IPv6 address; `::` for all.
    pub ipv6: Option<Ipv6Addr>,
    /// The port of HTTP.
    pub http_port: u16,
    /// The port of HTTPS, used if the site has a certificate.
    pub https_port: u16,
}

impl Listen {
    /// Formats the addresses with `port` for `listen`.
    pub(crate) fn addresses(&self, port: u16) -> Vec<String> {
        let mut addresses = Vec::new();
        if let Some(ipv4) = self.ipv4.or(self.ipv6.is_none().then_some(Ipv4Addr::UNSPECIFIED)) {
            addresses.push(format!("{ipv4}:{port}"));
        }
        if let Some(ipv6) = self.ipv6 {
            addresses.push(format!("[{ipv6}]:{port}"));
        }
        addresses
    }
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            ipv4: Some(Ipv4Addr::UNSPECIFIED),
            ipv6: Some(Ipv6Addr::UNSPECIFIED),
            http_port: 80,
            https_port: 443,
        }
    }
}

/// How HTTP/2 is turned on, which depends on nginx's [version](crate::Version::http2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Http2 {
    /// Not turned on.
    #[default]
    Off,
    /// By `listen … http2`, before 1.25.1.
    ListenParameter,
    /// By `http2 on`, since 1.25.1.
    Directive,
}
