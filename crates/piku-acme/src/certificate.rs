//! Reads certificates.

use std::fmt;
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Name};
use x509_parser::time::ASN1Time;

use crate::CertificateError;

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Certificate {
    /// The host names that it is for, in lower case; patterns such as `*.example.org` too.
    pub names: Vec<String>,
    /// The beginning of its validity.
    pub not_before: Timestamp,
    /// The end of its validity.
    pub not_after: Timestamp,
    /// Who issued it, such as `Let's Encrypt R11`.
    pub issuer: String,
    /// Whether it vouches for itself: no browser trusts it.
    pub self_signed: bool,
    /// Its number, in hexadecimal digits.
    pub serial: String,
}

impl Certificate {
    /// Reads the first certificate of a chain in PEM.
    ///
    /// # Errors
    /// If there is none, or it can't be read.
    pub fn from_pem(chain: &[u8]) -> Result<Self, CertificateError> {
        let chain = chain_of(chain)?;
        Self::from_der(&chain[0])
    }

    pub(crate) fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let parsed = parse(der)?;
        let validity = parsed.validity();
        Ok(Self {
            names: names(&parsed),
            not_before: timestamp(validity.not_before),
            not_after: timestamp(validity.not_after),
            issuer: title(parsed.issuer()),
            self_signed: parsed.issuer().as_raw() == parsed.subject().as_raw(),
            serial: parsed.raw_serial().iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }

    /// Whether it is for a host, by the rules of browsers: `*` stands for one label.
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let below = host.split_once('.').map_or("", |(_, rest)| rest);
        let is_name = host.parse::<IpAddr>().is_err();
        self.names.iter().any(|name| {
            let wildcard = name.strip_prefix("*.").filter(|rest| is_name && rest.contains('.'));
            *name == host || wildcard == Some(below)
        })
    }

    /// When to renew it: when a third of its validity is left.
    ///
    /// Of ninety days these are the last thirty; of a certificate for six days, the last two.
    #[must_use]
    pub fn renew_at(&self) -> Timestamp {
        let lifetime = self.not_after.duration_since(self.not_before).max(SignedDuration::ZERO);
        self.not_after.saturating_sub(lifetime / 3).unwrap_or(self.not_before)
    }

    /// Whether it is time to renew it.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        now >= self.renew_at()
    }

    /// Whether its validity has ended.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now > self.not_after
    }
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.names.join(", "), self.issuer)
    }
}

/// The certificates of a chain in PEM, in DER; at least one.
pub(crate) fn chain_of(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let chain = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| CertificateError::Unreadable { source: error.to_string().into() })?;
    if chain.is_empty() { Err(CertificateError::NoCertificate) } else { Ok(chain) }
}

pub(crate) fn parse(der: &[u8]) -> Result<X509Certificate<'_>, CertificateError> {
    let parsed = X509Certificate::from_der(der);
    parsed
        .map(|(_, certificate)| certificate)
        .map_err(|error| CertificateError::Unreadable { source: error.to_string().into() })
}

/// The host names in a certificate: of its list, or else the common name of its subject.
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let listed = certificate.subject_alternative_name().ok().flatten();
    let mut names: Vec<String> = match listed {
        Some(list) => list.value.general_names.iter().filter_map(name).collect(),
        None => common_name(certificate.subject()).into_iter().collect(),
    };
    names.iter_mut().for_each(|name| name.make_ascii_lowercase());
    names
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match *bytes {
            [a, b, c, d] => Some(IpAddr::from([*a, *b, *c, *d]).to_string()),
            _ => <[u8; 16]>::try_from(*bytes).ok().map(|bytes| IpAddr::from(bytes).to_string()),
        },
        _ => None,
    }
}

fn common_name(name: &X509Name<'_>) -> Option<String> {
    name.iter_common_name().next().and_then(|name| name.as_str().ok()).map(str::to_owned)
}

/// The organization and the common name, or all of it if there is neither.
pub(crate) fn title(name: &X509Name<'_>) -> String {
    let organization = name.iter_organization().next().and_then(|part| part.as_str().ok());
    let parts: Vec<String> = organization.map(str::to_owned).into_iter().chain(common_name(name)).collect();
    if parts.is_empty() { name.to_string() } else { parts.join(" ") }
}

fn timestamp(time: ASN1Time) -> Timestamp {
    Timestamp::from_second(time.timestamp()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn certificate(not_before: &str, not_after: &str) -> Certificate {
        Certificate {
            names: vec![
                "example.org".to_owned(),
                "*.example.org".to_owned(),
                "*.org".to_owned(),
                "192.0.2.1".to_owned(),
            ],
            not_before: at(not_before),
            not_after: at(not_after),
            issuer: String::new(),
            self_signed: false,
            serial: String::new(),
        }
    }

    #[test]
    fn a_third_of_the_lifetime_is_left_at_renewal() {
        let ninety = certificate("2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z");
        assert_eq!(ninety.renew_at(), at("2026-03-02T00:00:00Z"));
        let six = certificate("2026-01-01T00:00:00Z", "2026-01-07T00:00:00Z");
        assert_eq!(six.renew_at(), at("2026-01-05T00:00:00Z"));
        assert!(!six.is_due(at("2026-01-04T23:59:59Z")) && six.is_due(at("2026-01-05T00:00:00Z")));
        assert!(!six.is_expired(at("2026-01-07T00:00:00Z")) && six.is_expired(at("2026-01-07T00:00:01Z")));
        let backwards = certificate("2026-01-07T00:00:00Z", "2026-01-01T00:00:00Z");
        assert!(backwards.is_due(at("2026-01-01T00:00:00Z")));
    }

    #[test]
    fn a_wildcard_stands_for_one_label() {
        let certificate = certificate("2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z");
        for covered in ["example.org", "Blog.Example.Org", "blog.example.org.", "192.0.2.1"] {
            assert!(certificate.covers(covered), "{covered}");
        }
        for other in ["a.blog.example.org", "example.com", "other.org", "192.0.2.2", "", "org"] {
            assert!(!certificate.covers(other), "{other}");
        }
    }
}
