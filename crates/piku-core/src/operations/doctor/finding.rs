//! What `doctor` says of one thing that it looked at.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Level {
    /// It is as it should be.
    Ok,
    /// Some apps may need it, or it will be a problem one day.
    Warning,
    /// Something that piku is for does not work.
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

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was looked at, in a word.
    pub about: &'static str,
    /// What was seen.
    pub what: String,
    /// What to do now, where there is something to do.
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
