//! `lock` and `unlock`: no deploys of an app meanwhile.

use std::fmt;

use super::Actor;
use crate::app::AppName;
use crate::error::Error;
use crate::event::Report;
use crate::history::{self, Happened, HistoryEntry};
use crate::host::deploy_lock::{self, DeployLock};
use crate::piku::Piku;

impl Piku {
    /// Refuses deploys of the app until [`Piku::unlock_deploys`]: pushes, `deploy`, changes of settings, `rollback`, and
    /// `restore`. What makes no release goes on: `restart`, `start`, `stop`, and `ps:scale`.
    ///
    /// # Errors
    /// [`Error::Locked`] with the lock that there is already; [`Error::UnknownApp`].
    pub fn lock_deploys(
        &self,
        app: &AppName,
        reason: Option<&str>,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<DeployLock, Error> {
        self.locked(app, &actor.doing("locking", app), report, |piku, report| {
            if let Some(lock) = deploy_lock::read(&piku.root, app)? {
                return Err(Error::Locked { app: app.clone(), lock: lock.into(), is_again: true });
            }
            let lock = DeployLock::now(actor.name.as_deref(), reason);
            deploy_lock::store(&piku.root, app, Some(&lock))?;
            let entry = HistoryEntry::now(app, Happened::Locked, history::LOCK, actor.name.as_deref());
            let entry = reason.map_or_else(|| entry.clone(), |reason| entry.clone().because(reason));
            piku.write_down(&entry, app, report);
            Ok(lock)
        })
    }

    /// Allows deploys again. Returns the lock that there was, if any.
    ///
    /// # Errors
    /// [`Error::UnknownApp`], [`Error::Host`].
    pub fn unlock_deploys(
        &self,
        app: &AppName,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<Option<DeployLock>, Error> {
        self.locked(app, &actor.doing("unlocking", app), report, |piku, report| {
            let Some(lock) = deploy_lock::read(&piku.root, app)? else { return Ok(None) };
            deploy_lock::store(&piku.root, app, None)?;
            let entry = HistoryEntry::now(app, Happened::Unlocked, history::UNLOCK, actor.name.as_deref());
            piku.write_down(&entry, app, report);
            Ok(Some(lock))
        })
    }

    /// The lock that keeps the app from being deployed, if there is one.
    ///
    /// # Errors
    /// [`Error::Host`] if it can't be read.
    pub fn deploy_lock(&self, app: &AppName) -> Result<Option<DeployLock>, Error> {
        Ok(deploy_lock::read(&self.root, app)?)
    }

    /// Refuses what would make another release live, or wait, while the app is locked. The caller must hold the lock of
    /// the app.
    pub(crate) fn must_be_unlocked(
        &self,
        app: &AppName,
        cause: impl fmt::Display,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<(), Error> {
        let Some(lock) = deploy_lock::read(&self.root, app)? else { return Ok(()) };
        let error = Error::Locked { app: app.clone(), lock: lock.into(), is_again: false };
        let entry = HistoryEntry::now(app, Happened::Refused, cause, actor.name.as_deref());
        self.write_down(&entry.because(&error.to_string()), app, report);
        Err(error)
    }
}
