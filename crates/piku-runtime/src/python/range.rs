//! The versions of Python that a project says it runs on, as PEP 440 or Poetry writes them.

use std::str::FromStr;

use pep440_rs::{Version as Release, VersionSpecifiers};

use crate::Version;

/// Versions of Python; one of the alternatives has to accept a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PythonRange(Vec<VersionSpecifiers>);

impl PythonRange {
    /// Reads clauses between commas, such as `>=3.10,<3.13,!=3.11.3`; `None` if it is not PEP 440.
    pub(crate) fn pep440(text: &str) -> Option<Self> {
        VersionSpecifiers::from_str(text.trim()).ok().map(|all| Self(vec![all]))
    }

    /// Reads Poetry's way as well: `^3.10`, `~3.10`, `3.10.*`, `*`, and alternatives between `||`.
    pub(crate) fn poetry(text: &str) -> Option<Self> {
        let alternative = |text: &str| {
            let clauses: Option<Vec<String>> = clauses(text).iter().map(|one| pep440_of(one)).collect();
            let clauses: Vec<String> = clauses?.into_iter().filter(|clause| !clause.is_empty()).collect();
            VersionSpecifiers::from_str(&clauses.join(",")).ok()
        };
        text.split('|').filter(|text| !text.is_empty()).map(alternative).collect::<Option<_>>().map(Self)
    }

    /// Whether it accepts `version`. With an unknown patch, whether it accepts some patch of it.
    pub(crate) fn accepts(&self, version: &Version) -> bool {
        let fits = |patch: u32| {
            let parts = [version.major, version.minor, patch].map(u64::from);
            self.0.iter().any(|all| all.contains(&Release::new(parts)))
        };
        version.patch.map_or_else(|| fits(0) || fits(u32::from(u16::MAX)), fits)
    }

    /// The last alternative as PEP 440 writes it, for tools that know no alternatives.
    pub(crate) fn newest(&self) -> String {
        self.0.last().map(|all| all.to_string().replace(' ', "")).unwrap_or_default()
    }
}

/// Divides at commas and blanks, and joins an operator with the version behind it: `>= 3.8 <4` is two clauses.
fn clauses(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for word in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty()) {
        match all.last_mut() {
            Some(last) if last.ends_with(['<', '>', '=', '^', '~', '!']) => last.push_str(word),
            _ => all.push(word.to_owned()),
        }
    }
    all
}

fn pep440_of(clause: &str) -> Option<String> {
    let numbers =
        |text: &str| -> Option<Vec<u64>> { text.split('.').map(|part| part.parse().ok()).collect() };
    let below = |version: &[u64], parts: usize| {
        let mut next = version.get(..parts.min(version.len()))?.to_vec();
        let last = next.last_mut()?;
        *last = last.saturating_add(1);
        Some(next.iter().map(u64::to_string).collect::<Vec<_>>().join("."))
    };
    if clause == "*" {
        return Some(String::new());
    }
    if let Some(version) = clause.strip_prefix('^') {
        return Some(format!(">={version},<{}", below(&numbers(version)?, 1)?));
    }
    if let Some(version) = clause.strip_prefix('~').filter(|rest| !rest.starts_with('=')) {
        return Some(format!(">={version},<{}", below(&numbers(version)?, 2)?));
    }
    Some(match clause.strip_prefix('=').filter(|rest| !rest.starts_with('=')) {
        Some(version) => format!("=={version}"),
        None if clause.starts_with(|c: char| c.is_ascii_digit()) => format!("=={clause}"),
        None => clause.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(range: &PythonRange, text: &str, inside: &str, outside: &str) {
        for (versions, wanted) in [(inside, true), (outside, false)] {
            for version in versions.split_whitespace() {
                assert_eq!(range.accepts(&version.parse().unwrap()), wanted, "{text} {version}");
            }
        }
    }

    #[test]
    fn a_range_is_read_as_pep_440_reads_it() {
        let cases = [
            (">=3.10", "3.10 3.10.0 3.14.1", "3.9.20 3.9"),
            (">= 3.10, < 3.13", "3.10.0 3.12.9", "3.13.0 3.13 3.9.1"),
            (">=3.11.4", "3.11 3.11.4 3.12.0", "3.11.3 3.10"),
            ("<3.11.4", "3.11 3.11.3", "3.11.4"),
            ("==3.11.*", "3.11 3.11.0 3.11.9", "3.12.0"),
            ("==3.11", "3.11.0 3.11", "3.11.1"),
            ("~=3.10", "3.10.0 3.14.0", "3.9.1 4.0.0"),
            ("~=3.10.2", "3.10 3.10.2 3.10.9", "3.10.1 3.11.0"),
            (">=3.8,!=3.9.*,!=3.11.3", "3.8.1 3.10.0 3.11.2 3.11", "3.9.1 3.9 3.11.3"),
            ("<=3.12", "3.12.0 3.11.9", "3.12.1"),
            (">3.11", "3.11.1 3.12.0", "3.11.0"),
            ("", "3.6.1 3.14.0", ""),
        ];
        for (text, inside, outside) in cases {
            check(&PythonRange::pep440(text).unwrap(), text, inside, outside);
        }
        for text in ["^3.10", "3.10", ">=3.10 <3.12", "newest", ">=", "=>3.10", "*"] {
            assert_eq!(PythonRange::pep440(text), None, "{text}");
        }
    }

    #[test]
    fn a_range_of_poetry_is_read_as_poetry_reads_it() {
        let cases = [
            ("^3.10", "3.10.0 3.14.0", "3.9.1 4.0.0"),
            ("^3.10.4", "3.10.4 3.14.0", "3.10.3"),
            ("^3", "3.6.0 3.14.0", "4.0.0"),
            ("~3.10", "3.10.0 3.10.9", "3.11.0 3.9.1"),
            ("~3", "3.6.0 3.14.0", "4.0.0"),
            ("~3.10.2", "3.10.2 3.10.9", "3.10.1 3.11.0"),
            ("~2.7 || ^3.8", "2.7.18 3.8.0 3.14.0", "3.7.1 2.6.0"),
            ("3.10.*", "3.10.0 3.10.9", "3.11.0"),
            ("3.10", "3.10.0", "3.10.1"),
            ("*", "3.6.0 3.14.0", ""),
            (">=3.8 <3.12", "3.8.0 3.11.9", "3.12.0"),
            (">= 3.8, < 3.12", "3.8.0 3.11.9", "3.12.0"),
            (">=3.9,<3.9.7 || >3.9.7,<4.0", "3.9.6 3.9.8 3.13.0", "3.9.7"),
            ("~=3.10", "3.10.0 3.14.0", "4.0.0"),
            ("=3.11.2", "3.11.2", "3.11.3"),
        ];
        for (text, inside, outside) in cases {
            check(&PythonRange::poetry(text).unwrap(), text, inside, outside);
        }
        for text in ["^", "^x", "~", "newest", "^3.x"] {
            assert_eq!(PythonRange::poetry(text), None, "{text}");
        }
    }

    #[test]
    fn a_range_is_spelled_for_tools() {
        assert_eq!(PythonRange::poetry("~2.7 || ^3.8").unwrap().newest(), ">=3.8,<4");
        assert_eq!(PythonRange::pep440(">=3.10, <3.13").unwrap().newest(), ">=3.10,<3.13");
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "[0-9x*.^~<>=!|, -]{0,20}|\\PC*") {
            let version = Version { major: 3, minor: 12, patch: None };
            let _ = PythonRange::pep440(&text).map(|range| (range.accepts(&version), range.newest()));
            let _ = PythonRange::poetry(&text).map(|range| (range.accepts(&version), range.newest()));
        }

        #[test]
        fn an_unknown_patch_fits_where_some_patch_does(lowest in 0..40u32, patch in 0..40u32) {
            let range = PythonRange::pep440(&format!(">=3.11.{lowest}")).unwrap();
            let known = Version { major: 3, minor: 11, patch: Some(patch) };
            prop_assert_eq!(range.accepts(&known), patch >= lowest);
            let unknown = Version { patch: None, ..known };
            prop_assert!(range.accepts(&unknown));
        }
    }
}
