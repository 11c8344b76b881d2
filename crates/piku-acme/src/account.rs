//! Accounts at an authority, and what one is made with.

use std::fmt;
use std::str::FromStr;

use base64::alphabet;
use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};
use instant_acme::{AccountCredentials, ExternalAccountKey};
use serde::{Deserialize, Serialize};

/// The email address to which an authority writes about certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact(String);

/// An address that no authority would accept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an email address")]
pub struct InvalidContact(pub String);

impl InvalidContact {
    /// The error's name for other programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "acme::bad-contact"
    }

    /// What to do now.
    #[must_use]
    pub fn help(&self) -> &'static str {
        "write it as `you@your-domain.org`"
    }
}

impl FromStr for Contact {
    type Err = InvalidContact;

    /// Parses `you@example.org`, with or without `mailto:`.
    fn from_str(text: &str) -> Result<Self, InvalidContact> {
        let address = text.trim();
        let address = address.strip_prefix("mailto:").unwrap_or(address);
        let fits = |part: &str| {
            !part.is_empty()
                && part.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | ',' | '?'))
        };
        match address.rsplit_once('@') {
            Some((local, host)) if fits(local) && fits(host) && host.contains('.') && !host.contains('@') => {
                Ok(Self(address.to_owned()))
            }
            _ => Err(InvalidContact(text.to_owned())),
        }
    }
}

impl fmt::Display for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An account that one has with an authority already, to which the ACME account is bound.
#[derive(Clone, PartialEq, Eq)]
pub struct ExternalAccount {
    kid: String,
    key: Vec<u8>,
}

/// A key of an external account that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key of the external account `{kid}` is not base64url")]
pub struct InvalidExternalAccount {
    /// The identifier that it was given with.
    pub kid: String,
}

impl InvalidExternalAccount {
    /// The error's name for other programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "acme::bad-external-account"
    }

    /// What to do now.
    #[must_use]
    pub fn help(&self) -> &'static str {
        "copy the HMAC key again as the authority shows it"
    }
}

impl ExternalAccount {
    /// An external account with its identifier and its HMAC key, as the authority shows them (base64url).
    ///
    /// # Errors
    /// If the key is empty or not base64url.
    pub fn new(kid: &str, hmac: &str) -> Result<Self, InvalidExternalAccount> {
        let key = base64url(hmac.trim()).filter(|key| !key.is_empty());
        let kid = kid.trim().to_owned();
        match key {
            Some(key) if !kid.is_empty() => Ok(Self { kid, key }),
            _ => Err(InvalidExternalAccount { kid }),
        }
    }

    pub(crate) fn key(&self) -> ExternalAccountKey {
        ExternalAccountKey::new(self.kid.clone(), &self.key)
    }
}

impl fmt::Debug for ExternalAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExternalAccount").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// Reads base64url, with or without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Decodes base64, of either alphabet, with or without padding.
fn base64url(text: &str) -> Option<Vec<u8>> {
    LENIENT.decode(text.replace('+', "-").replace('/', "_")).ok()
}

/// An account at one directory: its private key and its address.
///
/// Whoever has the bytes of [`Account::to_bytes`] can order and revoke in its name: store them with mode 600.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    directory: String,
    /// As the ACME client writes them.
    credentials: serde_json::Value,
}

/// Bytes that are no stored account.
#[derive(Debug, thiserror::Error)]
#[error("the stored account of the certificate authority can't be read")]
pub struct InvalidAccount {
    source: serde_json::Error,
}

impl InvalidAccount {
    /// The error's name for other programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "acme::bad-account-file"
    }

    /// What to do now.
    #[must_use]
    pub fn help(&self) -> &'static str {
        "remove the file of the account: the next order makes a new one"
    }
}

impl Account {
    /// Reads what [`Account::to_bytes`] wrote.
    ///
    /// # Errors
    /// If it is something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidAccount> {
        let account: Self = serde_json::from_slice(bytes).map_err(|source| InvalidAccount { source })?;
        account.credentials().map(|_| account)
    }

    /// The account as text in JSON, which holds its private key.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// The address of the directory that it is an account of.
    #[must_use]
    pub fn directory(&self) -> &str {
        &self.directory
    }

    pub(crate) fn new(directory: &str, credentials: &AccountCredentials) -> Result<Self, InvalidAccount> {
        let credentials = serde_json::to_value(credentials).map_err(|source| InvalidAccount { source })?;
        Ok(Self { directory: directory.to_owned(), credentials })
    }

    pub(crate) fn credentials(&self) -> Result<AccountCredentials, InvalidAccount> {
        serde_json::from_value(self.credentials.clone()).map_err(|source| InvalidAccount { source })
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("directory", &self.directory).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_an_email_address() {
        assert_eq!("me@example.org".parse::<Contact>().unwrap().to_string(), "me@example.org");
        assert_eq!("mailto:me@example.org".parse::<Contact>().unwrap().to_string(), "me@example.org");
        for text in [
            "",
            "me",
            "me@",
            "@example.org",
            "me@localhost",
            "a b@example.org",
            "<me@example.org>",
            "a@b@c.org,d@e.org",
        ] {
            assert_eq!(text.parse::<Contact>(), Err(InvalidContact(text.to_owned())));
        }
    }

    #[test]
    fn a_key_is_read_in_both_alphabets_and_never_shown() {
        let account =
            ExternalAccount::new("kid-1", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W")
                .unwrap();
        assert_eq!(account.key.len(), 48);
        assert_eq!(format!("{account:?}"), "ExternalAccount { kid: \"kid-1\", .. }");
        assert_eq!(base64url("-_8=").as_deref(), Some(&[0xfb, 0xff][..]));
        assert_eq!(base64url("+/8"), base64url("-_8="));
        assert_eq!(base64url("aGk"), Some(b"hi".to_vec()));
        for (kid, key) in [("k", ""), ("k", "not base64!"), ("k", "a"), ("", "aGk")] {
            assert!(ExternalAccount::new(kid, key).is_err(), "{kid:?} {key:?}");
        }
    }

    #[test]
    fn what_is_no_account_is_refused() {
        for text in ["", "{}", "[]", r#"{"directory":"https://x.org/","credentials":{}}"#] {
            let refused = Account::from_bytes(text.as_bytes()).unwrap_err();
            assert!(std::error::Error::source(&refused).is_some());
        }
    }
}
