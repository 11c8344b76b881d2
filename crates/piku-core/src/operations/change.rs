//! What makes a release: `deploy`, `config:set`, `config:unset`. What runs one that is there: `restart`, `start`, `stop`,
//! `ps:scale`, `rollback`.

use std::time::Duration;

use super::releases::describe_commit;
use crate::app::AppName;
use crate::deploy::DeployError;
use crate::deploy::order::{Deployed, NewRelease, Order, Scene, What};
use crate::deploy::vassals::{enabled, end, predecessor};
use crate::deploy::{build, pipeline, repair, source};
use crate::error::Error;
use crate::event::{Report, stage, warn};
use crate::formation::{Formation, Scale};
use crate::history::{self, Happened, HistoryEntry};
use crate::host::lock::AppLock;
use crate::host::{files, git, nginx};
use crate::piku::Piku;
use crate::release::{Cause, Release, store};
use crate::settings::StoredSettings;

/// How long nginx may take until it says that an app is stopped. One that does not answer keeps nobody from stopping.
const STOPPED_SITE: Duration = Duration::from_secs(3);

/// Who asks, by the name of the ssh key; nobody known on the machine itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actor {
    /// The name.
    pub name: Option<String>,
}

impl Actor {
    /// What the next one who waits for the lock is told: "alice is pushing `blog`".
    pub(crate) fn doing(&self, what: &str, app: &AppName) -> String {
        format!("{} is {what} `{app}`", self.name.as_deref().unwrap_or("another command"))
    }
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The release.
    pub release: u32,
    /// Whether it is live; it waits for a `restart` with `PIKU_AUTO_RESTART=false`, and for `start` while the app is stopped.
    pub live: bool,
    /// Whether the app is stopped, so that `start` makes the release live.
    pub stopped: bool,
    /// Where the app answers, as far as piku knows.
    pub addresses: Vec<String>,
}

impl Piku {
    /// Takes the lock of `app`, tidies up after whatever died before, and works.
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

    /// Takes the lock of `app`, and tidies up.
    pub(crate) fn lock(&self, app: &AppName, doing: &str, report: &mut Report<'_>) -> Result<AppLock, Error> {
        let lock = AppLock::take(&self.root.lock(app), doing, &mut |holder| {
            let who = if holder.is_empty() { "another command is at work" } else { holder };
            stage(report, format!("Waiting: {who}"));
        })?;
        self.link_launcher()?;
        repair::repair(&self.root, &self.surroundings, self.host(), app, report)?;
        self.settle_branch(app)?;
        Ok(lock)
    }

    /// Where the deploys of this piku happen.
    pub(crate) fn scene(&self) -> Scene<'_> {
        Scene { root: &self.root, surroundings: &self.surroundings, host: self.host(), cancel: &self.cancel }
    }

    pub(crate) fn carry_out(&self, order: &Order, report: &mut Report<'_>) -> Result<Done, Error> {
        let deployed = pipeline::run(&self.scene(), order, report);
        self.done(order, deployed, report)
    }

    /// Adds what came of an order to the log of its app.
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
        Ok(Done {
            release: deployed.release.number,
            live: deployed.live,
            stopped: store::is_stopped(&self.root, &order.app),
            addresses: deployed.addresses,
        })
    }

    /// Adds that an order was refused to the log of its app.
    pub(crate) fn refused(&self, order: &Order, error: DeployError, report: &mut Report<'_>) -> Error {
        let kept = order.kept().map(|kept| kept.number);
        let entry = HistoryEntry::now(&order.app, Happened::Refused, &order.cause, order.by.as_deref());
        let entry = entry.of(kept, order.commit()).because(&crate::error_chain(&error));
        self.write_down(&entry, &order.app, report);
        error.into()
    }

    /// Adds an entry to the log of an app. One that can't be written is no reason to refuse what it tells.
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

    /// The release that a change follows and a restart starts: one that waits for that, or the live one.
    fn newest(&self, app: &AppName) -> Result<Release, Error> {
        let live = self.live(app)?;
        Ok(store::waiting(&self.root, app)?.unwrap_or(live))
    }

    /// An order for a release that is kept: its commit, its build, its settings.
    fn kept(&self, app: &AppName, release: Release, cause: Cause, actor: &Actor) -> Result<Order, Error> {
        Ok(Order {
            app: app.clone(),
            cause,
            by: actor.name.clone(),
            formation: self.formation(app)?,
            what: What::Kept(Box::new(release)),
        })
    }

    /// An order for a release of the commit of `base` with other settings.
    fn with_settings(
        &self,
        app: &AppName,
        base: &Release,
        settings: Vec<u8>,
        cause: Cause,
        actor: &Actor,
    ) -> Result<Order, Error> {
        let builds = source::builds_anew(&self.root, &self.surroundings, app, base, &settings)?;
        // A build that writes beside its sources would change those that may be running.
        let placed = files::exists(&build::placed_marker(&self.root.tree(app, base.tree_of)));
        let new = NewRelease {
            commit: base.commit.clone(),
            like: Some(Box::new(base.clone())),
            shares_tree: !(placed && builds),
            builds,
            settings,
        };
        Ok(Order {
            app: app.clone(),
            cause,
            by: actor.name.clone(),
            formation: self.formation(app)?,
            what: What::New(new),
        })
    }

    /// Changes settings and makes a release of it, which waits for `start` where the app is stopped. An app that was never
    /// live only keeps them.
    pub(crate) fn change_settings(
        &self,
        app: &AppName,
        cause: Cause,
        actor: &Actor,
        report: &mut Report<'_>,
        change: impl FnOnce(&mut StoredSettings) -> Result<(), Error>,
    ) -> Result<Option<Done>, Error> {
        self.must_exist(app)?;
        self.locked(app, &actor.doing("changing the settings of", app), report, |piku, report| {
            let mut stored = piku.stored(app)?;
            change(&mut stored)?;
            let text = stored.to_string().into_bytes();
            if store::live(&piku.root, app)?.is_none() {
                files::make_folder(&piku.root.env(app), 0o700)?;
                files::write(&piku.root.stored_settings(app), &text, 0o600)?;
                return Ok(None);
            }
            let base = piku.newest(app)?;
            let order = piku.with_settings(app, &base, text, cause, actor)?;
            piku.carry_out(&order, report).map(Some)
        })
    }

    /// Changes how many processes of the live release run. An app that is stopped keeps the counts.
    ///
    /// # Errors
    /// [`Error::UnknownKind`], [`Error::TooMany`], or as a deploy.
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
            let most = piku.surroundings.max_processes;
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

    /// Starts every process anew, of the live release or of one that waits for that. Nothing is built.
    ///
    /// Settings that were written into the file of `config:set` by hand make a release, as `config:set` does.
    ///
    /// # Errors
    /// As a deploy; the old processes then go on.
    pub fn restart(&self, app: &AppName, actor: &Actor, report: &mut Report<'_>) -> Result<Done, Error> {
        self.live(app)?;
        self.locked(app, &actor.doing("restarting", app), report, |piku, report| {
            piku.once_more(app, Cause::Restart, actor, report)
        })
    }

    /// Starts the processes of an app; one that is running already is left alone.
    ///
    /// # Errors
    /// As a deploy; the app then stays stopped.
    pub fn start(
        &self,
        app: &AppName,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<Option<Done>, Error> {
        self.live(app)?;
        if !store::is_stopped(&self.root, app) {
            return Ok(None);
        }
        self.locked(app, &actor.doing("starting", app), report, |piku, report| {
            piku.once_more(app, Cause::Start, actor, report).map(Some)
        })
    }

    /// Starts the newest release anew. To be called with the app's lock held.
    pub(crate) fn once_more(
        &self,
        app: &AppName,
        cause: Cause,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<Done, Error> {
        let base = self.newest(app)?;
        let settings = self.stored_text(app)?;
        // A release keeps them as text.
        if String::from_utf8_lossy(&settings) == base.settings {
            return self.carry_out(&self.kept(app, base, cause, actor)?, report);
        }
        let keys = edited(&base.settings, &settings);
        let file = self.root.stored_settings(app);
        stage(report, format!("{file} was edited: making a release of it"));
        let order = self.with_settings(app, &base, settings, Cause::ConfigSet { keys }, actor)?;
        self.carry_out(&order, report)
    }

    /// Makes a release of the last pushed commit, in a fresh tree.
    ///
    /// # Errors
    /// As a push.
    pub fn deploy(&self, app: &AppName, actor: &Actor, report: &mut Report<'_>) -> Result<Done, Error> {
        self.must_exist(app)?;
        self.locked(app, &actor.doing("deploying", app), report, |piku, report| {
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
        };
        Ok(Order {
            app: app.clone(),
            cause,
            by: actor.name.clone(),
            formation: self.formation(app)?,
            what: What::New(new),
        })
    }

    /// Makes release `to` live again, or the one that was live before the live one: its commit, its build, its settings.
    /// A second call without `to` goes further back, never forward.
    ///
    /// # Errors
    /// [`Error::UnknownRelease`], [`Error::NothingBefore`], or as a deploy.
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
            let commit = describe_commit(&piku.root, app, &base.commit);
            stage(
                report,
                format!("Going back to release {} of {app}: {commit}, {}", base.number, base.cause),
            );
            let cause = Cause::Rollback { to: base.number };
            piku.carry_out(&piku.kept(app, base, cause, actor)?, report)
        })
    }

    /// Stops every process. The app stays stopped until `start`, `restart`, or a push; its site says 503.
    ///
    /// # Errors
    /// [`Error::NeverDeployed`], or what the machine refuses.
    pub fn stop(&self, app: &AppName, actor: &Actor, report: &mut Report<'_>) -> Result<(), Error> {
        self.must_exist(app)?;
        self.locked(app, &actor.doing("stopping", app), report, |piku, report| {
            let names = enabled::of_app(&piku.root, app)?;
            // An app of legacy piku has none before its first release of ours.
            files::make_folder(&piku.root.releases(app), 0o711)?;
            store::set_stopped(&piku.root, app, true)?;
            let live = store::live(&piku.root, app)?;
            repair::site(&piku.root, &piku.surroundings, piku.host(), app, live.as_ref())?;
            // Requests get the answer of a stopped app before the processes behind the old site are gone.
            if let Some(question) = live.as_ref().and_then(|live| live.stopped_question.as_ref()) {
                nginx::await_answer(question, STOPPED_SITE);
            }
            end::retire(&piku.root, piku.host(), &names, false)?;
            predecessor::await_end(&piku.root, &names, report);
            let stopped = HistoryEntry::now(app, Happened::Stopped, history::STOP, actor.name.as_deref());
            piku.write_down(&stopped, app, report);
            Ok(())
        })
    }
}

/// The keys by which two files of settings differ.
fn edited(before: &str, after: &[u8]) -> Vec<String> {
    let read = |text: &[u8]| StoredSettings::parse(text).0.unwrap_or_default();
    let (before, after) = (read(before.as_bytes()), read(after));
    let keys = before.iter().chain(after.iter()).map(|(key, _)| key.to_owned());
    let mut keys: Vec<String> = keys.filter(|key| before.get(key) != after.get(key)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
