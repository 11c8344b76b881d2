//! Deploys a folder for programs that embed piku, without git on the caller's side.

use camino::Utf8Path;

use super::{Actor, Done};
use crate::app::AppName;
use crate::error::Error;
use crate::event::{Report, stage};
use crate::host::git;
use crate::piku::Piku;
use crate::release::Cause;

/// The branch for commits made from a folder.
const BRANCH: &str = "refs/heads/main";

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
        let pushing = self.open_repository(app)?;
        stage(report, format!("Deploying {app}: {folder}"));
        let done = self.locked(app, &actor.doing("deploying", app), report, |piku, report| {
            let repo = piku.root.repo(app);
            let before = git::resolve(&repo, BRANCH)?;
            let commit = git::program(&piku.surroundings).commit_folder(&repo, folder, before.as_deref())?;
            let order = piku.of_commit(app, Cause::Folder, &commit, actor)?;
            let done = piku.carry_out(&order, report)?;
            git::set_branch(&repo, BRANCH, &commit)?;
            git::set_head(&repo, BRANCH)?;
            Ok(done)
        });
        if done.is_err() {
            self.forget_young(app, &pushing)?;
        }
        done
    }
}
