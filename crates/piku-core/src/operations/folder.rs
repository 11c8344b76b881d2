//! Deploys a folder for programs that embed piku, without git on the caller's side.

use std::fmt;

use camino::Utf8Path;

use super::{Actor, Done};
use crate::app::AppName;
use crate::deploy::pipeline::{self, Beside};
use crate::deploy::prepare::Prepared;
use crate::error::Error;
use crate::event::{Report, stage};
use crate::host::git;
use crate::host::lock::{AppLock, SharedLock};
use crate::piku::Piku;
use crate::release::Cause;

/// The branch for commits made from a folder.
const BRANCH: &str = "refs/heads/main";

/// A folder that is ready to go live: its release is built and planned, but running processes have not been touched.
///
/// The app stays locked until [`PreparedDeploy::go_live`] or [`PreparedDeploy::discard`]. If this is dropped instead,
/// the next command for the app undoes it.
#[must_use = "call `go_live` or `discard`"]
pub struct PreparedDeploy<'a> {
    piku: &'a Piku,
    prepared: Prepared<'a>,
    pushing: SharedLock,
    lock: AppLock,
}

/// A release whose processes run, healthy, next to those that serve.
///
/// The app stays locked until [`StartedDeploy::switch`] or [`StartedDeploy::stop`]. If this is dropped instead, the
/// next command for the app ends the processes.
#[must_use = "call `switch` or `stop`"]
pub struct StartedDeploy<'a> {
    piku: &'a Piku,
    beside: Beside<'a>,
    pushing: SharedLock,
    lock: AppLock,
}

impl Piku {
    /// Makes a release from the files in `folder`, as if they were pushed. The first call creates the app.
    ///
    /// Files that a `.gitignore` in the folder matches are left out. On success, the files become a commit, which a
    /// clone of the app checks out.
    ///
    /// # Errors
    /// As for a push.
    pub fn deploy_folder(
        &self,
        app: &AppName,
        folder: &Utf8Path,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<Done, Error> {
        self.prepare_folder(app, folder, actor, report)?.go_live(report)
    }

    /// The first half of [`Piku::deploy_folder`]: everything that can fail before a process of the new release starts,
    /// including its `release` command. This way several machines can be prepared before the first one changes.
    ///
    /// # Errors
    /// As for a push. A refused release leaves nothing behind.
    pub fn prepare_folder(
        &self,
        app: &AppName,
        folder: &Utf8Path,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<PreparedDeploy<'_>, Error> {
        let pushing = self.open_repository(app)?;
        stage(report, format!("Deploying {app}: {folder}"));
        let prepared = self.lock(app, &actor.doing("deploying", app), report).and_then(|lock| {
            self.must_be_unlocked(app, Cause::Folder, actor, report)?;
            let repo = self.root.repo(app);
            let before = git::resolve(&repo, BRANCH)?;
            let commit = git::program(&self.surroundings).commit_folder(&repo, folder, before.as_deref())?;
            let order = self.of_commit(app, Cause::Folder, &commit, actor)?;
            let prepared = pipeline::prepare(&self.scene()?, &order, report);
            Ok((lock, prepared.map_err(|error| self.refused(&order, error, report))?))
        });
        match prepared {
            Ok((lock, prepared)) => Ok(PreparedDeploy { piku: self, prepared, pushing, lock }),
            Err(error) => {
                self.forget_young(app, &pushing)?;
                Err(error)
            }
        }
    }
}

impl<'a> PreparedDeploy<'a> {
    /// The number of the release.
    #[must_use]
    pub fn release(&self) -> u32 {
        self.prepared.built.source.number
    }

    /// Starts the processes and makes the release live: the second half of [`Piku::deploy_folder`].
    ///
    /// # Errors
    /// As for a push. Then the previous release is live again, and this one is gone.
    pub fn go_live(self, report: &mut Report<'_>) -> Result<Done, Error> {
        self.start(report)?.switch(report)
    }

    /// Starts the processes next to those of the live release and waits until they are healthy. They get no traffic
    /// yet; workers are held back until the switch.
    ///
    /// With `PIKU_DEPLOY_STRATEGY=stop-first` the old processes end here. A release that waits for a restart
    /// (`PIKU_AUTO_RESTART=0`) starts nothing.
    ///
    /// # Errors
    /// As for a push. Then the previous release is as before, and this one is gone.
    pub fn start(self, report: &mut Report<'_>) -> Result<StartedDeploy<'a>, Error> {
        let Self { piku, prepared, pushing, lock } = self;
        let order = prepared.order.clone();
        match pipeline::start(prepared, report) {
            Ok(beside) => Ok(StartedDeploy { piku, beside, pushing, lock }),
            Err(error) => {
                let error = piku.refused(&order, error, report);
                drop(lock);
                piku.forget_young(&order.app, &pushing)?;
                Err(error)
            }
        }
    }

    /// Undoes the preparation. No process has to end, since none was started.
    ///
    /// # Errors
    /// [`Error::Host`] if a new app can't be removed.
    pub fn discard(self, report: &mut Report<'_>) -> Result<(), Error> {
        let Self { piku, prepared, pushing, lock } = self;
        let app = prepared.order.app.clone();
        prepared.discard(report);
        drop(lock);
        piku.forget_young(&app, &pushing)
    }
}

impl StartedDeploy<'_> {
    /// The number of the release.
    #[must_use]
    pub fn release(&self) -> u32 {
        self.beside.prepared().built.source.number
    }

    /// Moves the traffic and the workers to the release and makes it live.
    ///
    /// # Errors
    /// As for a push. Then the previous release is live again, and this one is gone.
    pub fn switch(self, report: &mut Report<'_>) -> Result<Done, Error> {
        let Self { piku, beside, pushing, lock } = self;
        let order = beside.prepared().order.clone();
        let deployed = pipeline::switch(beside, report);
        let done = piku.done(&order, deployed, report).and_then(|done| {
            let repo = piku.root.repo(&order.app);
            git::set_branch(&repo, BRANCH, order.commit())?;
            git::set_head(&repo, BRANCH)?;
            Ok(done)
        });
        drop(lock);
        if done.is_err() {
            piku.forget_young(&order.app, &pushing)?;
        }
        done
    }

    /// Ends the processes and removes the release. Returns when the live release serves as before.
    ///
    /// # Errors
    /// [`Error::Host`] if a new app can't be removed.
    pub fn stop(self, report: &mut Report<'_>) -> Result<(), Error> {
        let Self { piku, beside, pushing, lock } = self;
        let app = beside.prepared().order.app.clone();
        beside.stop(report);
        drop(lock);
        piku.forget_young(&app, &pushing)
    }
}

impl fmt::Debug for PreparedDeploy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (app, release) = (&self.prepared.order.app, self.release());
        f.debug_struct("PreparedDeploy").field("app", app).field("release", &release).finish_non_exhaustive()
    }
}

impl fmt::Debug for StartedDeploy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (app, release) = (&self.beside.prepared().order.app, self.release());
        f.debug_struct("StartedDeploy").field("app", app).field("release", &release).finish_non_exhaustive()
    }
}
