//! Runs a vassal: the emperor's wrapper.
//!
//! The wrapper stays between the emperor and what it starts, and writes the log: uWSGI's own log gives programs a
//! socket that does not block, on which a burst of output fails. For a daemon it is the vassal itself, without uWSGI.

use std::collections::BTreeMap;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{Access, access};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

use crate::daemon::keep_daemon;
use crate::emperor::{Emperor, SOCKET};
use crate::follow::following;
use crate::log::{Log, LogRecord};
use crate::output::{LATE, Output};
use crate::record::read;
use crate::supervise::{logged, read as read_output};
use crate::wait::{Signals, wait};
use crate::{Error, LaunchRecord, Status, first_start, record_path};

/// Variables by which uWSGI's emperor and its vassals find each other. Every other `UWSGI_*` would be an option.
const EMPERORS_OWN: [&str; 4] =
    ["UWSGI_EMPEROR_", "UWSGI_VASSALS_DIR", "UWSGI_BROODLORD_NUM", "UWSGI_ORIGINAL_PROC_NAME"];

/// Runs the vassal whose file is `name`, until it ends; the emperor calls this in the folder of enabled vassals.
///
/// `available` is the folder with the records. Of `emperor`, this process's environment, only the variables by which
/// the emperor and its vassal find each other are kept, such as `UWSGI_EMPEROR_FD`; `NOTIFY_SOCKET` is removed.
/// `UWSGI_*` variables of the record are dropped, because uWSGI would read them as options.
///
/// # Errors
/// [`Error`] with the reason, which is also in the log of the vassal, if that is known.
pub fn run_vassal(
    available: &Utf8Path,
    name: &str,
    emperor: impl IntoIterator<Item = (String, String)>,
) -> Result<Status, Error> {
    let emperor: BTreeMap<String, String> = emperor.into_iter().collect();
    let Some(first) = first_start(name) else {
        return become_foreign_vassal(available, name, &emperor);
    };
    let path = record_path(available, &first);
    let record = read(&path)?;
    let Some(log) = &record.log else { return become_uwsgi(&record, name, emperor) };
    Log::new(log.clone()).make();
    let outcome = match &record.daemon {
        Some(daemon) => of_emperor(&emperor).and_then(|socket| keep_daemon(&record, daemon, &path, socket)),
        None => run_uwsgi(&record, log, name, emperor),
    };
    if let Err(error) = &outcome {
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Log::new(log.clone()).write(format!("piku: {error}{cause}\n").as_bytes());
    }
    outcome
}

/// The socket that the emperor left open.
fn of_emperor(env: &BTreeMap<String, String>) -> Result<Emperor, Error> {
    let failed = |source| Error::Start { program: "a vassal without an emperor".to_owned(), source };
    let number = env.get(SOCKET).and_then(|number| number.parse().ok());
    Emperor::take(number.ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))?).map_err(failed)
}

/// Runs uWSGI until it ends, and writes its log.
///
/// It is killed with this process, which is also how the emperor kills it. To all else it is left alone: it takes the
/// emperor's orders itself, and what its workers started may outlive it.
fn run_uwsgi(
    record: &LaunchRecord,
    log: &LogRecord,
    name: &str,
    emperor: BTreeMap<String, String>,
) -> Result<Status, Error> {
    let failed = |source| Error::Start { program: record.uwsgi.to_string(), source };
    let passed = [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2];
    let mut signals = Signals::catch(&[&passed[..], &[SIGCHLD]].concat()).map_err(failed)?;
    let mut command = following(record.uwsgi.as_str());
    uwsgi_of(&mut command, record, name, emperor);
    let output = logged(&mut command, log).map_err(failed)?;
    let mut uwsgi = command.spawn().map_err(failed)?;
    // It holds writing ends of the pipe.
    drop(command);
    let mut output = Some(output);
    loop {
        let late = output.as_ref().filter(|output| output.is_inside_a_line()).map(|_| LATE);
        wait([Some(signals.as_fd()), output.as_ref().map(AsFd::as_fd)].into_iter().flatten(), late);
        read_output(&mut output);
        for signal in signals.pending() {
            if signal != SIGCHLD {
                pass(&uwsgi, signal);
            } else if let Some(status) = uwsgi.try_wait().map_err(failed)? {
                output.iter_mut().for_each(Output::finish);
                return Ok(status.into());
            }
        }
    }
}

fn pass(uwsgi: &Child, signal: i32) {
    let pid = i32::try_from(uwsgi.id()).ok().and_then(Pid::from_raw);
    if let (Some(pid), Some(signal)) = (pid, Signal::from_named_raw(signal)) {
        let _ = kill_process(pid, signal);
    }
}

/// Becomes uWSGI, which writes its log itself.
fn become_uwsgi(
    record: &LaunchRecord,
    name: &str,
    emperor: BTreeMap<String, String>,
) -> Result<Status, Error> {
    let mut command = Command::new(&record.uwsgi);
    uwsgi_of(&mut command, record, name, emperor);
    let source = command.exec();
    Err(Error::Start { program: record.uwsgi.to_string(), source })
}

fn uwsgi_of(command: &mut Command, record: &LaunchRecord, name: &str, emperor: BTreeMap<String, String>) {
    command.args(["--ini", name]).env_clear();
    if record.daemon.is_none() {
        command.envs(record.env.iter().filter(|(key, _)| !key.starts_with("UWSGI_")));
    }
    command
        .envs(emperor.into_iter().filter(|(key, _)| EMPERORS_OWN.iter().any(|start| key.starts_with(start))));
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
}

/// Becomes the uWSGI of a legacy vassal, which has no record: nothing is changed.
fn become_foreign_vassal(
    available: &Utf8Path,
    name: &str,
    env: &BTreeMap<String, String>,
) -> Result<Status, Error> {
    let found = env.get("PATH").and_then(|path| program(path, "uwsgi"));
    let private = available.with_file_name("uwsgi").join("venv/bin/uwsgi");
    let uwsgi = found.unwrap_or(private);
    let source = Command::new(&uwsgi).args(["--ini", name]).env_clear().envs(env).exec();
    Err(Error::Start { program: uwsgi.into_string(), source })
}

/// The first program of this name in the folders of `path`, separated by colons.
fn program(path: &str, name: &str) -> Option<Utf8PathBuf> {
    let runs = |file: &Utf8PathBuf| file.is_file() && access(file.as_std_path(), Access::EXEC_OK).is_ok();
    path.split(':').map(|folder| Utf8Path::new(folder).join(name)).find(runs)
}
