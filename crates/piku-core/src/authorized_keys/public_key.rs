//! Parses public keys.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::{Digest, Sha256};

use crate::access::KeyName;

/// Why a key can't be added.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text contains no key.
    #[error("the input has no public key")]
    Empty,
    /// A line is not a public key.
    #[error("line {line} is not an ssh public key")]
    NotAKey {
        /// The line, from 1.
        line: usize,
    },
    /// A line has options before its key.
    #[error("line {line} has options before its key")]
    Options {
        /// The line, from 1.
        line: usize,
    },
    /// A line is a certificate.
    #[error("line {line} is a certificate, and piku takes plain keys")]
    Certificate {
        /// The line, from 1.
        line: usize,
    },
    /// There is more than one key for one name.
    #[error("the input has {count} keys, and a name is for one")]
    Several {
        /// How many.
        count: usize,
    },
    /// It is a private key.
    #[error("that is a private key, which must never leave its machine")]
    Private,
}

impl KeyError {
    /// What to do now.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Private => "give the file whose name ends in `.pub`".to_owned(),
            Self::Several { .. } => {
                "add each under a name of its own, or all as administrators with `setup:ssh`".to_owned()
            }
            Self::Options { .. } => "give the key alone; `keys:allow` limits what it may do".to_owned(),
            Self::Certificate { .. } => {
                "give the public key that it was made for, whose file does not end in `-cert.pub`".to_owned()
            }
            _ => "give a line such as `ssh-ed25519 AAAA… alice@laptop`, without options before it".to_owned(),
        }
    }
}

/// A public key, parsed so that nothing else on the line is ever written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey {
    pub(crate) kind: String,
    pub(crate) blob: String,
    /// The name that its comment gives it.
    pub(crate) name: KeyName,
    pub(crate) fingerprint: String,
}

/// Whether a word is a kind of key, as lines with keys begin.
pub(super) fn is_kind(word: &str) -> bool {
    let known = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"].iter().any(|start| word.starts_with(start));
    known && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '@' | '.'))
}

/// The fingerprint of a key as `ssh-keygen -l` shows it; `None` if it is not one of this kind (RFC 4253, section 6.6).
pub(super) fn fingerprint(kind: &str, blob: &str) -> Option<String> {
    let bytes = STANDARD.decode(blob).ok()?;
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let named = rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    let whole = rest.len() > named.len() && named == kind.as_bytes();
    whole.then(|| format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(&bytes))))
}

/// Parses public keys, one per line (sshd(8), "AUTHORIZED_KEYS FILE FORMAT", without options).
pub(crate) fn read_keys(text: &str) -> Result<Vec<PublicKey>, KeyError> {
    if text.contains("PRIVATE KEY-----") {
        return Err(KeyError::Private);
    }
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let keys = lines.map(|(number, line)| read_key(number, line)).collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() { Err(KeyError::Empty) } else { Ok(keys) }
}

fn read_key(line: usize, text: &str) -> Result<PublicKey, KeyError> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let is_key = |words: &[&str]| is_kind(words[0]) && fingerprint(words[0], words[1]).is_some();
    let [kind, blob, comment @ ..] = words.as_slice() else { return Err(KeyError::NotAKey { line }) };
    if is_kind(kind) && kind.contains("-cert-v") || words.contains(&"cert-authority") {
        return Err(KeyError::Certificate { line });
    }
    let Some(fingerprint) = fingerprint(kind, blob).filter(|_| is_kind(kind)) else {
        let options = !is_kind(kind) && words.windows(2).skip(1).any(is_key);
        return Err(if options { KeyError::Options { line } } else { KeyError::NotAKey { line } });
    };
    Ok(PublicKey {
        kind: (*kind).to_owned(),
        blob: (*blob).to_owned(),
        name: KeyName::from_comment(&comment.join(" ")),
        fingerprint,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOB: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIJd3Uc1xfH9mZ8mB4qvB2mM0k7nU2s3nE9m7l1cXy0Qa";

    #[test]
    fn a_key_has_a_name_and_a_fingerprint() {
        let keys = read_keys(&format!("# mine\r\n\tssh-ed25519 {BLOB} alice@laptop \"; id\r\n")).unwrap();
        assert_eq!(keys.len(), 1);
        assert_eq!((keys[0].kind.as_str(), keys[0].blob.as_str()), ("ssh-ed25519", BLOB));
        assert_eq!(keys[0].name.as_str(), "alice@laptopid");
        // As `ssh-keygen -l` says.
        assert_eq!(keys[0].fingerprint, "SHA256:BEpn7OjtzHZ2mVfNo/t2FLF1FAE5ZP7RcGMOSbBPIHQ");
    }

    #[test]
    fn what_is_not_a_public_key_is_refused_with_its_line() {
        let said = |text: &str| read_keys(text).unwrap_err().to_string();
        let key = format!("ssh-ed25519 {BLOB}");
        for (text, message) in [
            ("hello".to_owned(), "line 1 is not an ssh public key"),
            ("ssh-ed25519 AAAA".to_owned(), "line 1 is not an ssh public key"),
            (format!("ssh-rsa {BLOB}"), "line 1 is not an ssh public key"),
            (format!("{key}x"), "line 1 is not an ssh public key"),
            (format!("{key}\n{}\u{0}", &key[..60]), "line 2 is not an ssh public key"),
            (format!("\ncommand=\"id\" {key}"), "line 2 has options before its key"),
            (format!("from=\"a b\",no-pty {key} bob"), "line 1 has options before its key"),
            (format!("cert-authority {key}"), "line 1 is a certificate, and piku takes plain keys"),
            (
                format!("ssh-ed25519-cert-v01@openssh.com {BLOB}"),
                "line 1 is a certificate, and piku takes plain keys",
            ),
            ("\n# nothing\n".to_owned(), "the input has no public key"),
            (
                "-----BEGIN OPENSSH PRIVATE KEY-----\n".to_owned(),
                "that is a private key, which must never leave its machine",
            ),
        ] {
            assert_eq!(said(&text), message, "{text}");
        }
    }
}
