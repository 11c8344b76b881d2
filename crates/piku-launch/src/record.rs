//! The launch record beside each vassal's file, and the files beside the record.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use crate::log::LogRecord;
use crate::{Error, Job};

/// What a vassal is launched with. Lies beside its file in `uwsgi-available`, mode 600, as `<vassal>.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchRecord {
    /// The uWSGI that runs this vassal: the system's, the private one, or the app's own. A daemon needs none.
    pub uwsgi: Utf8PathBuf,
    /// The environment of the app's processes.
    pub env: BTreeMap<String, String>,
    /// The daemon, if the vassal is one.
    pub daemon: Option<DaemonRecord>,
    /// Where the vassal's output goes. Without it, as in records of earlier versions, uWSGI writes the log, and starts
    /// the daemon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogRecord>,
}

/// How to run a daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonRecord {
    /// What it runs.
    pub work: DaemonWork,
    /// The working directory.
    pub cwd: Utf8PathBuf,
    /// A file that only one process may hold: this daemon starts when its predecessor has released it.
    pub slot: Option<Utf8PathBuf>,
    /// How long to keep serving after the order to stop, in milliseconds, if [`drain_marker`] exists.
    pub drain_ms: u64,
    /// The port whose connections must end after that.
    pub drain_port: Option<u16>,
}

/// What a daemon runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DaemonWork {
    /// A command line of the Procfile, by `sh -c`.
    Command(String),
    /// Jobs, on their schedules.
    Crontab(Vec<Job>),
}

/// The path of the record of the vassal file `name`, in the folder `available`.
#[must_use]
pub fn record_path(available: &Utf8Path, name: &str) -> Utf8PathBuf {
    available.join(format!("{name}.json"))
}

/// The file that makes a daemon drain before it stops, because its successor has taken over.
#[must_use]
pub fn drain_marker(record: &Utf8Path) -> Utf8PathBuf {
    record.with_extension("drain")
}

/// The file that keeps a daemon's launcher from starting it, however free its slot is, until the file is removed.
#[must_use]
pub fn hold_marker(record: &Utf8Path) -> Utf8PathBuf {
    record.with_extension("hold")
}

/// The file in which a daemon's launcher records how its command ended, one line each time.
#[must_use]
pub fn endings(record: &Utf8Path) -> Utf8PathBuf {
    record.with_extension("endings")
}

/// The path of the record that holds the slot; `None` if nobody ever did.
#[must_use]
pub fn slot_holder(slot: &Utf8Path) -> Option<Utf8PathBuf> {
    let signed = std::fs::read(slot).ok()?;
    Some(String::from_utf8_lossy(&signed).into_owned().into())
}

/// The name under which a vassal was first started, which is also that of its record for later starts. `None` for a
/// name of another form, whose vassal has no record.
///
/// A name is `<app>_<kind>.<index>@<app>.<release>.<start>.ini`; its numbers have no sign and no leading zeros.
///
/// ```
/// use piku_launch::first_start;
/// let first = Some("blog_web.1@blog.7.1.ini".to_owned());
/// assert_eq!(first_start("blog_web.1@blog.7.3.ini"), first);
/// assert_eq!(first_start("blog_web.1.ini"), None);
/// ```
#[must_use]
pub fn first_start(vassal: &str) -> Option<String> {
    let (shown, exact) = vassal.strip_suffix(".ini")?.split_once('@')?;
    let (of_release, start) = exact.rsplit_once('.')?;
    let (app, release) = of_release.rsplit_once('.')?;
    let (_, index) = shown.strip_prefix(app)?.strip_prefix('_')?.rsplit_once('.')?;
    // Start 0, a rehearsal, has its own record.
    let first = number(start)?.min(1);
    number(index).and(number(release)).map(|_| format!("{shown}@{of_release}.{first}.ini"))
}

/// Refuses other spellings of a number: `+7` and `07` would parse as 7.
fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number: &u32| number.to_string() == text)
}

pub(crate) fn read(path: &Utf8Path) -> Result<LaunchRecord, Error> {
    let bytes = std::fs::read(path).map_err(Error::file("read", path))?;
    serde_json::from_slice(&bytes).map_err(|source| Error::Damaged { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_keeps_every_value_to_the_letter() {
        let hard = ["$(HOME) %d @(exec://id) %(x)", "  blanks  ", "two\nlines", "é\u{1}\u{7f}", "'\"\\"];
        let record = LaunchRecord {
            uwsgi: "/usr/bin/uwsgi".into(),
            env: hard.iter().enumerate().map(|(n, value)| (format!("K{n}"), (*value).to_owned())).collect(),
            daemon: None,
            log: None,
        };
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<LaunchRecord>(&text).unwrap(), record);
    }

    /// After an upgrade, the new program reads the records of a running server.
    #[test]
    fn a_record_has_the_form_that_earlier_programs_wrote() {
        let daemon = |work, drain_port: Option<u16>| DaemonRecord {
            work,
            cwd: "/srv/blog".into(),
            slot: drain_port.is_none().then(|| "/run/blog@worker.1.slot".into()),
            drain_ms: 1500,
            drain_port,
        };
        let job = Job {
            name: "cron_tidy".to_owned(),
            schedule: "30 4 * * *".to_owned(),
            command: "./tidy".to_owned(),
            at_once: 1,
            log: "/logs/cron_tidy.1.log".into(),
            log_max_size: 100,
        };
        let env = BTreeMap::from([("A".to_owned(), "1".to_owned())]);
        for (daemon, written) in [
            (None, r#"{"uwsgi":"/usr/bin/uwsgi","env":{"A":"1"},"daemon":null}"#),
            (
                Some(daemon(DaemonWork::Command("./run".to_owned()), Some(4001))),
                r#"{"uwsgi":"/usr/bin/uwsgi","env":{"A":"1"},"daemon":{"work":{"command":"./run"},"cwd":"/srv/blog","slot":null,"drain_ms":1500,"drain_port":4001}}"#,
            ),
            (
                Some(daemon(DaemonWork::Crontab(vec![job]), None)),
                r#"{"uwsgi":"/usr/bin/uwsgi","env":{"A":"1"},"daemon":{"work":{"crontab":[{"name":"cron_tidy","schedule":"30 4 * * *","command":"./tidy","at_once":1,"log":"/logs/cron_tidy.1.log","log_max_size":100}]},"cwd":"/srv/blog","slot":"/run/blog@worker.1.slot","drain_ms":1500,"drain_port":null}}"#,
            ),
        ] {
            let record = LaunchRecord { uwsgi: "/usr/bin/uwsgi".into(), env: env.clone(), daemon, log: None };
            assert_eq!(serde_json::to_string(&record).unwrap(), written);
            assert_eq!(serde_json::from_str::<LaunchRecord>(written).unwrap(), record);
        }
    }

    #[test]
    fn only_names_in_their_only_spelling_have_a_record() {
        assert_eq!(first_start("a.1_b.c.2@a.1.7.0.ini").as_deref(), Some("a.1_b.c.2@a.1.7.0.ini"));
        for name in [
            "blog___web.7.ini",
            "foo_web.1@bar.7.1.ini",
            "blog_web.1@blog.07.1.ini",
            "@.ini",
            "",
            "x@x.1.1.ini",
        ] {
            assert_eq!(first_start(name), None, "{name}");
        }
    }
}
