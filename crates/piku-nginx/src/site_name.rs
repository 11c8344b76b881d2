//! Names of sites.

use std::{fmt, str::FromStr};

use crate::{InvalidSite, Namespace};

/// The name of a site, which is the name of its app.
///
/// Letters, digits, `.`, `_`, and `-`, beginning with a letter or a digit, at most 63. Names that differ only in case
/// are different sites, although nginx ignores case in upstreams, host names, and variables.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteName(String);

impl SiteName {
    /// Returns the name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the name of the upstream and of the cache zone, unique even if case is ignored.
    pub fn upstream(&self, namespace: &Namespace) -> String {
        format!("{namespace}-{}", self.folded(|c| matches!(c, '.' | '-')))
    }

    /// Returns the host name of the server that rejects unknown hosts, which nobody can own (RFC 6761).
    pub(crate) fn guard(&self, namespace: &Namespace) -> String {
        format!("{}.{namespace}.invalid", self.folded(|c| matches!(c, '.' | '-')))
    }

    /// Returns the name of a variable of this site, without its `$`.
    ///
    /// nginx keeps variables in a hash with 46 bytes for a name, and refuses to start with a longer one: long names
    /// become a number.
    pub(crate) fn variable(&self, namespace: &Namespace, purpose: &str) -> String {
        let name = self.folded(|_| false);
        if name.len() <= 24 {
            return format!("{namespace}_{purpose}_{name}");
        }
        // FNV-1a. Names are not secret, and strangers do not choose them; two with the same hash would share a
        // `max-age`.
        let number = self.0.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("{namespace}_{purpose}__{number:016x}")
    }

    /// Writes the name in lower case, so that different names stay different: `_` begins a pair that stands for one
    /// character.
    fn folded(&self, keep: impl Fn(char) -> bool) -> String {
        let mut folded = String::new();
        for c in self.0.chars() {
            match c {
                'a'..='z' | '0'..='9' => folded.push(c),
                'A'..='Z' => folded.extend(['_', c.to_ascii_lowercase()]),
                c if keep(c) => folded.push(c),
                '-' => folded.push_str("_1"),
                '.' => folded.push_str("_2"),
                _ => folded.push_str("__"),
            }
        }
        folded
    }
}

impl FromStr for SiteName {
    type Err = InvalidSite;

    fn from_str(name: &str) -> Result<Self, InvalidSite> {
        let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let fits = name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.len() <= 63
            && name.chars().all(safe);
        // Two dots, or one at the end, would make an empty label in the name of the rejecting server.
        let labels = name.split('.').all(|label| !label.is_empty());
        (fits && labels).then(|| Self(name.to_owned())).ok_or_else(|| InvalidSite::Name(name.to_owned()))
    }
}

impl fmt::Display for SiteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Namespace, SiteName};

    fn name(text: &str) -> SiteName {
        text.parse().unwrap()
    }

    #[test]
    fn names_that_nginx_would_take_for_the_same_stay_apart() {
        let names = [
            "blog",
            "Blog",
            "BLOG",
            "_b".trim_start_matches('_'),
            "my-app",
            "my_app",
            "my.app",
            "my1app",
            "a-1",
            "a_1",
            "a.1",
        ];
        let purposes: [fn(&SiteName, &Namespace) -> String; 3] =
            [SiteName::upstream, SiteName::guard, |name, namespace| name.variable(namespace, "x")];
        for purpose in purposes {
            let mut seen: Vec<String> =
                names.iter().map(|n| purpose(&name(n), &Namespace::default())).collect();
            assert!(seen.iter().all(|s| *s == s.to_ascii_lowercase()));
            seen.sort();
            let count = seen.len();
            seen.dedup();
            assert_eq!(seen.len(), count, "{seen:?}");
        }
    }

    #[test]
    fn long_names_fit_into_the_hash_of_variables() {
        let (one, other) = (name(&"A".repeat(63)), name(&"B".repeat(63)));
        let longest: Namespace = "abcdefghijkl".parse().unwrap();
        assert!(one.variable(&longest, "max_age").len() <= 46);
        assert!(name(&"a".repeat(24)).variable(&longest, "max_age").len() <= 46);
        assert_ne!(one.variable(&longest, "max_age"), other.variable(&longest, "max_age"));
    }

    #[test]
    fn names_that_could_leave_their_word_are_refused() {
        for text in
            ["", ".", "-a", "_a", "a b", "a;b", "a/b", "ä", "a..b", "a.", "a\n", "a$b", &"a".repeat(64)]
        {
            assert!(text.parse::<SiteName>().is_err(), "{text:?}");
        }
    }
}
