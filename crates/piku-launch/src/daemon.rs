//! Runs daemons, jobs, and builds, with all their descendants, until they end.

use std::fs::{File, OpenOptions};
use std::io::{Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process::Command;
use std::time::Duration;

use camino::Utf8Path;

use crate::line::replacing_the_shell;
use crate::record::read;
use crate::supervise::end_with_parent;
use crate::{DaemonWork, Error, Patience, Status, crontab, drain_marker, endings, hold_marker, supervise};

/// How long a daemon may take to stop once asked; uWSGI waits longer.
pub const GRACE: Duration = Duration::from_secs(15);

/// The time between two looks whether a daemon may start. Whoever holds it back checks other processes meanwhile.
const HELD: Duration = Duration::from_millis(10);

/// Runs the daemon of a record, with all its descendants, until it ends.
///
/// # Errors
/// [`Error`] when the record can't be read or the shell can't be started.
pub fn run_daemon(record_path: &Utf8Path) -> Result<Status, Error> {
    let record = read(record_path)?;
    let Some(daemon) = record.daemon else { return Ok(Status::Code(1)) };
    // Wait before any signal is caught: the order to stop simply ends a launcher that waits.
    end_with_parent();
    while is_there(&hold_marker(record_path)) {
        std::thread::sleep(HELD);
    }
    let _slot = daemon.slot.as_deref().map(|slot| hold_slot(slot, record_path)).transpose()?;
    let line = match &daemon.work {
        DaemonWork::Command(line) => line,
        DaemonWork::Crontab(jobs) => {
            let status = crontab::run(jobs, &record.env, &daemon.cwd)?;
            note_ending(record_path, status);
            return Ok(status);
        }
    };
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &replacing_the_shell(line)]).current_dir(&daemon.cwd).env_clear().envs(&record.env);
    let drain = Duration::from_millis(daemon.drain_ms);
    let marker = drain_marker(record_path);
    let status = supervise(command, &|| match is_there(&marker) {
        true => Patience { drain, drain_port: daemon.drain_port, grace: GRACE },
        false => Patience::short(GRACE),
    })?;
    note_ending(record_path, status);
    Ok(status)
}

/// Waits until the predecessor has released the slot, then writes the new holder into it.
fn hold_slot(slot: &Utf8Path, record: &Utf8Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let mut file = options.open(slot).map_err(Error::file("lock", slot))?;
    let failed = || Error::file("hold", slot);
    file.lock().map_err(failed())?;
    file.set_len(0).and_then(|()| file.rewind()).map_err(failed())?;
    file.write_all(record.as_str().as_bytes()).map_err(failed())?;
    Ok(file)
}

/// Whether the path exists; a dangling link does.
fn is_there(path: &Utf8Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn note_ending(record: &Utf8Path, status: Status) {
    // Without its record the vassal is retired, and nobody reads the endings.
    if is_there(record)
        && let Ok(mut file) = OpenOptions::new().append(true).create(true).mode(0o600).open(endings(record))
    {
        drop(writeln!(file, "{status}"));
    }
}

/// Runs the words as one run of a job, which gets time to stop, like a daemon.
///
/// # Errors
/// As [`run_supervised`].
pub fn run_job(words: &[String]) -> Result<Status, Error> {
    supervise_words(words, GRACE)
}

/// Runs the words as a supervised program with this process's environment: builds and one-off stages.
///
/// # Errors
/// [`Error::Start`] when there is no such program.
pub fn run_supervised(words: &[String]) -> Result<Status, Error> {
    supervise_words(words, Duration::from_secs(3))
}

fn supervise_words(words: &[String], grace: Duration) -> Result<Status, Error> {
    let mut command = Command::new(words.first().map_or("", String::as_str));
    command.args(words.iter().skip(1));
    supervise(command, &|| Patience::short(grace))
}
