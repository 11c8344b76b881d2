//! Runs the jobs of an app on schedule: the launcher's part in the app's cron vassal.
//!
//! uWSGI's own cron takes integers only, runs a job at once if a vassal starts in a matching minute, and lets jobs
//! outlive a stop. Here a job starts in the first second of its minute, by the machine's clock, or that of `TZ` in
//! the app's settings (see [`Schedule::next_after`] for clock changes). A run that is due while the last one is still
//! running is skipped, unless `ps:scale` allows more at once. Runs missed while the machine slept are made up for
//! once, if at most ten minutes late. Runs missed while the scheduler was not running are not.

use std::collections::BTreeMap;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use piku_procfile::cron::Schedule;
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::log::{Log, LogRecord};
use crate::supervise::Supervisor;
use crate::{Error, LAUNCHER, Status};

/// How late a run may start.
const LATE: SignedDuration = SignedDuration::from_mins(10);

/// The longest sleep: the clock may be set meanwhile.
const NAP: SignedDuration = SignedDuration::from_secs(60);

/// A command and when it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its name in the Procfile, which is its `PROC_TYPE`.
    pub name: String,
    /// The schedule: five fields.
    pub schedule: String,
    /// The command line for `sh -c`.
    pub command: String,
    /// How many runs may overlap.
    pub at_once: u32,
    /// The log file, which also gets a line for each start and each end.
    pub log: Utf8PathBuf,
    /// The size in bytes at which the log is rotated, keeping one older file.
    pub log_max_size: u64,
}

/// A job, its next run, and the runs in progress.
struct Running<'a> {
    job: &'a Job,
    schedule: Schedule,
    next: Option<Zoned>,
    runs: Vec<(Child, Instant)>,
}

/// Runs jobs until it is asked to stop, and then until all of them have ended.
pub(crate) fn run(
    jobs: &[Job],
    env: &BTreeMap<String, String>,
    cwd: &Utf8Path,
    supervisor: &mut Supervisor,
) -> Result<Status, Error> {
    let zone = env.get("TZ").and_then(|name| TimeZone::get(name).ok()).unwrap_or_else(TimeZone::system);
    let now = || time_now().to_zoned(zone.clone());
    let mut all: Vec<Running<'_>> = jobs.iter().filter_map(|job| Running::new(job, &now())).collect();
    let mut stopping = false;
    let mut before = now();
    loop {
        let moment = now();
        if before.duration_since(&moment) > LATE {
            // The clock was set back: the next run may be years away now.
            all.iter_mut().for_each(|running| running.reckon(&moment));
        }
        before.clone_from(&moment);
        all.iter_mut().for_each(|running| running.collect(&moment));
        if supervisor.is_asked_to_stop() && !stopping {
            stopping = true;
            all.iter().for_each(Running::stop);
        }
        if stopping && all.iter().all(|running| running.runs.is_empty()) {
            return Ok(Status::Code(0));
        }
        if !stopping {
            all.iter_mut().for_each(|running| running.start_when_due(&moment, env, cwd));
        }
        let next = all.iter().filter_map(|running| running.next.as_ref()).min();
        let sleep = next.map_or(NAP, |next| next.duration_since(&moment).min(NAP));
        let sleep = Duration::try_from(sleep.max(SignedDuration::ZERO)).unwrap_or_default();
        supervisor.wait(None, Some(sleep));
    }
}

/// The current time, to the microsecond.
fn time_now() -> Timestamp {
    Timestamp::try_from(SystemTime::now()).unwrap_or_default()
}

impl<'a> Running<'a> {
    fn new(job: &'a Job, now: &Zoned) -> Option<Self> {
        let schedule: Schedule = job.schedule.parse().ok()?;
        Some(Self { job, next: schedule.next_after(now), schedule, runs: Vec::new() })
    }

    /// Finds the next run after `now`.
    fn reckon(&mut self, now: &Zoned) {
        self.next = self.schedule.next_after(now);
    }

    /// Records the runs that have ended.
    fn collect(&mut self, now: &Zoned) {
        let job = self.job;
        self.runs.retain_mut(|(child, begin)| match child.try_wait() {
            Ok(None) => true,
            Ok(Some(status)) => {
                let how = Status::from(status);
                job.note(now, &format!("ended with {how} after {} s", begin.elapsed().as_secs()));
                false
            }
            Err(_) => false,
        });
    }

    /// Asks every run to stop; its supervisor ends it.
    fn stop(&self) {
        for (child, _) in &self.runs {
            if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                let _ = kill_process(pid, Signal::TERM);
            }
        }
    }

    fn start_when_due(&mut self, now: &Zoned, env: &BTreeMap<String, String>, cwd: &Utf8Path) {
        let Some(due) = self.next.take_if(|next| *next <= *now) else { return };
        self.reckon(now);
        if now.duration_since(&due) > LATE {
            let due = due.strftime("%F %H:%M");
            self.job.note(now, &format!("was due at {due}, when the machine slept; it is not made up for"));
        } else if self.runs.len() >= self.job.at_once as usize {
            self.job.note(now, "is not started, since its last run still goes on");
        } else {
            match self.job.start(now, env, cwd) {
                Ok(child) => self.runs.push((child, Instant::now())),
                Err(error) => self.job.note(now, &format!("could not be started: {error}")),
            }
        }
    }
}

impl Job {
    fn start(&self, now: &Zoned, env: &BTreeMap<String, String>, cwd: &Utf8Path) -> std::io::Result<Child> {
        self.note(now, &format!("starts: {}", self.command));
        let mut command = Command::new("/proc/self/exe");
        let limit = self.log_max_size.to_string();
        command.arg0(LAUNCHER).args(["--job", self.log.as_str(), &limit, "/bin/sh", "-c", &self.command]);
        command.current_dir(cwd).env_clear().envs(env).env("PROC_TYPE", &self.name);
        command.stdin(Stdio::null()).spawn()
    }

    /// Writes a line into the log, where the output of the runs goes as well.
    fn note(&self, now: &Zoned, what: &str) {
        let place = LogRecord { path: self.log.clone(), max_size: self.log_max_size };
        let line = format!("[{}] {} {what}\n", now.strftime("%F %T %z"), self.name);
        Log::new(place).write(line.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(folder: &Utf8Path, command: &str) -> Job {
        Job {
            name: "cron_tidy".to_owned(),
            schedule: "30 4 * * *".to_owned(),
            command: command.to_owned(),
            at_once: 1,
            log: folder.join("cron_tidy.1.log"),
            log_max_size: 100,
        }
    }

    fn at(time: &str) -> Zoned {
        format!("2026-11-23T{time}+00:00[UTC]").parse().unwrap()
    }

    #[test]
    fn a_job_is_due_in_its_minute_and_a_little_later_but_not_long_after_and_not_twice() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap().to_owned();
        let job = job(&folder, "true");
        let log = || std::fs::read_to_string(&job.log).unwrap_or_default();
        let mut running = Running::new(&job, &at("04:00:00")).unwrap();
        // Stands for a run that is still in progress.
        let held = Command::new("sleep").arg("60").spawn().unwrap();
        running.runs.push((held, Instant::now()));
        let look =
            |running: &mut Running<'_>, time| running.start_when_due(&at(time), &BTreeMap::new(), &folder);
        look(&mut running, "04:29:59");
        assert_eq!(log(), "");
        look(&mut running, "04:30:00");
        look(&mut running, "04:30:30");
        assert_eq!(
            log(),
            "[2026-11-23 04:30:00 +0000] cron_tidy is not started, since its last run still goes on\n"
        );
        running.next = Some(at("04:30:00"));
        look(&mut running, "04:50:00");
        assert!(
            log().ends_with("was due at 2026-11-23 04:30, when the machine slept; it is not made up for\n"),
            "{}",
            log()
        );
        running.stop();
        while !running.runs.is_empty() {
            running.collect(&at("04:51:00"));
        }
        assert!(log().ends_with("cron_tidy ended with signal 15 after 0 s\n"), "{}", log());
    }
}
