//! What is wrong with a certificate or its key.

use jiff::Timestamp;

/// What is wrong with a certificate or its key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// There is no certificate.
    #[error("there is no certificate in PEM")]
    NoCertificate,
    /// The files were given in the wrong order.
    #[error("there is a private key where the certificate should be")]
    Swapped,
    /// A certificate can't be read.
    #[error("the certificate can't be read")]
    Unreadable {
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no private key.
    #[error("there is no private key in PEM")]
    NoKey,
    /// The key has a passphrase.
    #[error("the private key is protected by a passphrase")]
    EncryptedKey,
    /// The key is of a kind that is not supported.
    #[error("the private key can't be used")]
    UnsupportedKey {
        /// Why.
        source: rustls::Error,
    },
    /// The key belongs to another certificate.
    #[error("the private key is not that of the certificate")]
    OtherKey,
    /// The certificates of the chain are not in order.
    #[error("certificate {position} of the chain is that of `{found}`, and should be that of `{wanted}`")]
    Chain {
        /// Which certificate, from 1.
        position: usize,
        /// Whose it is.
        found: String,
        /// Who issued the one before.
        wanted: String,
    },
    /// Its validity has ended.
    #[error("the certificate expired on {}", day(*at))]
    Expired {
        /// When.
        at: Timestamp,
    },
    /// Its validity has not begun.
    #[error("the certificate is valid from {} on", day(*at))]
    NotYetValid {
        /// When it begins.
        at: Timestamp,
    },
    /// It is for no host.
    #[error("the certificate is for no host name")]
    NoNames,
    /// Names that can't be in a certificate.
    #[error("no certificate can be made for these names")]
    UnusableNames {
        /// Why.
        source: rcgen::Error,
    },
}

impl CertificateError {
    /// The error's name for other programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoCertificate => "acme::no-certificate",
            Self::Swapped => "acme::key-for-certificate",
            Self::Unreadable { .. } => "acme::unreadable-certificate",
            Self::NoKey => "acme::no-key",
            Self::EncryptedKey => "acme::encrypted-key",
            Self::UnsupportedKey { .. } => "acme::unsupported-key",
            Self::OtherKey => "acme::other-key",
            Self::Chain { .. } => "acme::chain",
            Self::Expired { .. } => "acme::expired",
            Self::NotYetValid { .. } => "acme::not-yet-valid",
            Self::NoNames => "acme::no-names",
            Self::UnusableNames { .. } => "acme::unusable-names",
        }
    }

    /// What to do now, if that is known.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoCertificate => {
                "give the file with the lines `-----BEGIN CERTIFICATE-----`, often `fullchain.pem`"
            }
            Self::Swapped => "give the certificate first, then the key",
            Self::Unreadable { .. } => "copy the file again, as text",
            Self::NoKey => "give the file with the line `-----BEGIN PRIVATE KEY-----`, often `privkey.pem`",
            Self::EncryptedKey => "nginx can't ask for it: remove it with `openssl pkey -in KEY -out NEW`",
            Self::UnsupportedKey { .. } => {
                "use an RSA key of 2,048 to 8,192 bits, or one of P-256, P-384, or Ed25519"
            }
            Self::OtherKey => "give the key that the certificate was requested with",
            Self::Chain { .. } => {
                "put the certificate of the site first, then the one that issued it, and so on; the root is not needed"
            }
            Self::Expired { .. } => "get a new one from where this one is from",
            Self::NotYetValid { .. } => "wait until then, or check the clock of this machine",
            Self::NoNames => "ask for a certificate with the names of the site (subject alternative names)",
            Self::UnusableNames { .. } => return None,
        })
    }
}

fn day(at: Timestamp) -> String {
    jiff::tz::TimeZone::UTC.to_datetime(at).date().to_string()
}
