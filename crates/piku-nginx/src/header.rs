//! Headers added to every answer.

use crate::{InvalidSite, quote};

/// A header that nginx adds to every answer of a site, including its own errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    name: String,
    value: String,
}

impl Header {
    /// Checks that both can be written as they are: a name of letters, digits, and `-`, and a printable value without
    /// `$`, which nginx would expand.
    ///
    /// # Errors
    /// [`InvalidSite::Header`] when one of them can't.
    pub fn new(name: &str, value: &str) -> Result<Self, InvalidSite> {
        let named = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.len() <= 100
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let written = !value.is_empty() && value.len() <= 1000 && !value.chars().any(quote::unwritable);
        if !(named && written) {
            return Err(InvalidSite::Header { name: name.to_owned(), value: value.to_owned() });
        }
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }

    /// Writes the directive.
    pub(crate) fn directive(&self) -> String {
        format!("add_header {} {} always;", self.name, quote::word(&self.value))
    }
}

#[cfg(test)]
mod tests {
    use super::Header;

    #[test]
    fn a_header_is_two_words_or_refused() {
        assert_eq!(Header::new("X-By", "Shop").unwrap().directive(), "add_header X-By Shop always;");
        assert_eq!(Header::new("A", "b; c").unwrap().directive(), "add_header A \"b; c\" always;");
        for (name, value) in [("", "a"), ("a b", "a"), ("a;", "a"), ("a", ""), ("a", "$host"), ("a", "b\nc")]
        {
            assert!(Header::new(name, value).is_err(), "{name:?} {value:?}");
        }
    }
}
