//! What `top` shows: values. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::processes::State;
use crate::app::AppName;
use crate::gate::traffic::Traffic;

/// Apps at one moment, and the machine they run on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// When it was taken.
    pub time: Timestamp,
    /// The machine.
    pub machine: MachineUsage,
    /// The apps, by name.
    pub apps: Vec<AppUsage>,
}

/// What the machine has, and what is left of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MachineUsage {
    /// How many processors programs may use.
    pub cores: u32,
    /// The load average of the last minute.
    pub load: f32,
    /// Its memory, in bytes.
    pub memory: u64,
    /// The memory that programs can still get, in bytes.
    pub available: u64,
}

/// One app.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AppUsage {
    /// The app.
    pub app: AppName,
    /// The live release; `None` if there is none.
    pub release: Option<u32>,
    /// Whether it was stopped.
    pub stopped: bool,
    /// Its processes.
    pub processes: Vec<ProcessUsage>,
    /// The requests to its site; `None` if it has none that logs them.
    pub traffic: Option<Traffic>,
}

/// One process of an app, with all that it started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProcessUsage {
    /// Its kind and index, such as `web.1`; `cron` for the scheduler of all jobs.
    pub process: String,
    /// Its state.
    pub state: State,
    /// The process of piku's launcher that runs it.
    pub pid: Option<u32>,
    /// When it was started, in seconds since the Unix epoch.
    pub since: Option<u64>,
    /// How often its command has ended and was started again, or uWSGI was.
    pub restarts: u64,
    /// Its memory in bytes: its share of what several processes use together (PSS), or where the kernel does not tell,
    /// all that is resident (RSS).
    pub memory: Option<u64>,
    /// The CPU time it used since the last look, as a percentage of one processor; `None` at the first look.
    pub cpu: Option<f64>,
}

impl Snapshot {
    /// The memory of all processes that are shown, in bytes.
    #[must_use]
    pub fn memory(&self) -> u64 {
        self.processes().filter_map(|(_, process)| process.memory).sum()
    }

    /// The CPU time that all processes that are shown used since the last look, as a percentage of one processor.
    #[must_use]
    pub fn cpu(&self) -> f64 {
        self.processes().filter_map(|(_, process)| process.cpu).fold(0.0, |sum, cpu| sum + cpu)
    }

    /// Requests a second, to all sites that are shown.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        self.traffic().fold(0.0, |sum, traffic| sum + traffic.per_second)
    }

    /// Requests a second that failed, to all sites that are shown.
    #[must_use]
    pub fn failed_per_second(&self) -> f64 {
        self.traffic().fold(0.0, |sum, traffic| sum + traffic.failed_per_second)
    }

    /// The requests of each of the last 60 seconds, to all sites that are shown, oldest first.
    #[must_use]
    pub fn seconds(&self) -> Vec<u64> {
        let mut all = Vec::new();
        for traffic in self.traffic() {
            all.resize(all.len().max(traffic.seconds.len()), 0);
            all.iter_mut().zip(&traffic.seconds).for_each(|(sum, requests)| *sum += requests);
        }
        all
    }

    /// Every process, with its app.
    pub fn processes(&self) -> impl Iterator<Item = (&AppUsage, &ProcessUsage)> {
        self.apps.iter().flat_map(|app| app.processes.iter().map(move |process| (app, process)))
    }

    fn traffic(&self) -> impl Iterator<Item = &Traffic> {
        self.apps.iter().filter_map(|app| app.traffic.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(name: &str, seconds: &[u64]) -> AppUsage {
        let process = ProcessUsage {
            process: "web.1".to_owned(),
            state: State::Running,
            pid: Some(7),
            since: None,
            restarts: 0,
            memory: Some(1000),
            cpu: Some(1.5),
        };
        let failed_per_second = 0.5;
        let traffic =
            Traffic { per_second: 2.0, failed_per_second, seconds: seconds.into(), ..Traffic::default() };
        AppUsage {
            app: name.parse().unwrap(),
            release: Some(1),
            stopped: false,
            processes: vec![process],
            traffic: Some(traffic),
        }
    }

    #[test]
    fn totals_are_of_all_apps_that_are_shown() {
        let apps =
            vec![app("blog", &[1, 2]), app("shop", &[3, 4]), AppUsage { traffic: None, ..app("x", &[]) }];
        let all = Snapshot { time: Timestamp::UNIX_EPOCH, machine: MachineUsage::default(), apps };
        assert_eq!((all.memory(), all.cpu(), all.seconds()), (3000, 4.5, vec![4, 6]));
        assert_eq!((all.per_second(), all.failed_per_second()), (4.0, 1.0));
        let text = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<Snapshot>(&text).unwrap(), all, "it reads back");
    }
}
