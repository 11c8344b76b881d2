//! `restore`, and `apps:clone`, which restores a backup that was just made.

mod contents;
mod journal;
mod names;

use std::io::{Read, Seek};
use std::time::Duration;

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use self::contents::Contents;
use super::backup::Extent;
use super::{Actor, Done};
use crate::app::AppName;
use crate::backup::{BackupError, Manifest};
use crate::certificates::{CertificateOrigin, shelf};
use crate::deploy::repair;
use crate::deploy::source::rescue;
use crate::error::Error;
use crate::event::{Report, stage};
use crate::host::archive::{self, Limits};
use crate::host::scratch::Scratch;
use crate::host::{files, git, nginx, relocate, users_file};
use crate::piku::Piku;
use crate::release::{Cause, store};

/// How long to wait until nginx serves the site of before again.
const SITE: Duration = Duration::from_secs(5);

/// The result of a restore.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Restored {
    /// The app that was backed up.
    pub from: AppName,
    /// When.
    pub made: jiff::Timestamp,
    /// The release; `None` if the app never was live.
    pub done: Option<Done>,
    /// Where the data is that the app had before, if it had any.
    pub aside: Option<Utf8PathBuf>,
}

impl Piku {
    /// Makes an app from a backup, and deploys it. With `replaces`, replaces one that there is: its processes end
    /// first, and its data is kept aside.
    ///
    /// Everything is read and checked before anything is changed. Server names and a port that another app has are left
    /// out with a warning.
    ///
    /// # Errors
    /// [`Error::Backup`], [`Error::Locked`], or the error of the deploy. Everything is as before then.
    pub fn restore(
        &self,
        app: &AppName,
        input: impl Read,
        replaces: bool,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<Restored, Error> {
        self.restore_as(app, input, replaces, Cause::Restore, actor, report)
    }

    /// Makes another app with the live commit and the settings of one, and deploys it; with `data`, with its data too.
    /// Server names stay with the first one.
    ///
    /// # Errors
    /// [`Error::NeverDeployed`], [`Error::Exists`], or as for [`Piku::restore`].
    pub fn clone_app(
        &self,
        old: &AppName,
        new: &AppName,
        data: bool,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<Restored, Error> {
        self.live(old)?;
        if store::exists(&self.root, new) {
            return Err(Error::Exists { app: new.clone() });
        }
        let scratch = Scratch::make(&self.root.path().join("restoring"))?;
        let mut file = scratch.create("backup")?;
        self.write_backup(old, Extent::Clone { data }, &file, actor, report)?;
        file.rewind().map_err(|source| BackupError::Write { source })?;
        let file = scratch.open("backup")?;
        self.restore_as(new, file, false, Cause::Clone { of: old.to_string() }, actor, report)
    }

    fn restore_as(
        &self,
        app: &AppName,
        input: impl Read,
        replaces: bool,
        cause: Cause,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<Restored, Error> {
        let refuse = |exists: bool| match exists && !replaces {
            true => Err(BackupError::Exists { app: app.clone() }),
            false => Ok(()),
        };
        refuse(store::exists(&self.root, app))?;
        if !replaces {
            self.must_have_its_name(app)?;
        }
        if store::is_foreign_clone(&self.root, app) {
            return Err(Error::NeverDeployed { app: app.clone(), is_legacy: true });
        }
        let scratch = Scratch::make(&self.root.all_data())?;
        let folder = scratch.folder("new")?;
        let manifest = archive::unpack(input, &folder, Limits::default())?;
        let contents = Contents::read(&self.surroundings, &folder, &manifest)?;
        // A client may take hours to send it, and holds nobody up meanwhile.
        let (_lock, exists) = self.lock_name(app, &actor.doing("restoring", app), report)?;
        refuse(exists)?;
        self.must_be_unlocked(app, &cause, actor, report)?;
        let aside = self.begin_restore(app, exists, manifest.data)?;
        let outcome =
            self.put_in_place(app, (exists, aside.as_ref()), &contents, &manifest, report).and_then(|()| {
                let Some(commit) = &manifest.commit else { return Ok(None) };
                let order = self.of_commit(app, cause, commit, actor)?;
                self.carry_out(&order, report).map(Some)
            });
        let outcome = outcome.and_then(|done| {
            self.point_branches(app, &manifest)?;
            Ok(done)
        });
        match outcome {
            Ok(done) => {
                self.end_restore(app)?;
                Ok(Restored { from: manifest.app, made: manifest.made, done, aside })
            }
            Err(error) => {
                self.undo_restore(app)?;
                // Starts the processes that there were before.
                if let Some(live) = repair::repair(&self.root, &self.surroundings, app, report)? {
                    repair::await_return(&self.root, app, &live);
                    if let Some(question) = &live.question {
                        nginx::await_answer(question, SITE);
                    }
                }
                Err(error)
            }
        }
    }

    /// Puts everything in its place, with the app's processes ended.
    fn put_in_place(
        &self,
        app: &AppName,
        (exists, aside): (bool, Option<&Utf8PathBuf>),
        contents: &Contents,
        manifest: &Manifest,
        report: &mut Report<'_>,
    ) -> Result<(), Error> {
        let root = &self.root;
        if exists && store::live_number(root, app).is_some() {
            stage(
                report,
                format!("Stopping {app}, whose site answers with 503 until the restored version serves"),
            );
            self.end_processes(app, report)?;
            // What the app wrote in its folder belongs to the data that is kept aside.
            for number in store::numbers(root, app)? {
                rescue::rescue(root, &self.surroundings, app, number, report)?;
            }
        }
        if exists {
            if let Some(bundle) = &contents.bundle {
                git::program(&self.surroundings).take_from_bundle(&root.repo(app), bundle)?;
            }
        } else {
            if let Some(repository) = &contents.repository {
                files::make_folder(&root.repos(), 0o700)?;
                relocate::move_away(repository.as_std_path(), root.repo(app).as_std_path())?;
            }
            self.make_app_quietly(app)?;
        }
        if let Some(aside) = aside {
            stage(report, format!("Keeping the data that was there in {aside}"));
            files::rename(&root.data(app), aside)?;
        }
        if manifest.data {
            files::make_folder(&contents.data, 0o700)?;
            // What is there is empty: else it is aside.
            files::remove_empty_folder(&root.data(app))?;
            relocate::move_away(contents.data.as_std_path(), root.data(app).as_std_path())?;
        }
        let mut settings = contents.settings.clone();
        self.leave_out_taken(app, manifest.commit.as_deref(), &mut settings, report)?;
        files::make_folder(&root.env(app), 0o700)?;
        files::write(&root.stored_settings(app), settings.to_string().as_bytes(), 0o600)?;
        files::write(&root.scaling(app), contents.formation.to_string().as_bytes(), 0o600)?;
        if manifest.data {
            contents.persisted.save(root, app)?;
        }
        if let Some(users) = &contents.users {
            files::make_folder(&root.nginx(), 0o711)?;
            users_file::write(root, &self.surroundings, app, users)?;
        }
        if let Some(pair) = &contents.certificate {
            shelf::save(root, app, CertificateOrigin::Own, pair)?;
        }
        Ok(())
    }

    /// Makes the branches those of the backup, now that its commit is live.
    fn point_branches(&self, app: &AppName, manifest: &Manifest) -> Result<(), Error> {
        let repo = self.root.repo(app);
        let taken = git::taken_branches(&repo)?;
        for branch in &taken {
            git::set_branch(&repo, &branch.name, &branch.commit)?;
        }
        if let Some(head) = &manifest.head
            && taken.iter().any(|branch| branch.name == *head)
        {
            git::set_head(&repo, head)?;
        }
        Ok(())
    }
}
