//! Starts what the emperor asks for: `piku` as the emperor's wrapper and as the launcher of daemons.
//!
//! uWSGI interprets values (`%d`, `$(X)`, `@(exec://…)`), so none passes through its files. Beside each
//! vassal's file lies a [`LaunchRecord`]; the launcher reads it, sets the environment byte for byte, and
//! becomes the uWSGI or the process that it names.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::crontab::Job;
use super::status::Status;
use super::supervise::{Patience, supervise};
use super::{HostError, files};
use crate::vassal::VassalName;

/// How long a daemon may take to stop once asked; uWSGI's own patience is longer (see `deploy::render`).
pub(crate) const GRACE: Duration = Duration::from_secs(15);

/// Variables by which uWSGI's emperor and its vassals find each other. Every other `UWSGI_*` would be an option.
const EMPERORS_OWN: [&str; 4] =
    ["UWSGI_EMPEROR_", "UWSGI_VASSALS_DIR", "UWSGI_BROODLORD_NUM", "UWSGI_ORIGINAL_PROC_NAME"];

/// What one vassal is launched with. Lies beside its file in `uwsgi-available`, 600, as `<vassal>.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchRecord {
    /// The uWSGI that runs this vassal: the system's, the private one, or the app's own.
    pub uwsgi: Utf8PathBuf,
    /// The environment of the app's processes. The uWSGI of a daemon gets none of it.
    pub env: BTreeMap<String, String>,
    /// The daemon, when the vassal is one.
    pub daemon: Option<DaemonRecord>,
}

/// How a daemon is run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonRecord {
    /// What it does.
    pub work: DaemonWork,
    /// Where it runs.
    pub cwd: Utf8PathBuf,
    /// A file that only one process may hold: where given, this one starts after its predecessor has ended.
    pub slot: Option<Utf8PathBuf>,
    /// How long to go on serving after the order to stop, in milliseconds, when [`drain_marker`] is there.
    pub drain_ms: u64,
    /// The port whose last connection is waited for after that.
    pub drain_port: Option<u16>,
}

/// What a daemon does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DaemonWork {
    /// Runs a command line of the Procfile, by `sh -c`.
    Command(String),
    /// Runs jobs when their schedules come round.
    Crontab(Vec<Job>),
}

/// The name of the link by which the launcher is called.
pub const LAUNCHER: &str = "piku-launch";

/// Where the record of the vassal file `name` lies, given the folder `available`.
#[must_use]
pub fn record_path(available: &Utf8Path, name: &str) -> Utf8PathBuf {
    available.join(format!("{name}.json"))
}

/// The file whose presence makes a daemon drain before it stops: its successor has taken over.
#[must_use]
pub fn drain_marker(record: &Utf8Path) -> Utf8PathBuf {
    record.with_extension("drain")
}

/// The file in which a daemon's launcher notes each ending of its command, one a line.
#[must_use]
pub fn endings(record: &Utf8Path) -> Utf8PathBuf {
    record.with_extension("endings")
}

fn read(path: &Utf8Path) -> Result<LaunchRecord, HostError> {
    let bytes = std::fs::read(path).map_err(HostError::file("read", path))?;
    serde_json::from_slice(&bytes).map_err(|source| HostError::Damaged { path: path.to_owned(), source })
}

/// Becomes the uWSGI of the vassal file `name`; the emperor calls this in the folder of enabled vassals.
///
/// `emperor` is this process's environment, which holds the variables by which the emperor and its vassal find each other (`UWSGI_EMPEROR_*`,
/// `NOTIFY_SOCKET` stays behind). Every other `UWSGI_*` variable would be an option, and is dropped.
///
/// # Errors
/// Only when it can't: [`HostError`] with the reason. On success this process is uWSGI and never returns.
pub fn become_vassal(
    available: &Utf8Path,
    name: &str,
    emperor: impl IntoIterator<Item = (String, String)>,
) -> Result<std::convert::Infallible, HostError> {
    let emperor: BTreeMap<String, String> = emperor.into_iter().collect();
    let Ok(parsed) = name.parse::<VassalName>() else {
        return become_foreign_vassal(available, name, &emperor);
    };
    // Later starts of a release run from the files of its first.
    let record = read(&record_path(available, &parsed.first_start().to_string()))?;
    let mut command = Command::new(&record.uwsgi);
    command.args(["--ini", name]).env_clear();
    if record.daemon.is_none() {
        command.envs(record.env.iter().filter(|(key, _)| !key.starts_with("UWSGI_")));
    }
    command
        .envs(emperor.into_iter().filter(|(key, _)| EMPERORS_OWN.iter().any(|start| key.starts_with(start))));
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    let source = command.exec();
    Err(HostError::Start { program: record.uwsgi.into_string(), source })
}

/// Becomes the uWSGI of a vassal that has no record, as those of piku's Python original: nothing is changed.
fn become_foreign_vassal(
    available: &Utf8Path,
    name: &str,
    env: &BTreeMap<String, String>,
) -> Result<std::convert::Infallible, HostError> {
    let found = env.get("PATH").and_then(|path| super::search_path::program(path, "uwsgi"));
    let private = available.with_file_name("uwsgi").join("venv/bin/uwsgi");
    let words = [found.unwrap_or(private).as_str(), "--ini", name].map(str::to_owned);
    become_alone(&words, env)
}

/// Runs the daemon of a record to its end, with everything it starts.
///
/// # Errors
/// [`HostError`] when the record can't be read or the shell can't be started.
pub fn run_daemon(record_path: &Utf8Path) -> Result<Status, HostError> {
    let record = read(record_path)?;
    let Some(daemon) = record.daemon else { return Ok(Status::Code(1)) };
    // Waiting comes before any signal is caught: the order to stop simply ends a launcher that waits.
    super::supervise::end_with_parent();
    let _slot = daemon.slot.as_deref().map(|slot| hold_slot(slot, record_path)).transpose()?;
    let line = match &daemon.work {
        DaemonWork::Command(line) => line,
        DaemonWork::Crontab(jobs) => {
            let status = super::crontab::run(jobs, &record.env, &daemon.cwd)?;
            note_ending(record_path, status);
            return Ok(status);
        }
    };
    let mut command = Command::new("/bin/sh");
    command.args(["-c", line]).current_dir(&daemon.cwd).env_clear().envs(&record.env);
    let drain = Duration::from_millis(daemon.drain_ms);
    let marker = drain_marker(record_path);
    let status = supervise(command, &|| match files::exists(&marker) {
        true => Patience { drain, drain_port: daemon.drain_port, grace: GRACE },
        false => Patience::short(GRACE),
    })?;
    note_ending(record_path, status);
    Ok(status)
}

/// Waits until the predecessor has let go of the slot, then writes into it who has it now.
fn hold_slot(slot: &Utf8Path, record: &Utf8Path) -> Result<File, HostError> {
    let file = files::open_to_lock(slot)?;
    let failed = || HostError::file("hold", slot);
    file.lock().map_err(failed())?;
    files::sign(&file, record.as_str()).map_err(failed())?;
    Ok(file)
}

/// Who holds the slot, by the path of its record.
pub(crate) fn slot_holder(slot: &Utf8Path) -> Option<Utf8PathBuf> {
    files::read_text(slot).ok().flatten().map(Utf8PathBuf::from)
}

fn note_ending(record: &Utf8Path, status: Status) {
    // Without its record the vassal is retired, and nobody asks.
    if files::exists(record)
        && let Ok(mut file) = OpenOptions::new().append(true).create(true).mode(0o600).open(endings(record))
    {
        drop(writeln!(file, "{status}"));
    }
}

/// Becomes a one-off command in a folder and an environment: its input, output, and exit status are ours.
///
/// No words: `shell`. A single word with white space in it is a line for `sh`.
///
/// # Errors
/// [`HostError::Start`] when there is no such program. On success this process never returns.
pub fn become_command(
    folder: &Utf8Path,
    env: &BTreeMap<String, String>,
    shell: &str,
    words: &[String],
) -> Result<std::convert::Infallible, HostError> {
    let words: Vec<&str> = match words {
        [] => vec![shell],
        [line] if line.contains(char::is_whitespace) => vec!["/bin/sh", "-c", line],
        words => words.iter().map(String::as_str).collect(),
    };
    let (program, args) = words.split_first().map_or(("", &[][..]), |(program, args)| (*program, args));
    // `exec` looks in the PATH of this process; the command is to be found in that of the app.
    let found = match env.get("PATH") {
        Some(path) if !program.contains('/') => super::search_path::program(path, program),
        _ => None,
    };
    let mut command = Command::new(found.as_ref().map_or(program, |found| found.as_str()));
    command.args(args).current_dir(folder).env_clear().envs(env);
    let source = command.exec();
    Err(HostError::Start { program: program.to_owned(), source })
}

/// Becomes another program, with the words after its path, in this process's own environment and `extra`.
///
/// # Errors
/// [`HostError::Start`] when there is no such program. On success this process never returns.
pub fn become_program(
    words: &[impl AsRef<OsStr>],
    extra: &BTreeMap<String, String>,
) -> Result<std::convert::Infallible, HostError> {
    let program = words.first().map_or(OsStr::new(""), AsRef::as_ref);
    let source = Command::new(program).args(words.iter().skip(1)).envs(extra).exec();
    Err(HostError::Start { program: program.to_string_lossy().into_owned(), source })
}

/// Becomes another program in exactly this environment.
///
/// # Errors
/// [`HostError::Start`] when there is no such program. On success this process never returns.
pub fn become_alone(
    words: &[String],
    env: &BTreeMap<String, String>,
) -> Result<std::convert::Infallible, HostError> {
    let mut command = Command::new(words.first().map_or("", String::as_str));
    command.args(words.iter().skip(1)).env_clear().envs(env);
    let source = command.exec();
    Err(HostError::Start { program: words.first().cloned().unwrap_or_default(), source })
}

/// Runs the words as one run of a job: like a daemon it has time to stop when it is asked to.
///
/// # Errors
/// As [`run_supervised`].
pub fn run_job(words: &[String]) -> Result<Status, HostError> {
    supervise_words(words, GRACE)
}

/// Runs the words as a supervised program in this process's own environment: builds and one-off stages.
///
/// # Errors
/// [`HostError::Start`] when there is no such program.
pub fn run_supervised(words: &[String]) -> Result<Status, HostError> {
    supervise_words(words, Duration::from_secs(3))
}

fn supervise_words(words: &[String], grace: Duration) -> Result<Status, HostError> {
    let mut command = Command::new(words.first().map_or("", String::as_str));
    command.args(words.iter().skip(1));
    supervise(command, &|| Patience::short(grace))
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
        };
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<LaunchRecord>(&text).unwrap(), record);
    }
}
