//! A certificate with its key: checked, or made.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::error::X509Error;

use crate::certificate::{chain_of, parse, title};
use crate::{Certificate, CertificateError};

/// A certificate with those that vouch for it, and its key.
#[derive(Clone, PartialEq, Eq)]
pub struct Issued {
    /// The certificates in PEM: the first is the one for the names, each other one vouches for the one before.
    pub chain: String,
    /// The private key in PEM.
    pub key: String,
}

impl Issued {
    /// Reads the certificate.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn certificate(&self) -> Result<Certificate, CertificateError> {
        Certificate::from_pem(self.chain.as_bytes())
    }
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued").field("chain", &self.chain).finish_non_exhaustive()
    }
}

/// Checks a chain and a key, both in PEM, as a person gives them: that the key is that of the first certificate, that
/// each other certificate vouches for the one before, and that the first is valid at `now`.
///
/// # Errors
/// The first thing that is wrong.
pub fn check_pair(chain: &[u8], key: &[u8], now: Timestamp) -> Result<Certificate, CertificateError> {
    let ders = chain_of(chain)
        .map_err(|error| if holds_a_key(chain) { CertificateError::Swapped } else { error })?;
    let certificate = Certificate::from_der(&ders[0])?;
    check_key(&ders[0], key)?;
    check_order(&ders)?;
    if certificate.is_expired(now) {
        return Err(CertificateError::Expired { at: certificate.not_after });
    }
    if now < certificate.not_before {
        return Err(CertificateError::NotYetValid { at: certificate.not_before });
    }
    if certificate.names.is_empty() {
        return Err(CertificateError::NoNames);
    }
    Ok(certificate)
}

fn holds_a_key(pem: &[u8]) -> bool {
    PrivateKeyDer::from_pem_slice(pem).is_ok()
}

fn check_key(certificate: &[u8], key: &[u8]) -> Result<(), CertificateError> {
    let text = String::from_utf8_lossy(key);
    if text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(CertificateError::EncryptedKey);
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| CertificateError::NoKey)?;
    let signing =
        any_supported_type(&key).map_err(|error| CertificateError::UnsupportedKey { source: error })?;
    let public = signing.public_key();
    match public {
        Some(public) if public.as_ref() != parse(certificate)?.public_key().raw => {
            Err(CertificateError::OtherKey)
        }
        _ => Ok(()),
    }
}

/// Checks that each certificate vouches for the one before.
fn check_order(chain: &[CertificateDer<'_>]) -> Result<(), CertificateError> {
    for (at, pair) in chain.windows(2).enumerate() {
        let (certificate, issuer) = (parse(&pair[0])?, parse(&pair[1])?);
        let named = certificate.issuer().as_raw() == issuer.subject().as_raw();
        let vouches = match certificate.verify_signature(Some(issuer.public_key())) {
            Ok(()) => true,
            // What can't be checked here is for the browser to check.
            Err(error) => matches!(error, X509Error::SignatureUnsupportedAlgorithm),
        };
        if !named || !vouches {
            return Err(CertificateError::Chain {
                position: at + 2,
                found: title(issuer.subject()),
                wanted: title(certificate.issuer()),
            });
        }
    }
    Ok(())
}

/// How long a self-signed certificate is valid.
const YEARS: i16 = 10;

/// Makes a certificate that vouches for itself, so that a server can answer over HTTPS before it has a real one.
///
/// It is valid for ten years, from the day before `now` on.
///
/// # Errors
/// If a name can't be in a certificate.
pub fn self_signed<'a>(
    names: impl IntoIterator<Item = &'a str>,
    now: Timestamp,
) -> Result<Issued, CertificateError> {
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let unusable = |source| CertificateError::UnusableNames { source };
    let mut params = CertificateParams::new(names).map_err(unusable)?;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, "self-signed");
    params.distinguished_name = subject;
    let start = now.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(now);
    let date = jiff::tz::TimeZone::UTC.to_datetime(start).date();
    let day = |years: i16| {
        rcgen::date_time_ymd(
            i32::from(date.year() + years),
            date.month().unsigned_abs(),
            date.day().unsigned_abs().min(28),
        )
    };
    (params.not_before, params.not_after) = (day(0), day(YEARS));
    let key = KeyPair::generate().map_err(unusable)?;
    let certificate = params.self_signed(&key).map_err(unusable)?;
    Ok(Issued { chain: certificate.pem(), key: key.serialize_pem() })
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, IsCa, Issuer};

    use super::*;

    fn now() -> Timestamp {
        "2026-11-26T12:00:00Z".parse().unwrap()
    }

    /// A root, one below it, and a certificate with its key below that: PEM of each.
    struct Family {
        root: String,
        middle: String,
        leaf: String,
        key: String,
    }

    fn family() -> Family {
        let authority = |name: &str| {
            let mut params = CertificateParams::new([]).unwrap();
            params.distinguished_name = DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, name);
            params.distinguished_name.push(DnType::OrganizationName, "Test");
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params
        };
        let (root_key, middle_key, key) =
            (KeyPair::generate().unwrap(), KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let root = authority("Root").self_signed(&root_key).unwrap().pem();
        let root_issuer = Issuer::new(authority("Root"), root_key);
        let middle = authority("Middle").signed_by(&middle_key, &root_issuer).unwrap().pem();
        let middle_issuer = Issuer::new(authority("Middle"), middle_key);
        let names = ["Blog.example.org".to_owned(), "*.example.org".to_owned()];
        let leaf = CertificateParams::new(names).unwrap().signed_by(&key, &middle_issuer).unwrap().pem();
        Family { root, middle, leaf, key: key.serialize_pem() }
    }

    fn check(parts: &[&str], key: &str) -> Result<Certificate, CertificateError> {
        check_pair(parts.concat().as_bytes(), key.as_bytes(), now())
    }

    fn code(parts: &[&str], key: &str) -> &'static str {
        check(parts, key).map_or_else(|error| error.code(), |_| "")
    }

    #[test]
    fn a_chain_in_order_with_its_key_is_read() {
        let Family { root, middle, leaf, key } = family();
        let read = check(&[&leaf, &middle, &root], &key).unwrap();
        assert_eq!(read.names, ["blog.example.org", "*.example.org"]);
        assert_eq!((read.issuer.as_str(), read.self_signed), ("Test Middle", false));
        assert!(check(&[&leaf, &middle], &key).is_ok(), "the root is not needed");
        assert!(check(&[&leaf], &key).is_ok());
        assert!(check(&["a line before\n", &leaf.replace('\n', "\r\n"), &middle], &key).is_ok());
    }

    #[test]
    fn what_is_wrong_is_told_by_itself() {
        let Family { root, middle, leaf, key } = family();
        let other = family();
        assert_eq!(code(&[], &key), "acme::no-certificate");
        assert_eq!(code(&["no pem at all"], &key), "acme::no-certificate");
        assert_eq!(code(&[&key], &leaf), "acme::key-for-certificate");
        assert_eq!(code(&[&leaf], &leaf), "acme::no-key");
        assert_eq!(code(&[&leaf], &other.key), "acme::other-key");
        assert_eq!(code(&[&middle, &leaf], &key), "acme::other-key");
        assert_eq!(code(&[&leaf, &root], &key), "acme::chain");
        assert_eq!(code(&[&leaf, &root, &middle], &key), "acme::chain");
        // The same name, and another key: what it should vouch for is not its own.
        assert_eq!(code(&[&leaf, &other.middle], &key), "acme::chain");
        let garbled = leaf.replacen("MII", "AII", 1);
        assert_eq!(code(&[&garbled], &key), "acme::unreadable-certificate");
        let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        assert_eq!(code(&[&leaf], &encrypted), "acme::encrypted-key");
        let chain = check(&[&leaf, &root], &key).unwrap_err().to_string();
        assert_eq!(
            chain,
            "certificate 2 of the chain is that of `Test Root`, and should be that of `Test Middle`"
        );
    }

    #[test]
    fn a_certificate_is_valid_from_its_beginning_to_its_end() {
        let made = self_signed(["blog.example.org"], now()).unwrap();
        let at = |time: Timestamp| {
            check_pair(made.chain.as_bytes(), made.key.as_bytes(), time)
                .map_or_else(|error| error.code(), |_| "")
        };
        assert_eq!(at(now()), "");
        assert_eq!(at("2026-11-01T00:00:00Z".parse().unwrap()), "acme::not-yet-valid");
        assert_eq!(at("2037-01-01T00:00:00Z".parse().unwrap()), "acme::expired");
    }

    #[test]
    fn a_self_signed_certificate_is_for_patterns_too_and_says_what_it_is() {
        for day in ["2024-02-29T12:00:00Z", "2026-03-01T00:30:00Z", "2026-12-31T23:59:59Z"] {
            let now: Timestamp = day.parse().unwrap();
            let made = self_signed(["a.example.org", "*.example.org"], now).unwrap();
            let read = made.certificate().unwrap();
            assert_eq!(read.names, ["a.example.org", "*.example.org"]);
            assert!(read.self_signed && read.not_before < now && !read.is_due(now), "{read:?}");
        }
        assert!(self_signed(["b\u{fc}cher.example.org"], now()).is_err());
    }
}
