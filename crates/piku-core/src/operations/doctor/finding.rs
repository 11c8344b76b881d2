//! A finding of `doctor`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Level {
    /// No problem.
    Ok,
    /// Some apps may be affected, or it may become a problem.
    Warning,
    /// Something does not work.
    Error,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The severity.
    pub level: Level,
    /// What was checked, in a word.
    pub about: &'static str,
    /// What was found.
    pub what: String,
    /// What to do about it, if anything.
    pub fix: Option<String>,
}

pub(super) fn ok(about: &'static str, what: impl Into<String>) -> Finding {
    Finding { level: Level::Ok, about, what: what.into(), fix: None }
}

pub(super) fn warning(about: &'static str, what: impl Into<String>, fix: impl Into<String>) -> Finding {
    Finding { level: Level::Warning, about, what: what.into(), fix: Some(fix.into()) }
}

pub(super) fn error(about: &'static str, what: impl Into<String>, fix: impl Into<String>) -> Finding {
    Finding { level: Level::Error, ..warning(about, what, fix) }
}
