//! `top`.

mod snapshot;

use std::collections::BTreeMap;
use std::time::Duration;

use piku_uwsgi::stats::EmperorStats;

pub use snapshot::{AppUsage, MachineUsage, ProcessUsage, Snapshot};

use super::processes::{KindStatus, ProcessStatus};
use crate::app::AppName;
use crate::error::Error;
use crate::gate::requests::Requests;
use crate::gate::traffic::Traffic;
use crate::host::processes::ProcessTree;
use crate::host::request_log::RequestLog;
use crate::host::wait::Since;
use crate::host::{emperor, files, usage, wait};
use crate::piku::Piku;
use crate::release::store;
use crate::vassal::CRON;

/// How much of all logs of requests is read at first, in bytes.
const LOGS: u64 = 64 * 1024 * 1024;
/// The least and the most of the log of one app.
const LOG: (u64, u64) = (64 * 1024, 8 * 1024 * 1024);
/// The shortest time over which CPU time is measured: the kernel counts it in hundredths of a second.
const SHORTEST: Duration = Duration::from_millis(100);

/// Looks at apps again and again, and remembers what it needs to tell what happened in between.
#[derive(Debug)]
pub struct Watch<'a> {
    piku: &'a Piku,
    /// One app, or all.
    app: Option<AppName>,
    sites: BTreeMap<AppName, Site>,
    /// The CPU time that each process had used at the last look, by its vassal.
    cpu: BTreeMap<(u32, u64), Duration>,
    last: Option<Since>,
}

/// The requests to a site, as far as they were read.
#[derive(Debug)]
struct Site {
    log: RequestLog,
    requests: Requests,
}

/// What all apps have in common at one look.
struct Now {
    stats: Option<EmperorStats>,
    tree: ProcessTree,
    /// The time since the last look, if it was long enough.
    passed: Option<Duration>,
}

impl Piku {
    /// Begins to watch an app, or all apps that the caller may see. Nothing is read until the first look.
    ///
    /// # Errors
    /// [`Error::UnknownApp`].
    pub fn watch(&self, app: Option<&AppName>) -> Result<Watch<'_>, Error> {
        if let Some(app) = app {
            self.must_exist(app)?;
        }
        let (sites, cpu) = (BTreeMap::new(), BTreeMap::new());
        Ok(Watch { piku: self, app: app.cloned(), sites, cpu, last: None })
    }
}

impl Watch<'_> {
    /// What the apps are and do now. CPU time is known from the second look on, of which a tenth of a second must have
    /// passed.
    ///
    /// # Errors
    /// [`Error::UnknownApp`] if the app is gone; [`Error::Host`] if the apps can't be listed.
    pub fn look(&mut self) -> Result<Snapshot, Error> {
        let names = self.names()?;
        let passed = self.last.map(Since::elapsed).filter(|passed| *passed >= SHORTEST);
        let now =
            Now { stats: emperor::ask(&self.piku.root.emperor_stats()), tree: ProcessTree::read(), passed };
        let mut cpu = BTreeMap::new();
        let back = (LOGS / (names.len().max(1) as u64)).clamp(LOG.0, LOG.1);
        let apps = names.into_iter().map(|app| self.app(app, &now, back, &mut cpu)).collect();
        if passed.is_some() || self.last.is_none() {
            (self.cpu, self.last) = (cpu, Some(Since::now()));
        }
        let machine = usage::machine();
        let machine = MachineUsage {
            cores: machine.cores,
            load: machine.load,
            memory: machine.memory,
            available: machine.available,
        };
        Ok(Snapshot { time: wait::now(), machine, apps })
    }

    fn names(&mut self) -> Result<Vec<AppName>, Error> {
        if let Some(app) = &self.app {
            self.piku.must_exist(app)?;
            return Ok(vec![app.clone()]);
        }
        let mut names = self.piku.app_names()?;
        names.retain(|app| self.piku.sight.shows(app));
        names.sort();
        names.dedup();
        self.sites.retain(|app, _| names.binary_search(app).is_ok());
        Ok(names)
    }

    fn app(
        &mut self,
        app: AppName,
        now: &Now,
        back: u64,
        cpu: &mut BTreeMap<(u32, u64), Duration>,
    ) -> AppUsage {
        let root = &self.piku.root;
        // An app that has never been live has no processes.
        let kinds = self.piku.processes_by(&app, now.stats.as_ref()).unwrap_or_default();
        let processes = listed(&kinds).map(|(name, status)| self.process(name, status, now, cpu)).collect();
        let release = store::live_number(root, &app);
        let stopped = release.is_some() && store::is_stopped(root, &app);
        let traffic = self.traffic(&app, back);
        AppUsage { app, release, stopped, processes, traffic }
    }

    fn process(
        &self,
        process: String,
        status: &ProcessStatus,
        now: &Now,
        cpu: &mut BTreeMap<(u32, u64), Duration>,
    ) -> ProcessUsage {
        let used = status.pid.and_then(|pid| usage::of_tree(&now.tree, pid));
        let key = status.pid.zip(status.since);
        let before = key.and_then(|key| self.cpu.get(&key));
        if let (Some(key), Some(used)) = (key, used) {
            cpu.insert(key, used.cpu);
        }
        let share = |(used, passed): (Duration, Duration)| used.as_secs_f64() / passed.as_secs_f64() * 100.0;
        let spent = used.zip(before).map(|(used, before)| used.cpu.saturating_sub(*before));
        ProcessUsage {
            process,
            state: status.state,
            pid: status.pid,
            since: status.since,
            restarts: status.restarts,
            memory: used.map(|used| used.memory),
            cpu: spent.zip(now.passed).map(share).map(to_a_tenth),
        }
    }

    fn traffic(&mut self, app: &AppName, back: u64) -> Option<Traffic> {
        let path = self.piku.root.access_log(app);
        if !files::exists(&path) {
            return None;
        }
        let fresh = || Site { log: RequestLog::new(path, back), requests: Requests::default() };
        let Site { log, requests } = self.sites.entry(app.clone()).or_insert_with(fresh);
        if log.read(&mut |line| requests.count(line)) {
            requests.forget_oldest();
        }
        Some(Traffic::of(requests, wait::now()))
    }
}

/// The processes of an app with their names. All cron jobs share one.
fn listed(kinds: &[KindStatus]) -> impl Iterator<Item = (String, &ProcessStatus)> {
    let mut has_jobs = false;
    let all = kinds.iter().flat_map(|kind| kind.processes.iter().map(move |process| (kind, process)));
    all.filter_map(move |(kind, process)| {
        if !kind.kind.starts_with("cron") {
            return Some((format!("{}.{}", kind.kind, process.index), process));
        }
        let first = !std::mem::replace(&mut has_jobs, true);
        first.then(|| (CRON.trim_start_matches('-').to_owned(), process))
    })
}

fn to_a_tenth(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "a test makes what it looks at")]

    use super::*;
    use crate::host::Surroundings;
    use crate::operations::State;
    use crate::root::Root;

    #[test]
    fn the_jobs_of_an_app_are_one_process() {
        let process = |index, pid| ProcessStatus {
            state: State::Running,
            pid: Some(pid),
            ..ProcessStatus::stopped(index)
        };
        let kind = |kind: &str, processes: Vec<ProcessStatus>| KindStatus {
            kind: kind.to_owned(),
            count: 1,
            processes,
            next: None,
            last: None,
            last_result: None,
        };
        let kinds = [
            kind("web", vec![process(1, 10), process(2, 11)]),
            kind("cron", vec![process(1, 12)]),
            kind("cron-daily", vec![process(1, 12)]),
        ];
        let shown: Vec<_> = listed(&kinds).map(|(name, process)| (name, process.pid)).collect();
        let expected =
            [("web.1", 10), ("web.2", 11), ("cron", 12)].map(|(name, pid)| (name.to_owned(), Some(pid)));
        assert_eq!(shown, expected);
    }

    #[test]
    fn an_app_without_a_release_is_shown_with_its_requests() {
        let folder = tempfile::tempdir().unwrap();
        let home = camino::Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        let piku = Piku::new(Root::new(&home), Surroundings::of_tests(&home));
        let app: AppName = "blog".parse().unwrap();
        assert!(matches!(piku.watch(Some(&app)), Err(Error::UnknownApp { .. })));
        std::fs::create_dir_all(piku.root().repo(&app)).unwrap();
        let mut watch = piku.watch(None).unwrap();
        let seen = watch.look().unwrap();
        let expected =
            AppUsage { app: app.clone(), release: None, stopped: false, processes: vec![], traffic: None };
        assert_eq!(seen.apps, [expected]);

        std::fs::create_dir_all(piku.root().access_logs()).unwrap();
        let line = |off: i64| {
            format!(
                "{} 503 0.010 1 ::1 \"GET http://b/\" -\n",
                wait::now() - jiff::SignedDuration::from_secs(off)
            )
        };
        std::fs::write(piku.root().access_log(&app), line(5) + &line(3600 * 5)).unwrap();
        let seen = watch.look().unwrap();
        assert_eq!((seen.per_second(), seen.failed_per_second()), (0.1, 0.1));
        let minutes = &seen.apps[0].traffic.as_ref().unwrap().minutes;
        assert_eq!(minutes.iter().map(|minute| minute.failed).collect::<Vec<_>>(), [1]);
        std::fs::remove_dir_all(piku.root().repo(&app)).unwrap();
        assert_eq!(watch.look().unwrap().apps, []);
    }
}
