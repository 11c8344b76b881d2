//! Proxies in front of a site.

use crate::{InvalidSite, Network};

/// Proxies whose word counts about a visitor's address, scheme, host, and port.
///
/// What a request says of these is ignored if it comes from anybody else. Needs nginx's module `realip`, which every
/// distribution builds in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trusted {
    /// The addresses of the proxies.
    pub networks: Vec<Network>,
    /// The header with the visitor's address.
    pub visitor: VisitorHeader,
}

/// The header in which a proxy names the visitor's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum VisitorHeader {
    /// `X-Forwarded-For`: the last address in it that is not a trusted proxy's.
    #[default]
    XForwardedFor,
    /// `CF-Connecting-IP`, of Cloudflare.
    CfConnectingIp,
}

impl VisitorHeader {
    /// Returns the header's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::XForwardedFor => "X-Forwarded-For",
            Self::CfConnectingIp => "CF-Connecting-IP",
        }
    }
}

impl Trusted {
    /// Trusts what these say in `X-Forwarded-For`.
    pub fn new(networks: Vec<Network>) -> Self {
        Self { networks, visitor: VisitorHeader::default() }
    }

    /// Parses addresses and ranges, separated by white space or commas, each once. A range of every address is refused.
    ///
    /// # Errors
    /// [`InvalidSite::Network`] and [`InvalidSite::TrustsAll`].
    pub fn parse_list(text: &str) -> Result<Vec<Network>, InvalidSite> {
        let mut networks = Vec::new();
        for item in text.split([',', ' ', '\t', '\n', '\r']).filter(|item| !item.is_empty()) {
            let network: Network = item.parse()?;
            if network.is_everybody() {
                return Err(InvalidSite::TrustsAll(item.to_owned()));
            }
            if !networks.contains(&network) {
                networks.push(network);
            }
        }
        Ok(networks)
    }
}

#[cfg(test)]
mod tests {
    use super::Trusted;

    #[test]
    fn networks_are_read_once_each_and_never_all_of_them() {
        let read = Trusted::parse_list("10.0.0.7/8, 192.0.2.1\n2001:db8::/32 10.1.1.1/8").unwrap();
        let shown: Vec<String> = read.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"]);
        for text in
            ["0.0.0.0/0", "::/0", "10.0.0.0/8 ::1/0", "localhost", "10.0.0.0/33", "unix:", "10.0.0.1;"]
        {
            assert!(Trusted::parse_list(text).is_err(), "{text}");
        }
    }
}
