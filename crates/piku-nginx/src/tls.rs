//! The certificate of a site.

use std::fmt;

use crate::FilePath;

/// A certificate with its key, both as PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tls {
    /// The certificate, with the chain after it.
    pub certificate: FilePath,
    /// The private key.
    pub key: FilePath,
    /// A file that the site includes instead of naming both. Its text is that of a [`Tls`], which may name other files.
    ///
    /// nginx opens it once, so it reads a new certificate with its own key, even if both change while it reads its
    /// configuration. It would open two files one after the other.
    pub named_in: Option<FilePath>,
}

impl Tls {
    /// Makes it from both files.
    pub fn new(certificate: FilePath, key: FilePath) -> Self {
        Self { certificate, key, named_in: None }
    }

    /// Returns what a site says, one directive on each line.
    pub(crate) fn directives(&self) -> Vec<String> {
        match &self.named_in {
            None => self.to_string().lines().map(str::to_owned).collect(),
            Some(file) => vec![format!("include {};", file.word())],
        }
    }
}

/// Writes the directives that name both files.
impl fmt::Display for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "ssl_certificate {};", self.certificate.word())?;
        writeln!(f, "ssl_certificate_key {};", self.key.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_names_both_files_or_one_that_does() {
        let path = |text: &str| FilePath::new(text).unwrap();
        let mut tls = Tls::new(path("/srv/a b.crt"), path("/srv/a.key"));
        assert_eq!(tls.to_string(), "ssl_certificate \"/srv/a b.crt\";\nssl_certificate_key /srv/a.key;\n");
        assert_eq!(tls.directives().concat() + "\n", tls.to_string().replacen('\n', "", 1));
        tls.named_in = Some(path("/srv/a.tls"));
        assert_eq!(tls.directives(), ["include /srv/a.tls;"]);
    }
}
