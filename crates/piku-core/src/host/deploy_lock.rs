//! The lock with which a person keeps an app from being deployed: `envs/<app>/LOCK`, one JSON object; 600.
//!
//! It belongs to the app, not to a release, and outlives restarts of piku and of the machine.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{HostError, files};
use crate::app::AppName;
use crate::root::Root;

/// A lock: no deploys of the app until somebody removes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeployLock {
    /// Since when.
    pub since: Timestamp,
    /// Who locked it, if known.
    pub by: Option<String>,
    /// Why, if it was said.
    pub reason: Option<String>,
}

impl DeployLock {
    /// A lock from now on.
    pub(crate) fn now(by: Option<&str>, reason: Option<&str>) -> Self {
        Self { since: super::wait::now(), by: by.map(str::to_owned), reason: reason.map(str::to_owned) }
    }

    /// Who locked it, when, and why, as the end of a sentence.
    #[must_use]
    pub fn described(&self) -> String {
        let by = self.by.as_ref().map_or_else(String::new, |by| format!(" by {by}"));
        let since = self.since.strftime("%Y-%m-%d %H:%M UTC");
        let why = self.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
        format!("{by} since {since}{why}").trim_start().to_owned()
    }
}

/// The lock of an app; `None` if it is not locked. A file that nobody can read locks the app as well.
pub(crate) fn read(root: &Root, app: &AppName) -> Result<Option<DeployLock>, HostError> {
    let path = root.deploy_lock(app);
    let Some(bytes) = files::read(&path)? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|source| HostError::Damaged { path, source })
}

/// Stores the lock of an app, or removes it.
pub(crate) fn store(root: &Root, app: &AppName, lock: Option<&DeployLock>) -> Result<(), HostError> {
    let path = root.deploy_lock(app);
    let Some(lock) = lock else { return files::remove(&path) };
    files::make_folder(&root.env(app), 0o700)?;
    let text =
        serde_json::to_vec(lock).map_err(|source| HostError::Damaged { path: path.clone(), source })?;
    files::write(&path, &text, 0o600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_when_and_why_is_said_as_far_as_it_is_known() {
        let since: Timestamp = "2026-11-26T14:50:59Z".parse().unwrap();
        let lock = |by: Option<&str>, reason: Option<&str>| DeployLock {
            since,
            by: by.map(str::to_owned),
            reason: reason.map(str::to_owned),
        };
        assert_eq!(lock(None, None).described(), "since 2026-11-26 14:50 UTC");
        assert_eq!(
            lock(Some("alice"), Some("moving the database")).described(),
            "by alice since 2026-11-26 14:50 UTC: moving the database"
        );
    }
}
