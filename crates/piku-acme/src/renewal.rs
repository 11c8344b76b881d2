//! When an authority wants a certificate renewed (ACME renewal information, RFC 9773).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use x509_parser::extensions::ParsedExtension;

use crate::CertificateError;
use crate::certificate::{chain_of, parse};

/// The span of time in which an authority wants a certificate renewed.
///
/// Usually it lies near the end of the certificate. If the authority has to revoke the certificate, it is in the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct RenewalWindow {
    /// Its beginning.
    pub start: Timestamp,
    /// Its end.
    pub end: Timestamp,
}

/// The answer of an authority.
#[derive(Deserialize)]
pub(crate) struct RenewalInfo {
    #[serde(rename = "suggestedWindow")]
    pub(crate) window: RenewalWindow,
}

/// The part of a directory that is about renewal.
#[derive(Deserialize)]
pub(crate) struct RenewalDirectory {
    #[serde(rename = "renewalInfo")]
    pub(crate) url: Option<String>,
}

impl RenewalWindow {
    /// A time in it, always the same for the same seed: not all servers should come at once.
    #[must_use]
    pub fn moment(&self, seed: u64) -> Timestamp {
        let length = self.end.duration_since(self.start).max(SignedDuration::ZERO);
        let part = i64::try_from(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54).unwrap_or_default();
        self.start
            .saturating_add(SignedDuration::from_secs(length.as_secs() * part / 1024))
            .unwrap_or(self.start)
    }
}

/// By what an authority knows a certificate: the key that issued it, and its number. None if it does not name the key.
pub(crate) fn identifier(chain: &[u8]) -> Result<Option<String>, CertificateError> {
    let chain = chain_of(chain)?;
    let certificate = parse(&chain[0])?;
    let key = certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(issuer) => issuer.key_identifier.as_ref().map(|key| key.0),
        _ => None,
    });
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    Ok(key.map(|key| format!("{}.{}", encode(key), encode(certificate.raw_serial()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_lies_in_the_window() {
        let window = RenewalWindow {
            start: "2026-11-26T00:00:00Z".parse().unwrap(),
            end: "2026-11-28T00:00:00Z".parse().unwrap(),
        };
        let moments: Vec<Timestamp> = (0..200).map(|seed| window.moment(seed)).collect();
        assert!(moments.iter().all(|moment| *moment >= window.start && *moment < window.end));
        assert!(moments.iter().any(|moment| *moment > window.start + SignedDuration::from_hours(40)));
        assert_eq!(window.moment(7), window.moment(7));
        let backwards = RenewalWindow { start: window.end, end: window.start };
        assert_eq!(backwards.moment(9), window.end);
    }

    #[test]
    fn a_certificate_that_vouches_for_itself_is_known_to_no_authority() {
        let made = crate::self_signed(["blog.example.org"], "2026-11-26T00:00:00Z".parse().unwrap()).unwrap();
        assert_eq!(identifier(made.chain.as_bytes()).unwrap(), None);
        assert!(identifier(b"nothing").is_err());
    }
}
