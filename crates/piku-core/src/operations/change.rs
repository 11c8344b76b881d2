//! Operations that make a release (`deploy`, `config:set`, `config:unset`) and operations on existing ones (`restart`,
//! `start`, `stop`, `ps:scale`, `rollback`).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::releases::describe_commit;
use crate::app::AppName;
use crate::deploy::DeployError;
use crate::deploy::order::{Deployed, NewRelease, Order, Scene, What};
use crate::deploy::vassals::{enabled, end, legacy, predecessor};
use crate::deploy::{build, pipeline, repair, source};
use crate::error::Error;
use crate::event::{Report, stage, warn};
use crate::formation::{Formation, Scale};
use crate::history::{self, Happened, HistoryEntry};
use crate::host::{files, git, maintenance, nginx, wait};
use crate::piku::Piku;
use crate::release::{Cause, Release, store};
use crate::settings::StoredSettings;

/// How long to wait until nginx serves the site of a stopped app. If it does not, the app is stopped anyway.
const STOPPED_SITE: Duration = Duration::from_secs(3);

/// How long the emperor of legacy piku may take to start processes again.
const LEGACY_START: Duration = Duration::from_secs(10);

/// The most processes of one kind, unless something else is set.
const MAX_PROCESSES: u32 = 64;

/// Who requested an operation: the owner of an ssh key, or unknown for a command on the server itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Actor {
    /// The name of the ssh key.
    pub name: Option<String>,
}

impl Actor {
    /// The owner of the ssh key with this name, or whoever an embedding program knows by it.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()) }
    }

    /// Describes the operation to others who wait for the lock: "alice is pushing `blog`".
    pub(crate) fn doing(&self, what: &str, app: &AppName) -> String {
        format!("{} is {what} `{app}`", self.name.as_deref().unwrap_or("another command"))
    }
}

/// The result of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Done {
    /// The release.
    pub release: u32,
    /// Whether it is live. If not, it waits for `restart` (`PIKU_AUTO_RESTART=false`) or for `start` (stopped app).
    pub live: bool,
    /// Whether the app is stopped; `start` then makes the release live.
    pub stopped: bool,
    /// The addresses of the app, as far as piku knows.
    pub addresses: Vec<String>,
}

impl Piku {
    /// The context of deploys, which all need the launcher.
    pub(crate) fn scene(&self) -> Result<Scene<'_>, Error> {
        self.link_launcher()?;
        if self.root.is_beside_legacy() && !files::exists(&self.root.emperor_ini()) {
            self.prepare_root()?;
        }
        Ok(Scene { root: &self.root, surroundings: &self.surroundings, cancel: &self.cancel })
    }

    pub(crate) fn carry_out(&self, order: &Order, report: &mut Report<'_>) -> Result<Done, Error> {
        let deployed = pipeline::run(&self.scene()?, order, report);
        self.done(order, deployed, report)
    }

    /// Logs the outcome of an order.
    pub(crate) fn done(
        &self,
        order: &Order,
        deployed: Result<Deployed, DeployError>,
        report: &mut Report<'_>,
    ) -> Result<Done, Error> {
        let deployed = deployed.map_err(|error| self.refused(order, error, report))?;
        let what = if deployed.live { Happened::Live } else { Happened::Waiting };
        let entry = HistoryEntry::now(&order.app, what, &order.cause, order.by.as_deref());
        let entry = entry.of(Some(deployed.release.number), &deployed.release.commit);
        self.write_down(&entry, &order.app, report);
        if deployed.live && maintenance::is_on(&self.root, &order.app) {
            let help = format!("`maintenance:off {}` lets visitors reach it", order.app);
            warn(report, format!("`{}` is under maintenance: visitors see its page", order.app), Some(&help));
        }
        if deployed.live {
            self.order_after_deploy(&order.app, report);
        }
        let done = Done {
            release: deployed.release.number,
            live: deployed.live,
            stopped: store::is_stopped(&self.root, &order.app),
            addresses: deployed.addresses,
        };
        if done.live {
            self.announce_live(order, &done, report);
        }
        Ok(done)
    }

    /// Logs that an order was refused.
    pub(crate) fn refused(&self, order: &Order, error: DeployError, report: &mut Report<'_>) -> Error {
        let kept = order.kept().map(|kept| kept.number);
        let entry = HistoryEntry::now(&order.app, Happened::Refused, &order.cause, order.by.as_deref());
        let entry = entry.of(kept, order.commit()).because(&crate::error_chain(&error));
        self.write_down(&entry, &order.app, report);
        self.announce_refused(order, &error, report);
        error.into()
    }

    /// Appends an entry to the log of an app. A failure to do so is only a warning.
    pub(crate) fn write_down(&self, entry: &HistoryEntry, app: &AppName, report: &mut Report<'_>) {
        if let Err(error) = entry.write(&self.root, app) {
            warn(report, format!("`events` will not show this: {}", crate::error_chain(&error)), None);
        }
    }

    pub(crate) fn stored_text(&self, app: &AppName) -> Result<Vec<u8>, Error> {
        Ok(files::read(&self.root.stored_settings(app))?.unwrap_or_default())
    }

    pub(crate) fn stored(&self, app: &AppName) -> Result<StoredSettings, Error> {
        let text = self.stored_text(app)?;
        let (stored, found) = StoredSettings::parse(&text);
        stored.ok_or_else(|| {
            let first = found.into_iter().find(|one| one.severity == piku_procfile::Severity::Error);
            let (line, message) = first
                .map(|one| (piku_procfile::Place::of(&text, one.span.start).line, one.message))
                .unwrap_or_default();
            Error::DamagedSettings { app: app.clone(), line, message }
        })
    }

    /// The server's defaults for the settings of an app, as text.
    pub(crate) fn defaults(&self, app: &AppName) -> Result<Vec<u8>, Error> {
        Ok(self.server_settings()?.defaults(app.as_str()).to_string().into_bytes())
    }

    pub(crate) fn formation(&self, app: &AppName) -> Result<Formation, Error> {
        Ok(Formation::read(&files::read_text(&self.root.scaling(app))?.unwrap_or_default()))
    }

    pub(crate) fn live(&self, app: &AppName) -> Result<Release, Error> {
        self.must_exist(app)?;
        store::live(&self.root, app)?.ok_or_else(|| Error::NeverDeployed {
            app: app.clone(),
            is_legacy: store::is_foreign_clone(&self.root, app),
        })
    }

    /// The release that a change builds on and a restart starts: the waiting one or else the live one.
    fn newest(&self, app: &AppName) -> Result<Release, Error> {
        let live = self.live(app)?;
        Ok(store::waiting(&self.root, app)?.unwrap_or(live))
    }

    /// An order for a kept release, with its commit, build, and settings.
    fn kept(&self, app: &AppName, release: Release, cause: Cause, actor: &Actor) -> Result<Order, Error> {
        Ok(Order {
            app: app.clone(),
            cause,
            by: actor.name.clone(),
            formation: self.formation(app)?,
            what: What::Kept(Box::new(release)),
        })
    }

    /// An order for a new release with the commit of `base` and other settings.
    fn with_settings(
        &self,
        app: &AppName,
        base: &Release,
        settings: Vec<u8>,
        cause: Cause,
        actor: &Actor,
    ) -> Result<Order, Error> {
        let defaults = self.defaults(app)?;
        let builds = source::builds_anew(&self.scene()?, app, base, &settings, &defaults)?;
        // A build that writes next to its sources would change a tree that may be running.
        let placed = files::exists(&build::placed_marker(&self.root.tree(app, base.tree_of)));
        let new = NewRelease {
            commit: base.commit.clone(),
            like: Some(Box::new(base.clone())),
            shares_tree: !(placed && builds),
            builds,
            settings,
            defaults,
        };
        Ok(Order {
            app: app.clone(),
            cause,
            by: actor.name.clone(),
            formation: self.formation(app)?,
            what: What::New(new),
        })
    }

    /// Changes settings and makes a release, which waits for `start` if the app is stopped. If the app was never live,
    /// only stores the settings. If there is no such app and `makes` is set, makes one.
    pub(crate) fn change_settings(
        &self,
        app: &AppName,
        cause: Cause,
        actor: &Actor,
        makes: bool,
        report: &mut Report<'_>,
        change: impl FnOnce(&mut StoredSettings) -> Result<(), Error>,
    ) -> Result<Option<Done>, Error> {
        let doing = actor.doing("changing the settings of", app);
        let (_lock, exists) = match makes {
            true => self.lock_name(app, &doing, report)?,
            false => (self.lock(app, &doing, report)?, true),
        };
        self.must_be_unlocked(app, &cause, actor, report)?;
        let mut stored = self.stored(app)?;
        change(&mut stored)?;
        let text = stored.to_string().into_bytes();
        if !exists {
            self.must_have_its_name(app)?;
            self.make_app(app, report)?;
        }
        if store::live(&self.root, app)?.is_none() {
            files::make_folder(&self.root.env(app), 0o700)?;
            files::write(&self.root.stored_settings(app), &text, 0o600)?;
            return Ok(None);
        }
        let base = self.newest(app)?;
        let order = self.with_settings(app, &base, text, cause, actor)?;
        self.carry_out(&order, report).map(Some)
    }

    /// Changes the number of processes of the live release. If the app is stopped, only stores the numbers.
    ///
    /// # Errors
    /// [`Error::UnknownKind`], [`Error::TooMany`], or the error of the deploy.
    pub fn scale(
        &self,
        app: &AppName,
        changes: &[Scale],
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<Option<Done>, Error> {
        self.live(app)?;
        self.locked(app, &actor.doing("scaling", app), report, |piku, report| {
            let base = piku.live(app)?;
            let mut formation = base.formation.clone();
            let most = piku.surroundings.max_processes.unwrap_or(MAX_PROCESSES);
            for change in changes {
                if !base.formation.iter().any(|(kind, _)| kind == change.kind) {
                    let available = base.formation.iter().map(|(kind, _)| kind.to_owned()).collect();
                    return Err(Error::UnknownKind {
                        app: app.clone(),
                        kind: change.kind.clone(),
                        available,
                    });
                }
                if change.count > most {
                    return Err(Error::TooMany { kind: change.kind.clone(), count: change.count, most });
                }
                formation.set(change);
            }
            if store::is_stopped(&piku.root, app) {
                files::write(&piku.root.scaling(app), formation.to_string().as_bytes(), 0o600)?;
                return Ok(None);
            }
            let changes = changes.iter().map(|change| format!("{}={}", change.kind, change.count)).collect();
            let order = Order { formation, ..piku.kept(app, base, Cause::Scale { changes }, actor)? };
            piku.carry_out(&order, report).map(Some)
        })
    }

    /// Restarts every process, with the waiting release or else the live one. Builds nothing.
    ///
    /// If the stored settings were edited by hand, makes a release, like `config:set`.
    ///
    /// # Errors
    /// The error of the deploy. The old processes then keep running.
    pub fn restart(&self, app: &AppName, actor: &Actor, report: &mut Report<'_>) -> Result<Done, Error> {
        self.live(app)?;
        self.locked(app, &actor.doing("restarting", app), report, |piku, report| {
            piku.once_more(app, Cause::Restart, actor, report)
        })
    }

    /// Starts the processes of a stopped app. Does nothing if it is not stopped.
    ///
    /// # Errors
    /// The error of the deploy. The app then stays stopped.
    pub fn start(
        &self,
        app: &AppName,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<Option<Done>, Error> {
        if store::is_foreign_clone(&self.root, app) && store::is_stopped(&self.root, app) {
            self.start_legacy(app, actor, report)?;
            return Ok(None);
        }
        self.live(app)?;
        if !store::is_stopped(&self.root, app) {
            return Ok(None);
        }
        self.locked(app, &actor.doing("starting", app), report, |piku, report| {
            // Another `start` may have had the lock meanwhile.
            if !store::is_stopped(&piku.root, app) {
                return Ok(None);
            }
            piku.once_more(app, Cause::Start, actor, report).map(Some)
        })
    }

    /// Starts the stopped processes of an app that only legacy piku has deployed, as they were.
    fn start_legacy(&self, app: &AppName, actor: &Actor, report: &mut Report<'_>) -> Result<(), Error> {
        self.locked(app, &actor.doing("starting", app), report, |piku, report| {
            store::set_stopped(&piku.root, app, false)?;
            let ended = legacy::ended(&piku.root, app)?;
            stage(report, "Starting what legacy piku (piku.py) has deployed");
            end::bring_back(&piku.root, app)?;
            let runs = || ended.iter().all(|vassal| !vassal.masters(&piku.root).is_empty());
            wait::until(LEGACY_START, || runs().then_some(()));
            Ok(())
        })
    }

    /// Starts the newest release again. The caller must hold the lock of the app.
    pub(crate) fn once_more(
        &self,
        app: &AppName,
        cause: Cause,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<Done, Error> {
        let base = self.newest(app)?;
        let settings = self.stored_text(app)?;
        // The record of a release stores settings as text.
        let is_edited = String::from_utf8_lossy(&settings) != base.settings;
        if is_edited || store::live_number(&self.root, app) != Some(base.number) {
            // It would deploy something.
            self.must_be_unlocked(app, &cause, actor, report)?;
        }
        if !is_edited {
            return self.carry_out(&self.kept(app, base, cause, actor)?, report);
        }
        let keys = edited(&base.settings, &settings);
        let file = self.root.stored_settings(app);
        stage(report, format!("{file} was edited: making a release with it"));
        let order = self.with_settings(app, &base, settings, Cause::ConfigSet { keys }, actor)?;
        self.carry_out(&order, report)
    }

    /// Makes a release from the last pushed commit, in a fresh tree.
    ///
    /// # Errors
    /// As for a push.
    pub fn deploy(&self, app: &AppName, actor: &Actor, report: &mut Report<'_>) -> Result<Done, Error> {
        self.locked(app, &actor.doing("deploying", app), report, |piku, report| {
            piku.must_be_unlocked(app, Cause::Deploy, actor, report)?;
            let never = || Error::NeverDeployed { app: app.clone(), is_legacy: false };
            let commit = git::resolve(&piku.root.repo(app), "HEAD")?.ok_or_else(never)?;
            let order = piku.of_commit(app, Cause::Deploy, &commit, actor)?;
            piku.carry_out(&order, report)
        })
    }

    pub(crate) fn of_commit(
        &self,
        app: &AppName,
        cause: Cause,
        commit: &str,
        actor: &Actor,
    ) -> Result<Order, Error> {
        let new = NewRelease {
            commit: commit.to_owned(),
            like: None,
            shares_tree: false,
            builds: true,
            settings: self.stored_text(app)?,
            defaults: self.defaults(app)?,
        };
        Ok(Order {
            app: app.clone(),
            cause,
            by: actor.name.clone(),
            formation: self.formation(app)?,
            what: What::New(new),
        })
    }

    /// Makes release `to` live again, with its commit, build, and settings. Without `to`, goes back to the release
    /// that was live before; another call goes further back, never forward.
    ///
    /// # Errors
    /// [`Error::UnknownRelease`], [`Error::NothingBefore`], or the error of the deploy.
    pub fn rollback(
        &self,
        app: &AppName,
        to: Option<u32>,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<Done, Error> {
        self.live(app)?;
        self.locked(app, &actor.doing("rolling back", app), report, |piku, report| {
            let all = store::all(&piku.root, app)?;
            let live = piku.live(app)?;
            let base = match to {
                Some(number) => {
                    let available = || all.iter().map(|release| release.number).collect();
                    all.iter().find(|release| release.number == number).cloned().ok_or_else(|| {
                        Error::UnknownRelease { app: app.clone(), number, available: available() }
                    })?
                }
                None => {
                    store::before(&all, &live).ok_or_else(|| Error::NothingBefore { app: app.clone() })?
                }
            };
            let cause = Cause::Rollback { to: base.number };
            piku.must_be_unlocked(app, &cause, actor, report)?;
            let commit = describe_commit(&piku.root, app, &base.commit);
            stage(
                report,
                format!("Going back to release {} of {app}: {commit}, {}", base.number, base.cause),
            );
            piku.carry_out(&piku.kept(app, base, cause, actor)?, report)
        })
    }

    /// Stops every process. The app stays stopped until `start`, `restart`, or a push; its site responds with 503.
    ///
    /// # Errors
    /// [`Error::NeverDeployed`], [`Error::Host`].
    pub fn stop(&self, app: &AppName, actor: &Actor, report: &mut Report<'_>) -> Result<(), Error> {
        if !store::is_foreign_clone(&self.root, app) {
            self.live(app)?;
        }
        self.locked(app, &actor.doing("stopping", app), report, |piku, report| {
            piku.end_processes(app, report)?;
            let stopped = HistoryEntry::now(app, Happened::Stopped, history::STOP, actor.name.as_deref());
            piku.write_down(&stopped, app, report);
            Ok(())
        })
    }

    /// Stops every process, and marks the app as stopped. The caller must hold the lock of the app.
    pub(crate) fn end_processes(&self, app: &AppName, report: &mut Report<'_>) -> Result<(), Error> {
        let names = enabled::of_app(&self.root, app)?;
        // An app from legacy piku does not have this folder yet.
        files::make_folder(&self.root.releases(app), 0o711)?;
        store::set_stopped(&self.root, app, true)?;
        let live = store::live(&self.root, app)?;
        let _ = repair::site(&self.root, &self.surroundings, app, live.as_ref())?;
        // Requests get the answer of a stopped app before the processes behind the old site are gone.
        if let Some(question) = live.as_ref().and_then(|live| live.stopped_question.as_ref()) {
            nginx::await_answer(question, STOPPED_SITE);
        }
        end::retire(&self.root, &names, false)?;
        predecessor::await_end(&self.root, app, &names, report);
        Ok(())
    }
}

/// The keys whose values differ between two settings files.
fn edited(before: &str, after: &[u8]) -> Vec<String> {
    let read = |text: &[u8]| StoredSettings::parse(text).0.unwrap_or_default();
    let (before, after) = (read(before.as_bytes()), read(after));
    let keys = before.iter().chain(after.iter()).map(|(key, _)| key.to_owned());
    let mut keys: Vec<String> = keys.filter(|key| before.get(key) != after.get(key)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
