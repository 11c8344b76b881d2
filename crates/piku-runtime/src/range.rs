//! Reads version ranges as npm writes them: `>=18`, `^20.1`, `18 || 20.x`, `18 - 22`.

use std::str::FromStr;

use crate::Version;

/// The versions that a `package.json` says it runs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Range(Vec<Vec<Interval>>);

/// From a version up to, but not including, another; the end may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Interval {
    from: Triple,
    below: Option<Triple>,
}

type Triple = (u32, u32, u32);

/// A version in which parts may be left open; after an open part, all are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Partial([Option<u32>; 3]);

impl Range {
    /// Whether `version` is in the range; an unknown patch counts as 0.
    pub(crate) fn accepts(&self, version: &Version) -> bool {
        let version = (version.major, version.minor, version.patch.unwrap_or(0));
        let within = |it: &Interval| it.from <= version && it.below.is_none_or(|below| version < below);
        self.0.iter().any(|all| all.iter().all(within))
    }
}

impl FromStr for Range {
    type Err = ();

    /// Parses a range; refuses what npm would not parse, or would read as a tag.
    fn from_str(text: &str) -> Result<Self, ()> {
        text.split("||").map(|all| alternative(all).ok_or(())).collect::<Result<_, _>>().map(Self)
    }
}

fn alternative(text: &str) -> Option<Vec<Interval>> {
    if let Some((from, to)) = text.split_once(" - ") {
        let (from, to) = (partial(from.trim())?, partial(to.trim())?);
        return Some(vec![Interval { from: from.least(), below: to.after() }]);
    }
    let mut all = Vec::new();
    let mut operator = "";
    for word in text.split_whitespace() {
        let digits = word.trim_start_matches(['<', '>', '=', '^', '~']);
        let written = &word[..word.len() - digits.len()];
        if !written.is_empty() {
            if !operator.is_empty() {
                return None;
            }
            operator = written;
        }
        if !digits.is_empty() {
            all.push(interval(operator, partial(digits)?)?);
            operator = "";
        }
    }
    operator.is_empty().then_some(all)
}

fn interval(operator: &str, version: Partial) -> Option<Interval> {
    let [major, minor, patch] = version.0;
    let (from, after) = (version.least(), version.after());
    let zero = (0, 0, 0);
    let next_major = major.map(|major| (major.saturating_add(1), 0, 0));
    let next_minor = major.zip(minor).map(|(major, minor)| (major, minor.saturating_add(1), 0));
    let caret = match (major, minor, patch) {
        (Some(0), Some(0), Some(_)) => after,
        (Some(0), Some(_), _) => next_minor,
        _ => next_major,
    };
    let (from, below) = match operator {
        "" | "=" => (from, after),
        ">=" => (from, None),
        ">" => (after?, None),
        "<" => (zero, Some(from)),
        "<=" => (zero, after),
        "^" => (from, caret),
        "~" | "~>" => (from, next_minor.or(next_major)),
        _ => return None,
    };
    Some(Interval { from, below })
}

impl Partial {
    fn least(self) -> Triple {
        let [major, minor, patch] = self.0.map(|part| part.unwrap_or(0));
        (major, minor, patch)
    }

    /// Returns the first version after it; `None` if everything is left open.
    fn after(self) -> Option<Triple> {
        match self.0 {
            [None, ..] => None,
            [Some(major), None, _] => Some((major.saturating_add(1), 0, 0)),
            [Some(major), Some(minor), None] => Some((major, minor.saturating_add(1), 0)),
            [Some(major), Some(minor), Some(patch)] => Some((major, minor, patch.saturating_add(1))),
        }
    }
}

fn partial(text: &str) -> Option<Partial> {
    // A preview or build suffix (`-` or `+`) does not matter here.
    let text = text.strip_prefix('v').unwrap_or(text).split(['-', '+']).next()?;
    let mut parts = [None; 3];
    let mut open = false;
    for (at, part) in text.split('.').enumerate() {
        let slot = parts.get_mut(at)?;
        if matches!(part, "x" | "X" | "*") {
            open = true;
        } else {
            let number = part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())??;
            *slot = Some(number).filter(|_| !open);
        }
    }
    Some(Partial(parts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_range_is_read_as_npm_reads_it() {
        let cases = [
            (">=18", "18.0.0 20.1.2", "17.9.9"),
            (">= 18.2", "18.2.0", "18.1.9"),
            (">18", "19.0.0", "18.9.0"),
            ("<20", "19.9.9", "20.0.0"),
            ("<=20", "20.9.9", "21.0.0"),
            ("<=20.1.0", "20.1.0", "20.1.1"),
            ("^20.1", "20.1.0 20.9.0", "20.0.9 21.0.0"),
            ("^0.2.3", "0.2.3 0.2.9", "0.3.0"),
            ("^0.0.3", "0.0.3", "0.0.4"),
            ("~20.1", "20.1.9", "20.2.0"),
            ("~20", "20.9.0", "21.0.0"),
            ("20.x", "20.0.0 20.9.0", "21.0.0"),
            ("20", "20.9.0", "19.0.0 21.0.0"),
            ("20.1.2", "20.1.2", "20.1.3"),
            ("=v20.1.2", "20.1.2", "20.1.3"),
            ("*", "0.1.0 99.0.0", ""),
            ("", "20.0.0", ""),
            ("x", "20.0.0", ""),
            ("18 || 20", "18.5.0 20.0.0", "19.0.0"),
            (">=18 <23", "18.0.0 22.9.9", "23.0.0 17.0.0"),
            ("18 - 20", "18.0.0 20.9.0", "21.0.0"),
            (">=18.0.0-0", "18.0.0", "17.0.0"),
        ];
        for (text, inside, outside) in cases {
            let range: Range = text.parse().unwrap();
            for (versions, wanted) in [(inside, true), (outside, false)] {
                for version in versions.split_whitespace() {
                    assert_eq!(range.accepts(&version.parse().unwrap()), wanted, "{text} {version}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in ["lts", "latest", ">=", "> >18", "1.2.3.4", "18 ||| 20", "=>18", "1..2", "99999999999"] {
            assert!(text.parse::<Range>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "[0-9x*.^~<>=v| -]{0,20}|\\PC*") {
            let _ = text.parse::<Range>().map(|range| range.accepts(&Version { major: 20, minor: 1, patch: None }));
        }

        #[test]
        fn a_version_is_in_every_range_that_begins_with_it(major in 0..60u32, minor in 0..60u32, patch in 0..60u32) {
            let version = Version { major, minor, patch: Some(patch) };
            for operator in ["", "=", ">=", "<=", "^", "~"] {
                let range: Range = format!("{operator}{version}").parse().unwrap();
                prop_assert!(range.accepts(&version), "{operator}{version}");
            }
        }
    }
}
