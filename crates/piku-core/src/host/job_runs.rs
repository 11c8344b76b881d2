//! When the jobs of an app run next, and how they ran last: from the record of their scheduler and their logs.

use std::collections::BTreeMap;

use camino::Utf8Path;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use piku_procfile::cron::Schedule;

use super::files;
use super::launch::{DaemonWork, Job, LaunchRecord};

/// How much of the end of a log is read, in bytes.
const TAIL: u64 = 64 * 1024;

/// The runs of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct JobRuns {
    /// When it runs next.
    pub(crate) next: Option<Timestamp>,
    /// When it ran last, as far as its log says.
    pub(crate) last: Option<Timestamp>,
    /// How that run ended; `None` while it goes on.
    pub(crate) ending: Option<String>,
}

/// The runs of all jobs in the record of a scheduler, by name.
pub(crate) fn of(record: &Utf8Path, now: Timestamp) -> BTreeMap<String, JobRuns> {
    let text = files::read_text(record).ok().flatten().unwrap_or_default();
    let Ok(record) = serde_json::from_str::<LaunchRecord>(&text) else { return BTreeMap::new() };
    let Some(DaemonWork::Crontab(jobs)) = record.daemon.map(|daemon| daemon.work) else {
        return BTreeMap::new();
    };
    // As the scheduler does.
    let zone =
        record.env.get("TZ").and_then(|name| TimeZone::get(name).ok()).unwrap_or_else(TimeZone::system);
    let runs = |job: &Job| {
        let schedule: Option<Schedule> = job.schedule.parse().ok();
        let next = schedule.and_then(|schedule| schedule.next_after(&now.to_zoned(zone.clone())));
        let log = files::tail(&job.log, TAIL).unwrap_or_default();
        let mut runs = last_run(&job.name, &String::from_utf8_lossy(&log));
        runs.next = next.map(|next| next.timestamp());
        (job.name.clone(), runs)
    };
    jobs.iter().map(runs).collect()
}

/// The last run that a log tells of: the scheduler notes when each starts and ends.
fn last_run(name: &str, log: &str) -> JobRuns {
    let mut found = JobRuns::default();
    let noted = log.lines().filter_map(|line| {
        let (time, text) = line.strip_prefix('[')?.split_once("] ")?;
        let time = jiff::fmt::strtime::parse("%F %T %z", time).ok()?.to_timestamp().ok()?;
        Some((time, text.strip_prefix(name)?.strip_prefix(' ')?))
    });
    for (time, what) in noted {
        if what.starts_with("starts: ") {
            (found.last, found.ending) = (Some(time), None);
        } else if let Some(how) = what.strip_prefix("ended with ") {
            found.ending = Some(how.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_of_a_job_tells_how_it_ran_last() {
        let log = "[2026-11-23 04:30:00 +0100] cron_tidy starts: ./tidy\n\
                   removed 3 files\n\
                   [2026-11-23 04:30:02 +0100] cron_tidy ended with exit status 1 after 2 s\n\
                   [2026-11-24 04:30:00 +0100] cron_tidy starts: ./tidy\n\
                   [2026-11-24 04:30:09 +0100] cron_tidy2 ended with exit status 0 after 9 s\n";
        let last = last_run("cron_tidy", log);
        assert_eq!(last.last, Some("2026-11-24T03:30:00Z".parse().unwrap()));
        assert_eq!(last.ending, None, "it goes on");
        let ended = last_run("cron_tidy", &log[..log.find("[2026-11-24").unwrap()]);
        assert_eq!(ended.ending.as_deref(), Some("exit status 1 after 2 s"));
        assert_eq!(last_run("cron_other", log), JobRuns::default());
    }
}
