//! `apps:rename`.
//!
//! The folders of the app move first, each in one step that leaves a link, so the processes of the old name go on. Then
//! another run of the live release starts under the new name, beside the old processes, and takes over as in a deploy.
//! Until that is live, everything can be undone; afterwards, what is left to do can be done at any time. The file
//! `renaming/<old>` says that a rename is under way; whoever locks one of the two names ends it.

use camino::Utf8PathBuf;

use super::destroy::{beside, remove};
use super::{Actor, Done};
use crate::app::AppName;
use crate::certificates::served;
use crate::deploy::order::{Order, What};
use crate::deploy::vassals::predecessor;
use crate::deploy::{pipeline, repair};
use crate::error::Error;
use crate::event::{Report, stage};
use crate::history;
use crate::host::lock::AppLock;
use crate::host::{HostError, Step, access_log, app_folders, emperor, files, logs, nginx, ports};
use crate::piku::Piku;
use crate::release::{Cause, store};
use crate::renamed;
use crate::root::Root;
use crate::vassal::VassalName;

impl Piku {
    /// Gives an app another name. Its processes start again under the new name, beside the old ones, and the site
    /// answers all the while. Data, settings, history, logs, certificates, and ports move along. Pushes to the old name
    /// are refused from then on, until [`Piku::create`] makes another app of it.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::Occupied`], or the error of the run under the new name. The app has its old name
    /// then.
    pub fn rename(
        &self,
        old: &AppName,
        new: &AppName,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<Option<Done>, Error> {
        self.must_exist(old)?;
        if store::is_foreign_clone(&self.root, old) {
            return Err(Error::NeverDeployed { app: old.clone(), is_legacy: true });
        }
        self.name_must_be_free(old, new)?;
        let _locks = self.lock_both(old, new, actor, report)?;
        self.name_must_be_free(old, new)?;
        let _renames = self.hold_renames()?;
        let was_stopped = store::is_stopped(&self.root, old);
        self.begin_rename(old, new)?;
        let done = match self.run_renamed(old, new, actor, report) {
            Ok(done) => done,
            Err(error) => {
                self.undo_rename(old, new, report)?;
                return Err(error);
            }
        };
        self.finish_rename(old, new, report)?;
        if was_stopped {
            self.end_processes(new, report)?;
        }
        Ok(done)
    }

    /// Refuses a name that an app has, or of which something is left that would get mixed up with what moves there.
    fn name_must_be_free(&self, old: &AppName, new: &AppName) -> Result<(), Error> {
        if store::exists(&self.root, new) {
            return Err(Error::Exists { app: new.clone() });
        }
        for (from, to) in app_folders::of(&self.root, old).iter().zip(app_folders::of(&self.root, new)) {
            // A link is of an app that had that name, and was renamed. Logs are left by nothing that is kept.
            let is_left = to != self.root.logs(new)
                && to.is_dir()
                && files::link_target(&to).is_none()
                && files::has_files(&to);
            if is_left && from.is_dir() {
                return Err(Error::Occupied { path: to });
            }
        }
        Ok(())
    }

    /// Takes the locks of both, in an order that is the same for everybody.
    fn lock_both(
        &self,
        old: &AppName,
        new: &AppName,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<[AppLock; 2], Error> {
        let doing = actor.doing("renaming", old);
        if old < new {
            let first = self.lock(old, &doing, report)?;
            return Ok([first, self.wait_for(new, &doing, report)?]);
        }
        let first = self.wait_for(new, &doing, report)?;
        Ok([first, self.lock(old, &doing, report)?])
    }

    fn hold_renames(&self) -> Result<AppLock, HostError> {
        AppLock::take(&self.root.renames_lock(), "an app is being renamed", &mut |_| {})
    }

    /// Moves everything to the new name. The processes of the old one, and its site, go on.
    fn begin_rename(&self, old: &AppName, new: &AppName) -> Result<(), Error> {
        let root = &self.root;
        renamed::forget(root, new)?;
        for place in app_folders::of(root, new) {
            // There is nothing in it, or it is a link: see above.
            remove(&[place])?;
        }
        files::make_folder(&root.renaming(), 0o700)?;
        files::write(&root.renaming().join(old.as_str()), new.as_str().as_bytes(), 0o600)?;
        store::pass_on_numbers(root, old, new)?;
        app_folders::move_all(root, old, new)?;
        if !files::exists(&root.app(old)) {
            return Ok(());
        }
        store::set_formerly(root, new, Some(old))?;
        app_folders::retarget(root, new, old, new)?;
        ports::pass_on(root, old, new)?;
        for (from, to) in shared(root, old, new)? {
            files::second_name(&to, &from)?;
        }
        if let Some(number) = store::live_number(root, old) {
            Step::Link { path: root.app(new), target: store::live_target(new, number) }.carry_out()?;
        }
        Ok(())
    }

    /// Starts the live release under the new name, and lets it take over.
    fn run_renamed(
        &self,
        old: &AppName,
        new: &AppName,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<Option<Done>, Error> {
        let Some(live) = store::live(&self.root, new)? else { return Ok(None) };
        let order = Order {
            app: new.clone(),
            cause: Cause::Rename { from: old.to_string() },
            by: actor.name.clone(),
            formation: self.formation(new)?,
            what: What::Kept(Box::new(live)),
        };
        let deployed = pipeline::run(&self.scene()?, &order, report);
        self.done(&order, deployed, report).map(Some)
    }

    /// Ends a rename of the app that was interrupted, if there is one: finishes it if the app runs under its new name,
    /// or else undoes it. The caller must hold the lock of one of the two names.
    pub(super) fn settle_rename(&self, app: &AppName, report: &mut Report<'_>) -> Result<(), Error> {
        let pending = || -> Result<Option<(AppName, AppName)>, HostError> {
            for name in files::names(&self.root.renaming())? {
                let text = files::read_text(&self.root.renaming().join(&name))?.unwrap_or_default();
                if let (Ok(old), Ok(new)) = (name.parse::<AppName>(), text.trim().parse::<AppName>())
                    && (old == *app || new == *app)
                {
                    return Ok(Some((old, new)));
                }
            }
            Ok(None)
        };
        if pending()?.is_none() {
            return Ok(());
        }
        let _renames = self.hold_renames()?;
        let Some((old, new)) = pending()? else { return Ok(()) };
        let is_live = store::live(&self.root, &new)?.is_some_and(|live| live.runs_as(&new));
        if is_live {
            stage(report, format!("Finishing the rename of {old} to {new}"));
            repair::repair(&self.root, &self.surroundings, &new, report)?;
            self.finish_rename(&old, &new, report)
        } else {
            stage(report, format!("Undoing the rename of {old} to {new}, which was interrupted"));
            self.undo_rename(&old, &new, report)
        }
    }

    /// Puts everything back, as far as it was moved.
    fn undo_rename(&self, old: &AppName, new: &AppName, report: &mut Report<'_>) -> Result<(), Error> {
        let root = &self.root;
        if store::formerly(root, new).is_some() {
            // Ends what runs under the new name, and gives the site back to what runs under the old one.
            repair::repair(root, &self.surroundings, new, report)?;
            self.await_end_of(new, report);
        }
        app_folders::move_back(root, old, new)?;
        store::set_formerly(root, old, None)?;
        app_folders::retarget(root, old, new, old)?;
        ports::pass_on(root, new, old)?;
        files::remove(&root.app(new))?;
        self.forget_name(new)?;
        files::remove_folder(&root.logs(new))?;
        files::remove(&root.renaming().join(old.as_str()))?;
        if let Some(live) = repair::repair(root, &self.surroundings, old, report)? {
            repair::await_return(root, old, &live);
        }
        Ok(())
    }

    /// Does what is left to do once the app runs under its new name. It may be repeated.
    fn finish_rename(&self, old: &AppName, new: &AppName, report: &mut Report<'_>) -> Result<(), Error> {
        let root = &self.root;
        self.await_end_of(old, report);
        files::remove(&root.app(old))?;
        self.forget_name(old)?;
        history::pass_on(root, old, new)?;
        let stays = renamed::left_behind(root, old);
        for place in app_folders::of(root, old) {
            if files::link_target(&place).is_some() && !stays.contains(&place) {
                files::remove(&place)?;
            }
        }
        if files::exists(&root.releases(new)) {
            store::set_formerly(root, new, None)?;
        }
        self.install_hooks(new)?;
        self.rename_in_keys(old, new)?;
        renamed::record(root, old, new)?;
        store::end_generation(root, old)?;
        files::remove(&root.renaming().join(old.as_str()))?;
        Ok(self.keep_jobs()?)
    }

    /// Waits until the processes of a name have answered what they were asked, and ended.
    fn await_end_of(&self, old: &AppName, report: &mut Report<'_>) {
        let stats = emperor::ask(&self.root.emperor_stats()).unwrap_or_default();
        let of_old = |name: &VassalName| name.app == *old;
        let names = stats.vassals.iter().filter_map(|one| one.id.parse::<VassalName>().ok());
        let names: Vec<_> = names.filter(of_old).map(Into::into).collect();
        if !names.is_empty() {
            predecessor::await_end(&self.root, old, &names, report);
        }
    }

    /// Removes what lies in folders of all apps and has a name that the app has no more, or not yet.
    fn forget_name(&self, name: &AppName) -> Result<(), Error> {
        let (root, site) = (&self.root, self.root.site(name));
        let had_site = files::exists(&site);
        files::remove(&site)?;
        served::forget(root, name)?;
        let certificates = root.certificates(name);
        let beside: Vec<Utf8PathBuf> =
            beside(root, name)?.into_iter().filter(|path| *path != certificates).collect();
        remove(&beside)?;
        access_log::remove(root, name)?;
        if had_site {
            nginx::reload(root, &self.surroundings)?;
        }
        Ok(())
    }
}

/// The files that have two names meanwhile: locks of workers, so that none runs twice, and what nginx reads and writes.
fn shared(root: &Root, old: &AppName, new: &AppName) -> Result<Vec<(Utf8PathBuf, Utf8PathBuf)>, HostError> {
    let mut found = vec![
        (root.users(old), root.users(new)),
        (root.maintenance_page(old), root.maintenance_page(new)),
        (root.access_log(old), root.access_log(new)),
        (logs::older(&root.access_log(old)), logs::older(&root.access_log(new))),
    ];
    for name in files::names(&root.run())? {
        if let Some(slot) = name.strip_prefix(&format!("{old}@")).filter(|slot| slot.ends_with(".slot")) {
            found.push((root.run().join(&name), root.run().join(format!("{new}@{slot}"))));
        }
    }
    found.retain(|(from, _)| files::exists(from));
    Ok(found)
}
