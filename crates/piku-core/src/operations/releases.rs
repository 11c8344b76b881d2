//! `releases`, `events`.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::app::AppName;
use crate::error::Error;
use crate::history::{self, HistoryEntry};
use crate::host::git;
use crate::piku::Piku;
use crate::release::{Release, store};
use crate::root::Root;

/// A release, as listed by `releases`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReleaseEntry {
    /// Its number.
    pub number: u32,
    /// When it was created.
    pub created: Timestamp,
    /// The full hash of its commit.
    pub commit: String,
    /// What caused it, in words.
    pub cause: String,
    /// Who caused it, if known.
    pub by: Option<String>,
    /// Whether it is live.
    pub live: bool,
    /// When it last became live, according to the event log.
    pub live_since: Option<Timestamp>,
    /// The first line of the message of its commit.
    pub subject: Option<String>,
    /// What came of it.
    pub state: ReleaseState,
}

/// What came of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ReleaseState {
    /// It is live.
    Live,
    /// It was live.
    Past,
    /// It waits for `restart` or `start`.
    Waiting,
    /// It has never been live, as far as the event log says.
    Unused,
}

impl fmt::Display for ReleaseState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Live => "live",
            Self::Past => "was live",
            Self::Waiting => "waiting",
            Self::Unused => "unused",
        })
    }
}

impl Piku {
    /// The event log of an app, or of all apps including destroyed ones; oldest first.
    ///
    /// # Errors
    /// [`Error::UnknownApp`] if the app never existed.
    pub fn events(&self, app: Option<&AppName>) -> Result<Vec<HistoryEntry>, Error> {
        let apps = app.map_or_else(|| history::apps(&self.root), |app| Ok(vec![app.clone()]))?;
        let mut all = Vec::new();
        for app in apps.into_iter().filter(|app| self.sight.shows(app)) {
            all.extend(history::read(&self.root, &app)?);
        }
        if let Some(app) = app.filter(|_| all.is_empty()) {
            self.must_exist(app)?;
        }
        all.sort_by_key(|entry| entry.time);
        Ok(all)
    }

    /// Every kept release, oldest first.
    ///
    /// # Errors
    /// [`Error::UnknownApp`].
    pub fn releases(&self, app: &AppName) -> Result<Vec<ReleaseEntry>, Error> {
        self.must_exist(app)?;
        let live = store::live_number(&self.root, app);
        let waiting = store::waiting(&self.root, app)?.map(|waiting| waiting.number);
        let history = history::read(&self.root, app)?;
        let mut subjects: BTreeMap<String, Option<String>> = BTreeMap::new();
        let entry = |release: Release| {
            let number = release.number;
            let live_since = history::live_since(&history, number);
            let subject = subjects
                .entry(release.commit.clone())
                .or_insert_with(|| git::subject(&self.root.repo(app), &release.commit));
            ReleaseEntry {
                subject: subject.clone(),
                live_since,
                number,
                created: release.created,
                commit: release.commit,
                cause: release.cause.to_string(),
                by: release.by,
                live: Some(number) == live,
                state: match live_since {
                    _ if Some(number) == live => ReleaseState::Live,
                    _ if Some(number) == waiting => ReleaseState::Waiting,
                    Some(_) => ReleaseState::Past,
                    None => ReleaseState::Unused,
                },
            }
        };
        Ok(store::all(&self.root, app)?.into_iter().map(entry).collect())
    }
}

/// A readable name for a commit: `1ee8373 (Say hello)`.
pub(crate) fn describe_commit(root: &Root, app: &AppName, commit: &str) -> String {
    let short = commit.get(..7).unwrap_or(commit);
    git::subject(&root.repo(app), commit)
        .map_or_else(|| short.to_owned(), |subject| format!("{short} ({subject})"))
}
