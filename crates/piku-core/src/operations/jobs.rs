//! piku's own jobs, such as the renewal of certificates: one vassal of the emperor runs them, while any is needed.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use sha2::{Digest, Sha256};

use crate::certificates::shelf;
use crate::error::{Error, error_chain};
use crate::event::{Report, warn};
use crate::host::launch::{DaemonRecord, DaemonWork, Job, LaunchRecord, LogRecord, record_path};
use crate::host::lock::AppLock;
use crate::host::{HostError, Step, access_log, apply, files, wait};
use crate::piku::Piku;
use crate::vassal::{OWN_JOBS, own_jobs};

/// The text of the vassal's file, of which the emperor only looks whether it is there.
const LAUNCHED: &str = "; piku-launch runs piku's own jobs, from the record beside this file\n[uwsgi]\n";

/// The size at which the log of the jobs is rotated, in bytes.
const LOG: u64 = 256 * 1024;

impl Piku {
    /// Does what is due: orders and renews certificates, and rotates the logs of requests. Two at once do no harm.
    ///
    /// # Errors
    /// [`Error::Host`] if the state of the apps can't be read.
    pub fn upkeep(&self, report: &mut Report<'_>) -> Result<(), Error> {
        self.order_certificates(None, report)?;
        for app in self.app_names()? {
            if let Err(error) = access_log::rotate(&self.root, &self.surroundings, &app) {
                warn(report, format!("the log of requests to `{app}` grows: {}", error_chain(&error)), None);
            }
        }
        Ok(self.keep_jobs()?)
    }

    /// Makes the jobs run if any is needed, and otherwise not.
    pub(crate) fn keep_jobs(&self) -> Result<(), HostError> {
        let root = &self.root;
        let needed = !shelf::ordering(root)?.is_empty();
        let enabled = self.enabled_jobs()?;
        if !needed && enabled.is_empty() {
            return Ok(());
        }
        let _lock = AppLock::take(&root.jobs_lock(), "piku's own jobs are being changed", &mut |_| {})?;
        let enabled = self.enabled_jobs()?;
        let available = root.uwsgi_available().join(own_jobs(1));
        let record = record_path(&root.uwsgi_available(), &own_jobs(1));
        let text = if needed { self.jobs_record(&record)? } else { String::new() };
        let is_so = files::read_text(&record)?.as_deref() == Some(&text) && files::exists(&available);
        if needed && is_so && enabled.len() == 1 {
            return Ok(());
        }
        let mut steps: Vec<Step> = enabled.into_iter().map(Step::Remove).collect();
        if needed {
            // The emperor may still be stopping one of an older name.
            let start = u32::try_from(wait::now().as_second()).unwrap_or(u32::MAX);
            let path = root.uwsgi_enabled().join(own_jobs(start));
            steps.push(Step::Write { path: record, mode: 0o600, text });
            steps.push(Step::Write { path: available.clone(), mode: 0o600, text: LAUNCHED.to_owned() });
            steps.push(Step::Enable { path, of: available });
        } else {
            steps.extend([record, available].map(Step::Remove));
        }
        steps.push(Step::WakeEmperor { pidfile: root.emperor_pid() });
        apply(&steps)
    }

    /// Whether the jobs run, as far as that depends on files; `None` if none is needed.
    pub(crate) fn has_jobs(&self) -> Result<Option<bool>, HostError> {
        let needed = !shelf::ordering(&self.root)?.is_empty();
        Ok(if needed { Some(!self.enabled_jobs()?.is_empty()) } else { None })
    }

    fn enabled_jobs(&self) -> Result<Vec<Utf8PathBuf>, HostError> {
        let folder = self.root.uwsgi_enabled();
        let names = files::names(&folder)?;
        Ok(names.iter().filter(|name| name.starts_with(OWN_JOBS)).map(|name| folder.join(name)).collect())
    }

    fn jobs_record(&self, path: &camino::Utf8Path) -> Result<String, HostError> {
        let log = LogRecord { path: self.root.jobs_log(), max_size: LOG };
        let job = Job {
            name: "upkeep".to_owned(),
            schedule: schedule(self.root.path().as_str()),
            command: [shell_word(self.surroundings.program.as_str()), "upkeep".to_owned()].join(" "),
            at_once: 1,
            log: log.path.clone(),
            log_max_size: LOG,
        };
        let record = LaunchRecord {
            // A scheduler needs none.
            uwsgi: Utf8PathBuf::new(),
            env: self.own_environment(),
            daemon: Some(DaemonRecord {
                work: DaemonWork::Crontab(vec![job]),
                cwd: self.root.path().to_owned(),
                slot: Some(self.root.jobs_slot()),
                drain_ms: 0,
                drain_port: None,
            }),
            log: Some(log),
        };
        serde_json::to_string_pretty(&record)
            .map_err(|source| HostError::Damaged { path: path.to_owned(), source })
    }

    /// The environment of a `piku` that nobody waits for.
    pub(crate) fn own_environment(&self) -> BTreeMap<String, String> {
        let surroundings = &self.surroundings;
        let reload = surroundings.nginx_reload.clone().map(|line| ("PIKU_NGINX_RELOAD", line));
        let own = [
            ("HOME", surroundings.home.to_string()),
            ("USER", surroundings.user.clone()),
            ("PATH", surroundings.search_path()),
            ("PIKU_ROOT", self.root.path().to_string()),
        ];
        own.into_iter().chain(reload).map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

/// Every ten minutes, not in the same ones on every server.
fn schedule(seed: &str) -> String {
    let first = Sha256::digest(seed)[0] % 10;
    let minutes: Vec<String> = (0..6).map(|ten| (ten * 10 + first).to_string()).collect();
    format!("{} * * * *", minutes.join(","))
}

fn shell_word(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), |quoted| quoted.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_jobs_run_every_ten_minutes_of_a_schedule_that_the_launcher_reads() {
        for seed in ["/home/piku/.piku", "/home/ada/.piku", "/srv/piku"] {
            let schedule = schedule(seed);
            assert!(schedule.parse::<piku_procfile::cron::Schedule>().is_ok(), "{schedule}");
            assert_eq!(schedule.split(',').count(), 6);
        }
    }
}
