//! A certificate with its key, as PEM. Pure.

use crate::fingerprint;

/// A certificate, the chain after it, and the key of the certificate.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    /// The certificates, the site's own first.
    pub(crate) chain: String,
    /// The private key.
    pub(crate) key: String,
}

/// Does not show the key.
impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pair").field("print", &self.print()).finish_non_exhaustive()
    }
}

/// Why a text has no certificate with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAPair {
    /// No certificate.
    #[error("no certificate was given")]
    NoCertificate,
    /// A request instead of a certificate.
    #[error("a request for a certificate was given instead of the certificate")]
    Request,
    /// No key.
    #[error("no private key was given")]
    NoKey,
    /// More than one key.
    #[error("{0} private keys were given")]
    Keys(usize),
    /// Not PEM.
    #[error("what was given is not in PEM form: text with `-----BEGIN` lines")]
    Binary,
    /// A block without its end.
    #[error("what was given is cut off: a block has no `-----END` line")]
    CutOff,
}

impl NotAPair {
    /// What to do now.
    #[must_use]
    pub fn help(self) -> String {
        match self {
            Self::NoCertificate | Self::CutOff => {
                "give the whole file that the authority sent, such as `fullchain.pem`".to_owned()
            }
            Self::Request => "give what the authority made of the request".to_owned(),
            Self::NoKey => "give the key that the certificate was requested with, such as `privkey.pem`; \
                            over ssh: `cat CERT KEY | ssh piku@<server> certs:add APP -`"
                .to_owned(),
            Self::Keys(_) => "give the one key of the certificate".to_owned(),
            Self::Binary => "convert it: `openssl x509 -inform der -in CERT -out cert.pem`, or \
                             `openssl pkcs12 -in FILE -nodes -out all.pem`"
                .to_owned(),
        }
    }
}

impl Pair {
    /// Finds certificates and key in a text, in any order and with any text between them.
    pub(crate) fn find(text: &[u8]) -> Result<Self, NotAPair> {
        let binary = || text.contains(&0) || text.first() == Some(&0x30);
        let text = String::from_utf8_lossy(text);
        let (mut chain, mut keys, mut request) = (String::new(), Vec::new(), false);
        for block in blocks(&text)? {
            match block.label {
                "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => chain += &block.text,
                label if label.ends_with("PRIVATE KEY") => keys.push(block.text),
                "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => request = true,
                _ => {}
            }
        }
        match (chain.is_empty(), keys.len()) {
            (true, 0) if binary() => Err(NotAPair::Binary),
            (true, _) if request => Err(NotAPair::Request),
            (true, _) => Err(NotAPair::NoCertificate),
            (false, 0) => Err(NotAPair::NoKey),
            (false, 1) => Ok(Self { chain, key: keys.remove(0) }),
            (false, more) => Err(NotAPair::Keys(more)),
        }
    }

    /// The text that [`Pair::find`] reads.
    pub(crate) fn to_pem(&self) -> String {
        format!("{}{}", self.chain, self.key)
    }

    /// A name for the pair, which no other has.
    pub(crate) fn print(&self) -> String {
        fingerprint::of(self.to_pem())
    }
}

struct Block<'a> {
    label: &'a str,
    text: String,
}

/// The blocks of a PEM text (RFC 7468), with LF at the end of each line.
fn blocks(text: &str) -> Result<Vec<Block<'_>>, NotAPair> {
    let mut found = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for line in text.lines().map(str::trim) {
        if let Some(label) = line.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----")) {
            if open.is_some() {
                return Err(NotAPair::CutOff);
            }
            open = Some(Block { label, text: String::new() });
        }
        let Some(block) = &mut open else { continue };
        block.text += line;
        block.text.push('\n');
        if let Some(label) = line.strip_prefix("-----END ") {
            if label.trim_end_matches('-') != block.label {
                return Err(NotAPair::CutOff);
            }
            found.extend(open.take());
        }
    }
    if open.is_some() { Err(NotAPair::CutOff) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(label: &str, inside: &str) -> String {
        format!("-----BEGIN {label}-----\n{inside}\n-----END {label}-----\n")
    }

    #[test]
    fn certificates_and_key_are_found_in_any_order_and_between_other_text() {
        let (leaf, chain) = (block("CERTIFICATE", "YQ=="), block("CERTIFICATE", "Yg=="));
        let key = block("EC PRIVATE KEY", "Yw==");
        let texts = [
            format!("{leaf}{chain}{key}"),
            format!("{}{key}subject=CN = a\n{leaf}\n\n{chain}", block("EC PARAMETERS", "ZA==")),
            format!("{key}{leaf}{chain}").replace('\n', "\r\n"),
        ];
        for text in texts {
            let pair = Pair::find(text.as_bytes()).unwrap();
            assert_eq!((&pair.chain, &pair.key), (&format!("{leaf}{chain}"), &key));
            assert_eq!(Pair::find(pair.to_pem().as_bytes()), Ok(pair));
        }
    }

    #[test]
    fn what_is_missing_is_said() {
        let (leaf, key) = (block("CERTIFICATE", "YQ=="), block("PRIVATE KEY", "Yw=="));
        for (text, fault) in [
            (String::new(), NotAPair::NoCertificate),
            ("hello".to_owned(), NotAPair::NoCertificate),
            ("0\u{1}\0".to_owned(), NotAPair::Binary),
            (key.clone(), NotAPair::NoCertificate),
            (format!("{}{key}", block("CERTIFICATE REQUEST", "ZQ==")), NotAPair::Request),
            (leaf.clone(), NotAPair::NoKey),
            (format!("{leaf}{key}{key}"), NotAPair::Keys(2)),
            (format!("{leaf}{}", &key[..40]), NotAPair::CutOff),
            (format!("{}{key}", &leaf[..30]), NotAPair::CutOff),
        ] {
            assert_eq!(Pair::find(text.as_bytes()), Err(fault), "{text}");
        }
        assert!(!format!("{:?}", Pair { chain: leaf, key }).contains("Yw=="));
    }
}
