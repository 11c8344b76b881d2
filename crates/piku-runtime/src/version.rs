//! Versions, and requests for one.

use std::fmt;
use std::str::FromStr;

/// The version of an interpreter; the patch may be unknown, which sorts below every known one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The 3 of 3.11.2.
    pub major: u32,
    /// The 11 of 3.11.2.
    pub minor: u32,
    /// The 2 of 3.11.2.
    pub patch: Option<u32>,
}

/// A version that was asked for; minor and patch may be left open.
///
/// Written `3`, `3.12`, or `3.12.1`, optionally after `v` or the name of a language and `-`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VersionRequest {
    /// The 3 of 3.11.2.
    pub major: u32,
    /// The 11 of 3.11.2, or any.
    pub minor: Option<u32>,
    /// The 2 of 3.11.2, or any; always `None` where the minor is.
    pub patch: Option<u32>,
}

/// Why a text is not a version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version")]
pub struct InvalidVersion(pub String);

impl Version {
    /// Finds the version in a tool's answer, such as `go version go1.22.1 linux/amd64`: the first number, with up to
    /// two more after dots. A missing minor is 0, because `javac 21` means the first 21.
    pub fn first_in(text: &str) -> Option<Self> {
        let start = text.find(|c: char| c.is_ascii_digit())?;
        let mut parts = text[start..].split('.').take(3).map_while(|part| {
            let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            Some((part[..end].parse::<u32>().ok()?, end == part.len()))
        });
        let (major, mut goes_on) = parts.next()?;
        let mut next = || {
            let (number, more) = parts.next().filter(|_| goes_on)?;
            goes_on = more;
            Some(number)
        };
        let minor = next();
        let patch = minor.and_then(|_| next());
        Some(Self { major, minor: minor.unwrap_or(0), patch })
    }
}

impl VersionRequest {
    /// Whether `version` satisfies the request; an unknown patch satisfies only a request that leaves it open.
    pub fn accepts(&self, version: &Version) -> bool {
        self.major == version.major
            && self.minor.is_none_or(|minor| minor == version.minor)
            && self.patch.is_none_or(|patch| Some(patch) == version.patch)
    }
}

impl FromStr for Version {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        match numbers(text).as_deref() {
            Some(&[major, minor]) => Ok(Self { major, minor, patch: None }),
            Some(&[major, minor, patch]) => Ok(Self { major, minor, patch: Some(patch) }),
            _ => Err(InvalidVersion(text.to_owned())),
        }
    }
}

impl FromStr for VersionRequest {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        match numbers(without_name(text.trim())).as_deref() {
            Some(&[major]) => Ok(Self { major, minor: None, patch: None }),
            Some(&[major, minor]) => Ok(Self { major, minor: Some(minor), patch: None }),
            Some(&[major, minor, patch]) => Ok(Self { major, minor: Some(minor), patch: Some(patch) }),
            _ => Err(InvalidVersion(text.trim().to_owned())),
        }
    }
}

impl From<Version> for VersionRequest {
    fn from(version: Version) -> Self {
        Self { major: version.major, minor: Some(version.minor), patch: version.patch }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        VersionRequest::from(*self).fmt(f)
    }
}

impl fmt::Display for VersionRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.major)?;
        for part in [self.minor, self.patch].into_iter().flatten() {
            write!(f, ".{part}")?;
        }
        Ok(())
    }
}

fn without_name(text: &str) -> &str {
    let name =
        ["cpython", "python", "ruby", "node", "v"].into_iter().find_map(|name| text.strip_prefix(name));
    name.map_or(text, |rest| rest.strip_prefix('-').unwrap_or(rest))
}

/// Parses up to three numbers between dots; digits only, because `u32` also accepts a sign.
fn numbers(text: &str) -> Option<Vec<u32>> {
    let number = |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten();
    let parts: Option<Vec<u32>> = text.split('.').map(number).collect();
    parts.filter(|parts| parts.len() <= 3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_request_is_read_with_or_without_a_name_in_front() {
        let cases = [
            ("3", "3"),
            ("3.12", "3.12"),
            ("3.12.1", "3.12.1"),
            (" 3.12\r\n", "3.12"),
            ("v3.12", "3.12"),
            ("python3.12", "3.12"),
            ("python-3.12.1", "3.12.1"),
            ("cpython-3.12", "3.12"),
        ];
        for (text, read) in cases {
            assert_eq!(
                text.parse::<VersionRequest>().map(|r| r.to_string()),
                Ok(read.to_owned()),
                "{text:?}"
            );
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            ".",
            "3.",
            "3..1",
            "+3.1",
            "3.12.1.0",
            "3.13t",
            "3.13-dev",
            "pypy3.10",
            "system",
            "99999999999",
            ">=3.12",
        ] {
            assert!(text.parse::<VersionRequest>().is_err(), "{text:?}");
        }
        for text in ["3", "v3.12", "3.12.1.0"] {
            assert!(text.parse::<Version>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_request_accepts_what_it_leaves_open() {
        let cases = [
            ("3", "3.12.1", true),
            ("3.12", "3.12.1", true),
            ("3.12", "3.12", true),
            ("3.12.1", "3.12.1", true),
            ("3.12.1", "3.12", false),
            ("3.1", "3.12", false),
            ("2", "3.12", false),
        ];
        for (request, version, accepted) in cases {
            let (request, version): (VersionRequest, Version) =
                (request.parse().unwrap(), version.parse().unwrap());
            assert_eq!(request.accepts(&version), accepted, "{request} {version}");
        }
    }

    #[test]
    fn a_version_is_found_in_what_a_tool_says() {
        let cases = [
            ("v20.11.1\n", "20.11.1"),
            ("go version go1.22 linux/amd64", "1.22"),
            ("go version go1.21rc2 linux/amd64", "1.21"),
            ("ruby 3.1.2p20 (2022-04-12 revision 4491bb740a) [x86_64-linux-gnu]", "3.1.2"),
            ("PHP 8.2.29 (cli) (built: Jul  3 2025 16:16:05) (NTS)", "8.2.29"),
            ("cargo 1.75.0 (1d8b05cdd 2023-11-20)", "1.75.0"),
            ("javac 17.0.15", "17.0.15"),
            ("javac 21", "21.0"),
            ("javac 1.8.0_392", "1.8.0"),
            ("deno 2.1.4 (stable, release, x86_64-unknown-linux-gnu)\nv8 13.0.245", "2.1.4"),
            ("1.1.38", "1.1.38"),
            ("5. May", "5.0"),
        ];
        for (text, version) in cases {
            assert_eq!(Version::first_in(text).map(|it| it.to_string()).as_deref(), Some(version), "{text}");
        }
        assert_eq!(Version::first_in("no such command"), None);
        assert_eq!(Version::first_in("99999999999999"), None);
    }

    #[test]
    fn versions_sort_as_numbers() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        assert!(version("3.9.20") < version("3.10.1"));
        assert!(version("3.10") < version("3.10.0"));
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "\\PC*") {
            let _ = text.parse::<VersionRequest>();
            let _ = text.parse::<Version>();
            let _ = Version::first_in(&text);
        }

        #[test]
        fn what_is_shown_is_read_back(major in any::<u32>(), minor in any::<u32>(), patch in any::<Option<u32>>()) {
            let version = Version { major, minor, patch };
            prop_assert_eq!(version.to_string().parse(), Ok(version));
            prop_assert_eq!(Version::first_in(&format!("tool v{version} (2022)")), Some(version));
        }
    }
}
