//! The lock of an app, which every operation that changes the app takes.

use crate::app::AppName;
use crate::deploy::repair;
use crate::error::Error;
use crate::event::{Report, stage};
use crate::host::HostError;
use crate::host::lock::AppLock;
use crate::piku::Piku;
use crate::release::store;

impl Piku {
    /// Takes the lock of `app`, repairs the app after an earlier crash, and runs `work`.
    ///
    /// # Errors
    /// As for [`Piku::lock`].
    pub(crate) fn locked<T>(
        &self,
        app: &AppName,
        doing: &str,
        report: &mut Report<'_>,
        work: impl FnOnce(&Self, &mut Report<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let _lock = self.lock(app, doing, report)?;
        work(self, report)
    }

    /// Takes the lock of `app`, and repairs the app after an earlier crash.
    ///
    /// # Errors
    /// [`Error::UnknownApp`]; [`Error::Removed`] if the app was destroyed while this waited for the lock, even if there
    /// is another app of that name now.
    pub(crate) fn lock(&self, app: &AppName, doing: &str, report: &mut Report<'_>) -> Result<AppLock, Error> {
        self.must_exist(app)?;
        let asked_for = store::generation(&self.root, app)?;
        let lock = self.wait_for(app, doing, report)?;
        if !store::exists(&self.root, app) || store::generation(&self.root, app)? != asked_for {
            self.must_have_its_name(app)?;
            return Err(Error::Removed { app: app.clone() });
        }
        self.settle(app, report)?;
        // A rename that was interrupted may just have been finished, or undone.
        self.must_exist(app)?;
        Ok(lock)
    }

    /// Takes the lock of an app that need not exist yet. Tells whether it does.
    pub(crate) fn lock_name(
        &self,
        app: &AppName,
        doing: &str,
        report: &mut Report<'_>,
    ) -> Result<(AppLock, bool), Error> {
        if store::exists(&self.root, app) {
            return Ok((self.lock(app, doing, report)?, true));
        }
        let lock = self.wait_for(app, doing, report)?;
        self.settle(app, report)?;
        Ok((lock, store::exists(&self.root, app)))
    }

    pub(super) fn wait_for(
        &self,
        app: &AppName,
        doing: &str,
        report: &mut Report<'_>,
    ) -> Result<AppLock, HostError> {
        AppLock::take(&self.root.lock(app), doing, &mut |holder| {
            let who = if holder.is_empty() { "another command is running" } else { holder };
            stage(report, format!("Waiting: {who}"));
        })
    }

    /// Brings the app into order, now that nobody else works on it.
    pub(super) fn settle(&self, app: &AppName, report: &mut Report<'_>) -> Result<(), Error> {
        match self.link_launcher() {
            // What starts nothing goes on without one.
            Err(HostError::NoLauncher { .. }) => {}
            outcome => outcome?,
        }
        self.settle_rename(app, report)?;
        self.undo_restore(app)?;
        repair::repair(&self.root, &self.surroundings, app, report)?;
        self.settle_branch(app)
    }
}
