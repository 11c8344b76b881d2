//! Prefix of names in nginx, to avoid conflicts with other programs.

use std::{fmt, str::FromStr};

use crate::InvalidSite;

/// Prefix of the names that sites define in nginx, to avoid conflicts with other programs: upstreams, cache zones,
/// variables, and the hosts of the servers that reject unknown hosts.
///
/// A lower-case letter, then lower-case letters and digits, at most 12. Two programs that write sites for the same
/// nginx should not share one. The default is `site`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace(String);

impl Namespace {
    /// Returns the prefix.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the name, with its `$`, of a variable that every site of the namespace sets for itself.
    pub(crate) fn variable(&self, purpose: &str) -> String {
        format!("${}_{purpose}", self.0)
    }
}

impl Default for Namespace {
    fn default() -> Self {
        Self("site".to_owned())
    }
}

impl FromStr for Namespace {
    type Err = InvalidSite;

    fn from_str(word: &str) -> Result<Self, InvalidSite> {
        let fits = word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.len() <= 12
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        fits.then(|| Self(word.to_owned())).ok_or_else(|| InvalidSite::Namespace(word.to_owned()))
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Namespace;

    #[test]
    fn what_could_be_more_than_the_beginning_of_a_name_is_refused() {
        for word in ["a", "shop", "a1", "abcdefghijkl"] {
            assert!(word.parse::<Namespace>().is_ok(), "{word:?}");
        }
        for word in ["", "A", "1a", "a-b", "a_b", "a.b", "a b", "ä", "abcdefghijklm"] {
            assert!(word.parse::<Namespace>().is_err(), "{word:?}");
        }
    }
}
