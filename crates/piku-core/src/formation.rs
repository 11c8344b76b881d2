//! The formation of an app: how many processes of each kind it runs, stored in `SCALING`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use piku_procfile::{Kind, Procfile};
use serde::{Deserialize, Serialize};

/// Counts by kind. The default count is 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Formation(BTreeMap<String, u32>);

/// One `KIND=N` of `ps:scale`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scale {
    /// The kind.
    pub kind: String,
    /// The number of processes.
    pub count: u32,
}

/// Why a text is not a valid `KIND=N`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidScale {
    /// It does not have this form.
    #[error("`{0}` is not a kind and a count, such as `worker=2`")]
    Form(String),
    /// The count does not fit into 32 bits.
    #[error("{count} processes of `{kind}` are more than any machine runs")]
    Count {
        /// The kind.
        kind: String,
        /// The count as given.
        count: String,
    },
}

impl FromStr for Scale {
    type Err = InvalidScale;

    fn from_str(text: &str) -> Result<Self, InvalidScale> {
        let (kind, count) = text.split_once('=').ok_or_else(|| InvalidScale::Form(text.to_owned()))?;
        // Digits only: parsing a `u32` would accept `+2` too.
        let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
        if kind.is_empty() || !digits {
            return Err(InvalidScale::Form(text.to_owned()));
        }
        let kind = kind.to_owned();
        match count.parse() {
            Ok(count) => Ok(Self { kind, count }),
            Err(_) => Err(InvalidScale::Count { kind, count: count.to_owned() }),
        }
    }
}

/// Whether processes of this kind run continuously and can be scaled.
#[must_use]
pub(crate) fn is_running_kind(kind: &Kind) -> bool {
    !matches!(kind, Kind::Preflight | Kind::Release | Kind::Static)
}

impl Formation {
    /// Reads `SCALING`: lines of `kind:count`, as in legacy piku. Skips invalid lines, since only piku writes this
    /// file.
    #[must_use]
    pub(crate) fn read(text: &str) -> Self {
        let lines = text.lines().filter_map(|line| line.split_once(':').or_else(|| line.split_once('=')));
        let counts =
            lines.filter_map(|(kind, count)| Some((kind.trim().to_owned(), count.trim().parse().ok()?)));
        Self(counts.collect())
    }

    /// The number of processes of `kind`.
    #[must_use]
    pub(crate) fn count(&self, kind: &str) -> u32 {
        self.0.get(kind).copied().unwrap_or(1)
    }

    /// Sets a count.
    pub(crate) fn set(&mut self, scale: &Scale) {
        self.0.insert(scale.kind.clone(), scale.count);
    }

    /// The counts of the kinds in `procfile`, without any others.
    #[must_use]
    pub(crate) fn for_procfile(&self, procfile: &Procfile) -> Self {
        let running = procfile.entries().iter().filter(|entry| is_running_kind(&entry.kind));
        Self(running.map(|entry| (entry.name.to_string(), self.count(entry.name.as_str()))).collect())
    }

    /// Kinds and counts, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.0.iter().map(|(kind, count)| (kind.as_str(), *count))
    }
}

impl fmt::Display for Formation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(kind, count)| writeln!(f, "{kind}:{count}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formation_reads_back_and_unknown_kinds_run_once() {
        let formation = Formation::read("web:2\nworker:0\nnonsense\n");
        assert_eq!((formation.count("web"), formation.count("worker"), formation.count("new")), (2, 0, 1));
        assert_eq!(Formation::read(&formation.to_string()), formation);
    }

    #[test]
    fn a_scale_is_a_kind_and_digits() {
        assert_eq!("worker=2".parse(), Ok(Scale { kind: "worker".into(), count: 2 }));
        let many = "worker=99999999999".parse::<Scale>().unwrap_err().to_string();
        assert_eq!(many, "99999999999 processes of `worker` are more than any machine runs");
        for text in ["worker", "worker=", "=2", "worker=-1", "worker=+1", "worker=2x", ""] {
            assert!(text.parse::<Scale>().is_err(), "{text}");
        }
    }
}
