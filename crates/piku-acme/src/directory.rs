//! The authority that issues certificates.

use std::fmt;
use std::str::FromStr;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::name;
use crate::{DnsName, Uncertifiable};

/// An authority, by the address of its ACME directory.
///
/// ```
/// use piku_acme::Directory;
///
/// assert_eq!("letsencrypt".parse(), Ok(Directory::lets_encrypt()));
/// let own: Directory = "https://ca.example.org/acme/directory".parse()?;
/// assert_eq!(own.to_string(), "https://ca.example.org/acme/directory");
/// assert!(Directory::lets_encrypt().certifiable("*.example.org").is_err());
/// # Ok::<(), piku_acme::InvalidDirectory>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    url: String,
    /// The only certificates that vouch for the directory itself, in DER; the system's if there are none.
    roots: Vec<Vec<u8>>,
}

/// A public authority.
struct Known {
    /// What it calls itself.
    title: &'static str,
    /// The names by which it is asked for: ours, then those of acme.sh.
    names: &'static [&'static str],
    url: &'static str,
    external_account: bool,
}

const KNOWN: [Known; 7] = [
    Known {
        title: "Let's Encrypt",
        names: &["letsencrypt", "letsencrypt.org"],
        url: "https://acme-v02.api.letsencrypt.org/directory",
        external_account: false,
    },
    Known {
        title: "Let's Encrypt (staging)",
        names: &["letsencrypt-staging", "letsencrypt_test", "letsencrypttest", "letsencrypt.org_test"],
        url: "https://acme-staging-v02.api.letsencrypt.org/directory",
        external_account: false,
    },
    Known {
        title: "ZeroSSL",
        names: &["zerossl", "zerossl.com"],
        url: "https://acme.zerossl.com/v2/DV90",
        external_account: true,
    },
    Known {
        title: "SSL.com",
        names: &["sslcom", "ssl.com"],
        url: "https://acme.ssl.com/sslcom-dv-ecc",
        external_account: true,
    },
    Known {
        title: "Google Trust Services",
        names: &["google", "google.com"],
        url: "https://dv.acme-v02.api.pki.goog/directory",
        external_account: true,
    },
    Known {
        title: "Google Trust Services (staging)",
        names: &["google-staging", "google_test", "googletest", "google.com_test"],
        url: "https://dv.acme-v02.test-api.pki.goog/directory",
        external_account: true,
    },
    Known {
        title: "Actalis",
        names: &["actalis", "actalis.com"],
        url: "https://acme-api.actalis.com/acme/directory",
        external_account: true,
    },
];

/// A directory that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidDirectory {
    /// Neither a known authority nor an address.
    #[error("`{0}` is neither a known certificate authority nor the https address of an ACME directory")]
    Unknown(String),
    /// The roots hold no certificate that can be read.
    #[error("there is no certificate in PEM among the roots to trust")]
    Roots,
}

impl InvalidDirectory {
    /// The error's name for other programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "acme::unknown-authority",
            Self::Roots => "acme::bad-roots",
        }
    }

    /// What to do now.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Unknown(_) => {
                let names: Vec<String> = KNOWN.iter().map(|known| format!("`{}`", known.names[0])).collect();
                format!("name one of {}, or give an address that begins with `https://`", names.join(", "))
            }
            Self::Roots => "give a file that has lines `-----BEGIN CERTIFICATE-----`".to_owned(),
        }
    }
}

impl Directory {
    /// Let's Encrypt.
    #[must_use]
    pub fn lets_encrypt() -> Self {
        Self::known(&KNOWN[0])
    }

    /// Let's Encrypt for trying out: no browser trusts its certificates, and its limits are high.
    #[must_use]
    pub fn lets_encrypt_staging() -> Self {
        Self::known(&KNOWN[1])
    }

    /// ZeroSSL, which requires an external account.
    #[must_use]
    pub fn zero_ssl() -> Self {
        Self::known(&KNOWN[2])
    }

    fn known(known: &Known) -> Self {
        Self { url: known.url.to_owned(), roots: Vec::new() }
    }

    /// The directory at an `https` address.
    ///
    /// # Errors
    /// [`InvalidDirectory::Unknown`] for other addresses.
    pub fn at(url: &str) -> Result<Self, InvalidDirectory> {
        let unknown = || InvalidDirectory::Unknown(url.to_owned());
        let uri: http::Uri = url.parse().map_err(|_| unknown())?;
        let is_https = uri.scheme() == Some(&http::uri::Scheme::HTTPS);
        let has_host = uri.host().is_some_and(|host| !host.is_empty());
        if !is_https || !has_host {
            return Err(unknown());
        }
        Ok(Self { url: url.to_owned(), roots: Vec::new() })
    }

    /// Trusts only these roots, one or more certificates in PEM, when it talks to the directory; for private authorities.
    ///
    /// # Errors
    /// [`InvalidDirectory::Roots`] if there is none.
    pub fn trusting(mut self, roots: &[u8]) -> Result<Self, InvalidDirectory> {
        let read = CertificateDer::pem_slice_iter(roots).collect::<Result<Vec<_>, _>>();
        self.roots = read.map_err(|_| InvalidDirectory::Roots)?.iter().map(|root| root.to_vec()).collect();
        if self.roots.is_empty() { Err(InvalidDirectory::Roots) } else { Ok(self) }
    }

    /// The address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether it is known to make no account without an external one.
    #[must_use]
    pub fn needs_external_account(&self) -> bool {
        self.entry().is_some_and(|known| known.external_account)
    }

    /// Checks that http-01 can prove a name to this authority.
    ///
    /// Authorities that are not known here may be private: names of a network of one's own are left for them to judge.
    ///
    /// # Errors
    /// The reason why it can't.
    pub fn certifiable(&self, name: &str) -> Result<DnsName, Uncertifiable> {
        name::parse(name, self.entry().is_some())
    }

    pub(crate) fn roots(&self) -> &[Vec<u8>] {
        &self.roots
    }

    fn entry(&self) -> Option<&'static Known> {
        KNOWN.iter().find(|known| known.url == self.url)
    }
}

impl Default for Directory {
    fn default() -> Self {
        Self::lets_encrypt()
    }
}

impl FromStr for Directory {
    type Err = InvalidDirectory;

    fn from_str(text: &str) -> Result<Self, InvalidDirectory> {
        let text = text.trim();
        let name = text.to_ascii_lowercase();
        KNOWN
            .iter()
            .find(|known| known.names.contains(&name.as_str()))
            .map_or_else(|| Self::at(text), |known| Ok(Self::known(known)))
    }
}

impl fmt::Display for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.entry().map_or(self.url.as_str(), |known| known.title))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_known_by_the_names_that_people_use() {
        for name in ["letsencrypt", "LetsEncrypt.org", " letsencrypt "] {
            assert_eq!(name.parse(), Ok(Directory::lets_encrypt()), "{name}");
        }
        for name in ["letsencrypt_test", "letsencrypt-staging"] {
            assert_eq!(name.parse(), Ok(Directory::lets_encrypt_staging()), "{name}");
        }
        let zero: Directory = "zerossl".parse().unwrap();
        assert!(zero.needs_external_account() && !Directory::default().needs_external_account());
        // The address of a known one is that one.
        let written: Directory = "https://acme.zerossl.com/v2/DV90".parse().unwrap();
        assert_eq!((written.to_string().as_str(), written.needs_external_account()), ("ZeroSSL", true));
    }

    #[test]
    fn what_is_no_authority_is_refused_with_those_there_are() {
        for text in
            ["", "letsencrpyt", "http://ca.example.org/dir", "https://", "ftp://x.org/", "/etc/ca.pem"]
        {
            let refused = text.parse::<Directory>().unwrap_err();
            assert_eq!(refused, InvalidDirectory::Unknown(text.to_owned()));
            assert!(refused.help().contains("`letsencrypt`"));
        }
        let own = Directory::at("https://ca.lan:8443/acme/directory").unwrap();
        assert_eq!(own.clone().trusting(b"no pem"), Err(InvalidDirectory::Roots));
        assert!(own.certifiable("nas.lan").is_ok());
    }
}
