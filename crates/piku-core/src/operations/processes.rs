//! `ps`.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use piku_procfile::runs_in_uwsgi;
use piku_uwsgi::stats::EmperorStats;
use serde::{Deserialize, Serialize};

use crate::app::AppName;
use crate::deploy::vassals::enabled::{self, Enabled};
use crate::error::Error;
use crate::host::launch::{LaunchRecord, endings, record_path};
use crate::host::processes::ProcessTree;
use crate::host::{emperor, files, job_runs, usage, wait};
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
    /// The processes that should be running. If the app is stopped, those that `start` starts.
    pub processes: Vec<ProcessStatus>,
    /// When a job runs next.
    pub next: Option<Timestamp>,
    /// When a job ran last, as far as its log says.
    pub last: Option<Timestamp>,
    /// How that run ended; `None` if it goes on.
    pub last_result: Option<String>,
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
    /// Bytes of memory that it holds with everything below it; only `ps` looks.
    pub memory: Option<u64>,
    /// CPU time since its start, in milliseconds; only `ps` looks.
    pub cpu_ms: Option<u64>,
    /// The port it listens on, if it has one of its own; only `ps` looks.
    pub port: Option<u16>,
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
    /// The app is stopped.
    Stopped,
}

impl ProcessStatus {
    pub(super) fn stopped(index: u32) -> Self {
        Self {
            index,
            state: State::Stopped,
            pid: None,
            since: None,
            restarts: 0,
            last_ending: None,
            memory: None,
            cpu_ms: None,
            port: None,
        }
    }
}

/// The kind of process that listens on a port of its own.
const WEB: &str = "web";

/// The port in the environment of a launch record.
fn port_of(record: &camino::Utf8Path) -> Option<u16> {
    let text = files::read_text(record).ok().flatten()?;
    let record: LaunchRecord = serde_json::from_str(&text).ok()?;
    record.env.get("PORT")?.parse().ok()
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Running => "running",
            Self::Starting => "starting",
            Self::Failing => "failing",
            Self::Down => "down",
            Self::Stopped => "stopped",
        })
    }
}

impl Piku {
    /// Every kind of the live release with its processes. For an app of legacy piku, the processes it left running.
    ///
    /// # Errors
    /// [`Error::NeverDeployed`].
    pub fn processes(&self, app: &AppName) -> Result<Vec<KindStatus>, Error> {
        let mut kinds = self.processes_by(app, emperor::ask(&self.root.emperor_stats()).as_ref())?;
        self.look_closely(app, &mut kinds)?;
        Ok(kinds)
    }

    /// Adds what processes use, where they listen, and when jobs run.
    fn look_closely(&self, app: &AppName, kinds: &mut [KindStatus]) -> Result<(), Error> {
        let live = store::live(&self.root, app)?;
        let vassals = live.map(|live| live.vassals).unwrap_or_default();
        let record = |name: &VassalName| record_path(&self.root.uwsgi_available(), &name.to_string());
        let scheduler = vassals.iter().find(|name| name.kind == CRON);
        let jobs = scheduler.map(|name| job_runs::of(&record(name), wait::now())).unwrap_or_default();
        let tree = ProcessTree::read();
        for kind in kinds {
            if let Some(runs) = jobs.get(&kind.kind) {
                (kind.next, kind.last, kind.last_result) = (runs.next, runs.last, runs.ending.clone());
            }
            for process in &mut kind.processes {
                let used = process.pid.and_then(|pid| usage::of_tree(&tree, pid));
                process.memory = used.map(|used| used.memory);
                process.cpu_ms = used.and_then(|used| u64::try_from(used.cpu.as_millis()).ok());
                let own = vassals.iter().find(|name| name.kind == kind.kind && name.index == process.index);
                process.port = own.filter(|name| name.kind == WEB).and_then(|name| port_of(&record(name)));
            }
        }
        Ok(())
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
            let at_rest = (1..=count).filter(|_| stopped).map(ProcessStatus::stopped);
            KindStatus {
                kind: kind.to_owned(),
                count,
                processes: own
                    .map(|name| self.one(&started_as(name, &running), stats))
                    .chain(at_rest)
                    .collect(),
                next: None,
                last: None,
                last_result: None,
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
                next: None,
                last: None,
                last_result: None,
            });
            of_kind.processes.push(self.one(&one, stats));
        }
        Ok(kinds.into_values().collect())
    }

    pub(super) fn one(&self, enabled: &Enabled, stats: Option<&EmperorStats>) -> ProcessStatus {
        let file = enabled.to_string();
        let first = enabled.ours().map_or_else(|| file.clone(), |name| name.first_start().to_string());
        let record = record_path(&self.root.uwsgi_available(), &first);
        let endings = files::read_text(&endings(&record)).ok().flatten().unwrap_or_default();
        let vassal = stats.and_then(|stats| stats.vassal(&file));
        let failed = stats.and_then(|stats| stats.blacklisted(&file)).is_some_and(|entry| entry.attempt > 0);
        // The emperor of legacy piku tells nobody about its vassals.
        let master = enabled
            .legacy()
            .filter(|_| vassal.is_none())
            .and_then(|one| one.masters(&self.root).first().copied());
        let state = match vassal {
            None if master.is_some() => State::Running,
            None if failed => State::Failing,
            None => State::Down,
            Some(_) if failed || endings.lines().count() > 2 => State::Failing,
            Some(vassal) if runs_in_uwsgi(enabled.kind()) && !vassal.accepting => State::Starting,
            Some(_) => State::Running,
        };
        ProcessStatus {
            index: enabled.index(),
            state,
            pid: vassal.map(|vassal| vassal.pid).or(master).and_then(|pid| u32::try_from(pid).ok()),
            since: vassal.map(|vassal| vassal.last_run),
            restarts: endings.lines().count() as u64 + vassal.map_or(0, |vassal| vassal.respawns),
            last_ending: endings.lines().last().map(str::to_owned),
            memory: None,
            cpu_ms: None,
            port: None,
        }
    }
}

/// The name of the last start of a process. It is not the first one if a failed deploy had ended the process.
fn started_as(name: &VassalName, enabled: &[Enabled]) -> Enabled {
    let same = |one: &&Enabled| one.ours().is_some_and(|other| other.first_start() == *name);
    enabled.iter().find(same).cloned().unwrap_or_else(|| name.clone().into())
}
