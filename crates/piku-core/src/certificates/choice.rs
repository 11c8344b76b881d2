//! Which of its certificates a site has. Pure.

use std::fmt;

use jiff::Timestamp;
use piku_acme::Certificate;
use serde::{Deserialize, Serialize};

use super::names::uncovered;

/// Where a certificate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CertificateOrigin {
    /// Its owner gave it, by `certs:add`.
    Own,
    /// An authority issued it, by ACME.
    Acme,
    /// piku made it, and nobody vouches for it.
    SelfSigned,
}

impl CertificateOrigin {
    /// Where a certificate comes from that piku has not stored.
    pub(crate) fn of_unknown(certificate: &Certificate) -> Self {
        if certificate.self_signed { Self::SelfSigned } else { Self::Acme }
    }
}

impl fmt::Display for CertificateOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Own => "own",
            Self::Acme => "ACME",
            Self::SelfSigned => "self-signed",
        })
    }
}

/// Chooses among the certificates that there are: the owner's, else an authority's, else the self-signed one, which is
/// made if it is missing.
///
/// One of the first two that has expired counts only if the other is no better, since browsers refuse a self-signed one
/// as well. An authority's must cover a name of the site: its names may have changed since.
pub(crate) fn choose(
    own: Option<&Certificate>,
    acme: Option<&Certificate>,
    server_names: &[String],
    now: Timestamp,
) -> CertificateOrigin {
    let covers = |certificate: &&Certificate| {
        let names = super::names::of_certificate(server_names);
        uncovered(certificate, server_names).len() < names.len()
    };
    let acme = acme.filter(covers);
    let good = |certificate: Option<&Certificate>| certificate.is_some_and(|one| !one.is_expired(now));
    match (own, acme) {
        (Some(_), _) if good(own) => CertificateOrigin::Own,
        (_, Some(_)) if good(acme) => CertificateOrigin::Acme,
        (Some(_), _) => CertificateOrigin::Own,
        (None, Some(_)) => CertificateOrigin::Acme,
        (None, None) => CertificateOrigin::SelfSigned,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(names: &[&str], until: &str) -> Certificate {
        let made = piku_acme::self_signed(names.iter().copied(), Timestamp::UNIX_EPOCH).unwrap();
        let mut certificate = Certificate::from_pem(made.chain.as_bytes()).unwrap();
        certificate.not_after = until.parse().unwrap();
        certificate
    }

    #[test]
    fn the_owners_counts_before_an_authoritys_and_that_before_a_self_signed_one() {
        use CertificateOrigin::{Acme, Own, SelfSigned};
        let (old, new) = ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
        let fine = certificate(&["a.test"], new);
        let (expired, other) = (certificate(&["a.test"], old), certificate(&["b.test"], new));
        for (own, acme, chosen) in [
            (None, None, SelfSigned),
            (None, Some(&fine), Acme),
            (Some(&fine), Some(&fine), Own),
            (Some(&fine), None, Own),
            // The owner's counts for whatever names.
            (Some(&other), Some(&fine), Own),
            (None, Some(&other), SelfSigned),
            (Some(&expired), Some(&fine), Acme),
            (Some(&expired), Some(&expired), Own),
            (Some(&expired), None, Own),
            (None, Some(&expired), Acme),
        ] {
            let names = ["a.test".to_owned(), "www.a.test".to_owned()];
            let now = "2026-06-01T00:00:00Z".parse().unwrap();
            assert_eq!(choose(own, acme, &names, now), chosen);
        }
    }
}
