//! The event log of an app: append-only.
//!
//! `events/<app>.jsonl` has one JSON object per line, oldest first; 600.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::app::AppName;
use crate::host::{HostError, files};
use crate::root::Root;

/// The maximum length of a reason, in characters.
const LONGEST_REASON: usize = 400;

/// An entry of the event log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HistoryEntry {
    /// When.
    pub time: Timestamp,
    /// The app.
    pub app: String,
    /// The outcome.
    pub what: Happened,
    /// What was requested, in words: `push of main`, `restart`, `rollback to 3`.
    pub cause: String,
    /// Who requested it, if known.
    pub by: Option<String>,
    /// The release concerned.
    pub release: Option<u32>,
    /// The full hash of the commit concerned.
    pub commit: Option<String>,
    /// Why it was refused.
    pub reason: Option<String>,
}

/// The outcome of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Happened {
    /// A release is live.
    Live,
    /// A release waits for `restart`, or for `start` if the app is stopped.
    Waiting,
    /// The request was refused, and nothing changed.
    Refused,
    /// The app was stopped.
    Stopped,
    /// The app was removed.
    Destroyed,
    /// The app is under maintenance.
    Closed,
    /// The maintenance is over.
    Opened,
    /// Deploys of the app are refused.
    Locked,
    /// Deploys of the app are allowed again.
    Unlocked,
}

impl fmt::Display for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Live => "live",
            Self::Waiting => "waiting",
            Self::Refused => "refused",
            Self::Stopped => "stopped",
            Self::Destroyed => "destroyed",
            Self::Closed => "closed",
            Self::Opened => "opened",
            Self::Locked => "locked",
            Self::Unlocked => "unlocked",
        })
    }
}

impl HistoryEntry {
    /// Creates an entry with the current time.
    pub(crate) fn now(app: &AppName, what: Happened, cause: impl fmt::Display, by: Option<&str>) -> Self {
        Self {
            time: crate::host::wait::now(),
            app: app.to_string(),
            what,
            cause: cause.to_string(),
            by: by.map(str::to_owned),
            release: None,
            commit: None,
            reason: None,
        }
    }

    /// Sets the release and the commit concerned.
    pub(crate) fn of(mut self, release: Option<u32>, commit: &str) -> Self {
        self.release = release;
        self.commit = Some(commit.to_owned());
        self
    }

    /// Sets the reason of a refusal.
    pub(crate) fn because(mut self, reason: &str) -> Self {
        self.reason = Some(reason.chars().take(LONGEST_REASON).collect());
        self
    }

    /// Appends it to the log of the app.
    pub(crate) fn write(&self, root: &Root, app: &AppName) -> Result<(), HostError> {
        let path = root.events(app);
        files::make_folder(&root.all_events(), 0o700)?;
        let mut line = serde_json::to_string(self)
            .map_err(|source| HostError::Damaged { path: path.clone(), source })?;
        line.push('\n');
        files::append(&path, line.as_bytes(), 0o600)
    }
}

/// The log of an app, oldest first. Skips lines that a crash cut short.
pub(crate) fn read(root: &Root, app: &AppName) -> Result<Vec<HistoryEntry>, HostError> {
    let text = files::read_text(&root.events(app))?.unwrap_or_default();
    Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// Gives the log of an app to another name of it, behind what an app of that name had.
pub(crate) fn pass_on(root: &Root, from: &AppName, to: &AppName) -> Result<(), HostError> {
    let Some(text) = files::read(&root.events(from))? else { return Ok(()) };
    if !text.is_empty() {
        files::append(&root.events(to), &text, 0o600)?;
    }
    files::remove(&root.events(from))
}

/// The apps that have a log, including destroyed ones.
pub(crate) fn apps(root: &Root) -> Result<Vec<AppName>, HostError> {
    let names = files::names(&root.all_events())?;
    Ok(names.iter().filter_map(|name| name.strip_suffix(ENDING)?.parse().ok()).collect())
}

/// The suffix of the file names of logs.
pub(crate) const ENDING: &str = ".jsonl";

/// When a release last became live, according to the log.
pub(crate) fn live_since(entries: &[HistoryEntry], release: u32) -> Option<Timestamp> {
    let live = |entry: &&HistoryEntry| entry.what == Happened::Live && entry.release == Some(release);
    entries.iter().rev().find(live).map(|entry| entry.time)
}

/// The cause of a stop, which makes no release.
pub(crate) const STOP: &str = "stop";
/// The causes of a maintenance and of its end, which make no release.
pub(crate) const MAINTENANCE_ON: &str = "maintenance:on";
pub(crate) const MAINTENANCE_OFF: &str = "maintenance:off";
/// The causes of a lock and of its end, which make no release.
pub(crate) const LOCK: &str = "lock";
pub(crate) const UNLOCK: &str = "unlock";
/// The cause of a destroy, which makes no release.
pub(crate) const DESTROY: &str = "destroy";
