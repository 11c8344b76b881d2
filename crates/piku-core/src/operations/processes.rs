//! `ps`.

use std::collections::BTreeMap;
use std::fmt;

use piku_procfile::runs_in_uwsgi;
use piku_uwsgi::stats::EmperorStats;
use serde::{Deserialize, Serialize};

use crate::app::AppName;
use crate::deploy::vassals::enabled::{self, Enabled};
use crate::error::Error;
use crate::host::launch::{endings, record_path};
use crate::host::{emperor, files};
use crate::piku::Piku;
use crate::release::store;
use crate::vassal::{CRON, VassalName};

/// The processes of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KindStatus {
    /// The kind.
    pub kind: String,
    /// The number of processes it is scaled to.
    pub count: u32,
    /// The processes that should be running; empty if the app is stopped.
    pub processes: Vec<ProcessStatus>,
}

/// One process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProcessStatus {
    /// Its index within its kind, from 1.
    pub index: u32,
    /// Its state.
    pub state: State,
    /// The process of piku's launcher that runs it.
    pub pid: Option<u32>,
    /// When it was started, in seconds since the Unix epoch.
    pub since: Option<u64>,
    /// How often its command has ended and was started again, or uWSGI was.
    pub restarts: u64,
    /// How its command ended before the last restart.
    pub last_ending: Option<String>,
}

/// The state of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum State {
    /// It is running.
    Running,
    /// It was started but is not ready yet.
    Starting,
    /// It keeps ending and is being restarted with growing delays.
    Failing,
    /// It is not running.
    Down,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Running => "running",
            Self::Starting => "starting",
            Self::Failing => "failing",
            Self::Down => "down",
        })
    }
}

impl Piku {
    /// Every kind of the live release with its processes. For an app of legacy piku, the processes it left running.
    ///
    /// # Errors
    /// [`Error::NeverDeployed`].
    pub fn processes(&self, app: &AppName) -> Result<Vec<KindStatus>, Error> {
        self.processes_by(app, emperor::ask(&self.root.emperor_stats()).as_ref())
    }

    /// Like [`Piku::processes`], by what the emperor told.
    pub(super) fn processes_by(
        &self,
        app: &AppName,
        stats: Option<&EmperorStats>,
    ) -> Result<Vec<KindStatus>, Error> {
        if store::is_foreign_clone(&self.root, app) {
            return self.foreign_processes(app, stats);
        }
        let live = self.live(app)?;
        let stopped = store::is_stopped(&self.root, app);
        let running = enabled::of_app(&self.root, app)?;
        let kinds = live.formation.iter().map(|(kind, count)| {
            // All cron jobs of an app share one scheduler.
            let vassal = if kind.starts_with("cron") && count > 0 { CRON } else { kind };
            let own = live.vassals.iter().filter(|name| name.kind == vassal && !stopped);
            KindStatus {
                kind: kind.to_owned(),
                count,
                processes: own.map(|name| self.one(&started_as(name, &running), stats)).collect(),
            }
        });
        Ok(kinds.collect())
    }

    /// The processes of an app that only legacy piku has deployed.
    fn foreign_processes(
        &self,
        app: &AppName,
        stats: Option<&EmperorStats>,
    ) -> Result<Vec<KindStatus>, Error> {
        let formation = self.formation(app)?;
        let mut kinds: BTreeMap<String, KindStatus> = BTreeMap::new();
        for one in enabled::of_app(&self.root, app)?.into_iter().filter(|one| one.ours().is_none()) {
            let of_kind = kinds.entry(one.kind().to_owned()).or_insert_with(|| KindStatus {
                kind: one.kind().to_owned(),
                count: formation.count(one.kind()),
                processes: Vec::new(),
            });
            of_kind.processes.push(self.one(&one, stats));
        }
        Ok(kinds.into_values().collect())
    }

    fn one(&self, enabled: &Enabled, stats: Option<&EmperorStats>) -> ProcessStatus {
        let file = enabled.to_string();
        let first = enabled.ours().map_or_else(|| file.clone(), |name| name.first_start().to_string());
        let record = record_path(&self.root.uwsgi_available(), &first);
        let endings = files::read_text(&endings(&record)).ok().flatten().unwrap_or_default();
        let vassal = stats.and_then(|stats| stats.vassal(&file));
        let failed = stats.and_then(|stats| stats.blacklisted(&file)).is_some_and(|entry| entry.attempt > 0);
        let state = match vassal {
            None if failed => State::Failing,
            None => State::Down,
            Some(_) if failed || endings.lines().count() > 2 => State::Failing,
            Some(vassal) if runs_in_uwsgi(enabled.kind()) && !vassal.accepting => State::Starting,
            Some(_) => State::Running,
        };
        ProcessStatus {
            index: enabled.index(),
            state,
            pid: vassal.and_then(|vassal| u32::try_from(vassal.pid).ok()),
            since: vassal.map(|vassal| vassal.last_run),
            restarts: endings.lines().count() as u64 + vassal.map_or(0, |vassal| vassal.respawns),
            last_ending: endings.lines().last().map(str::to_owned),
        }
    }
}

/// The name of the last start of a process. It is not the first one if a failed deploy had ended the process.
fn started_as(name: &VassalName, enabled: &[Enabled]) -> Enabled {
    let same = |one: &&Enabled| one.ours().is_some_and(|other| other.first_start() == *name);
    enabled.iter().find(same).cloned().unwrap_or_else(|| name.clone().into())
}
