//! What tells of releases: `releases`, `events`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::app::AppName;
use crate::error::Error;
use crate::history::{self, HistoryEntry};
use crate::host::git;
use crate::piku::Piku;
use crate::release::{Release, store};
use crate::root::Root;

/// One line of `releases`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReleaseEntry {
    /// Its number.
    pub number: u32,
    /// When it was made.
    pub created: Timestamp,
    /// The commit, in full.
    pub commit: String,
    /// What caused it, in words.
    pub cause: String,
    /// Who did, where known.
    pub by: Option<String>,
    /// Whether it is the live one.
    pub live: bool,
    /// When it last became live, as far as the log of events tells.
    pub live_since: Option<Timestamp>,
}

impl Piku {
    /// What happened to an app, or to all of them, those that are gone among them; oldest first.
    ///
    /// # Errors
    /// [`Error::UnknownApp`] when there is no such app and never was.
    pub fn events(&self, app: Option<&AppName>) -> Result<Vec<HistoryEntry>, Error> {
        let apps = app.map_or_else(|| history::apps(&self.root), |app| Ok(vec![app.clone()]))?;
        let mut all = Vec::new();
        for app in apps {
            all.extend(history::read(&self.root, &app)?);
        }
        if let Some(app) = app.filter(|_| all.is_empty()) {
            self.must_exist(app)?;
        }
        all.sort_by_key(|entry| entry.time);
        Ok(all)
    }

    /// Every release that is kept, oldest first.
    ///
    /// # Errors
    /// [`Error::UnknownApp`].
    pub fn releases(&self, app: &AppName) -> Result<Vec<ReleaseEntry>, Error> {
        self.must_exist(app)?;
        let live = store::live_number(&self.root, app);
        let history = history::read(&self.root, app)?;
        let entry = |release: Release| ReleaseEntry {
            live_since: history::live_since(&history, release.number),
            number: release.number,
            created: release.created,
            commit: release.commit,
            cause: release.cause.to_string(),
            by: release.by,
            live: Some(release.number) == live,
        };
        Ok(store::all(&self.root, app)?.into_iter().map(entry).collect())
    }
}

/// A commit, named for people: `1ee8373 (Say hello)`.
pub(crate) fn describe_commit(root: &Root, app: &AppName, commit: &str) -> String {
    let short = commit.get(..7).unwrap_or(commit);
    git::subject(&root.repo(app), commit)
        .map_or_else(|| short.to_owned(), |subject| format!("{short} ({subject})"))
}
