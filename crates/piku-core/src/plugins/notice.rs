//! What plugins are told of an event.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::app::AppName;

/// The version of the form of notices.
const SCHEMA: u32 = 1;
/// The longest message, in characters. A notice fits into a pipe, so that nobody waits for its reader.
const LONGEST: usize = 4000;

/// What has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Occasion {
    /// A new release was built. It does not run yet, and may still be refused.
    Build,
    /// A release is live.
    Deployed,
    /// What was asked for was refused: nothing has changed.
    Failed,
    /// It was refused because a process of it was not healthy; follows [`Occasion::Failed`].
    Unhealthy,
}

impl Occasion {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Build, Self::Deployed, Self::Failed, Self::Unhealthy];

    /// The event of this name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.to_string() == name)
    }

    /// The file of a plugin that runs then.
    pub(crate) fn file(self) -> String {
        format!("on-{self}")
    }
}

impl fmt::Display for Occasion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Build => "build",
            Self::Deployed => "deployed",
            Self::Failed => "failed",
            Self::Unhealthy => "unhealthy",
        })
    }
}

/// What a plugin reads on its standard input, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Notice {
    /// The version of this form.
    pub schema: u32,
    /// When.
    pub time: Timestamp,
    /// What has happened; `None` if it is about to.
    pub event: Option<Occasion>,
    /// The app.
    pub app: AppName,
    /// The release, if it has a number.
    pub release: Option<u32>,
    /// The full hash of the commit.
    pub commit: String,
    /// What was asked for, in words: `push of main`, `restart`.
    pub cause: String,
    /// Who asked: the name of an ssh key.
    pub by: Option<String>,
    /// All of it in a sentence, or why it was refused.
    pub message: String,
    /// Where the app answers, if that is known.
    pub addresses: Vec<String>,
}

impl Notice {
    pub(crate) fn new(time: Timestamp, app: &AppName, commit: &str, cause: impl fmt::Display) -> Self {
        Self {
            schema: SCHEMA,
            time,
            event: None,
            app: app.clone(),
            release: None,
            commit: commit.to_owned(),
            cause: cause.to_string(),
            by: None,
            message: String::new(),
            addresses: Vec::new(),
        }
    }

    pub(crate) fn by(self, by: Option<&str>) -> Self {
        Self { by: by.map(str::to_owned), ..self }
    }

    pub(crate) fn of_release(self, release: Option<u32>) -> Self {
        Self { release, ..self }
    }

    pub(crate) fn at(self, addresses: &[String]) -> Self {
        Self { addresses: addresses.to_vec(), ..self }
    }

    /// The same of another event.
    pub(crate) fn says(self, event: Option<Occasion>, message: &str) -> Self {
        Self { event, message: message.chars().take(LONGEST).collect(), ..self }
    }

    /// As a plugin reads it, on one line.
    pub(crate) fn line(&self) -> String {
        serde_json::to_string(self).map(|text| text + "\n").unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_one_line_of_json_that_fits_into_a_pipe() {
        let app = "blog".parse().unwrap();
        let time = "2026-11-26T10:00:00Z".parse().unwrap();
        let notice = Notice::new(time, &app, "1ee8373", "push of main").by(Some("alice")).of_release(Some(3));
        let notice =
            notice.at(&["http://blog.test/".to_owned()]).says(Some(Occasion::Deployed), "is \"live\"\n");
        insta::assert_snapshot!(notice.line().trim_end(), @r#"{"schema":1,"time":"2026-11-26T10:00:00Z","event":"deployed","app":"blog","release":3,"commit":"1ee8373","cause":"push of main","by":"alice","message":"is \"live\"\n","addresses":["http://blog.test/"]}"#);
        assert_eq!(serde_json::from_str::<Notice>(&notice.line()).unwrap(), notice);
        let long = notice.says(None, &"\u{1F600}".repeat(100_000)).line();
        assert!(long.len() < 64 * 1024 && long.matches('\n').count() == 1);
    }
}
