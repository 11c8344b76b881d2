//! Runs daemons, jobs, and builds, with all their descendants, until they end.

use std::fs::{File, OpenOptions};
use std::io::{Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process::Command;
use std::time::{Duration, Instant};

use camino::Utf8Path;

use crate::emperor::{Emperor, Order};
use crate::follow::following;
use crate::leftovers::Mark;
use crate::line::replacing_the_shell;
use crate::log::LogRecord;
use crate::record::read;
use crate::restarts::Restarts;
use crate::supervise::{Supervisor, end_with_parent};
use crate::wait::wait;
use crate::{
    DaemonRecord, DaemonWork, Error, LaunchRecord, Patience, Status, crontab, drain_marker, endings,
    hold_marker, supervise,
};

/// How long a daemon may take to stop once asked; the emperor waits longer.
pub const GRACE: Duration = Duration::from_secs(15);

/// The time between two looks whether a daemon may start. Whoever holds it back checks other processes meanwhile.
const HELD: Duration = Duration::from_millis(10);

/// Runs the daemon of a record once, with all its descendants, until it ends.
///
/// # Errors
/// [`Error`] when the record can't be read or the shell can't be started.
pub fn run_daemon(record_path: &Utf8Path) -> Result<Status, Error> {
    let record = read(record_path)?;
    let Some(daemon) = &record.daemon else { return Ok(Status::Code(1)) };
    // Wait before any signal is caught: the order to stop simply ends a launcher that waits.
    end_with_parent();
    let Some(_slot) = Slot::await_turn(daemon, record_path, None)? else { return Ok(Status::Code(0)) };
    let mut supervisor = Supervisor::new(None)?;
    end_with_parent();
    run_once(&record, daemon, record_path, &mut supervisor)
}

/// Runs the daemon of a record, and starts it again when it ends, until the emperor orders otherwise.
pub(crate) fn keep_daemon(
    record: &LaunchRecord,
    daemon: &DaemonRecord,
    record_path: &Utf8Path,
    emperor: Emperor,
) -> Result<Status, Error> {
    let Some(_slot) = Slot::await_turn(daemon, record_path, Some(&emperor))? else {
        return Ok(Status::Code(0));
    };
    let mut supervisor = Supervisor::new(Some(emperor))?;
    let mut restarts = Restarts::default();
    loop {
        let begin = Instant::now();
        let status = run_once(record, daemon, record_path, &mut supervisor)?;
        supervisor.pause(restarts.pause_after(begin.elapsed()));
        if supervisor.is_asked_to_stop() {
            return Ok(status);
        }
        // It is ours to restart: the emperor need not wait if this process ends too.
        supervisor.tell_loyalty();
    }
}

fn run_once(
    record: &LaunchRecord,
    daemon: &DaemonRecord,
    record_path: &Utf8Path,
    supervisor: &mut Supervisor,
) -> Result<Status, Error> {
    let log = record.log.as_ref();
    let status = match &daemon.work {
        DaemonWork::Command(line) => {
            // Written before the program starts, removed once all of it has ended.
            let mark = Mark::of(record_path);
            mark.end_leftovers(&record.env);
            mark.set();
            let status =
                supervisor.run(command(line, daemon, record), log, &|| patience(daemon, record_path))?;
            mark.remove();
            status
        }
        DaemonWork::Crontab(jobs) => crontab::run(jobs, &record.env, &daemon.cwd, supervisor)?,
    };
    note_ending(record_path, status);
    Ok(status)
}

fn command(line: &str, daemon: &DaemonRecord, record: &LaunchRecord) -> Command {
    let mut command = following("/bin/sh");
    command.args(["-c", &replacing_the_shell(line)]).current_dir(&daemon.cwd).env_clear().envs(&record.env);
    command
}

fn patience(daemon: &DaemonRecord, record_path: &Utf8Path) -> Patience {
    let drain = Duration::from_millis(daemon.drain_ms);
    match is_there(&drain_marker(record_path)) {
        true => Patience { drain, drain_port: daemon.drain_port, grace: GRACE },
        false => Patience::short(GRACE),
    }
}

/// What only one process may hold: the next one starts when its predecessor has ended.
#[derive(Debug)]
struct Slot {
    _held: Option<File>,
}

impl Slot {
    /// Waits until nobody holds the daemon back and its predecessor has released the slot, then writes the new holder
    /// into it. `None` if the emperor orders otherwise meanwhile.
    fn await_turn(
        daemon: &DaemonRecord,
        record: &Utf8Path,
        emperor: Option<&Emperor>,
    ) -> Result<Option<Self>, Error> {
        while is_there(&hold_marker(record)) {
            if is_called_off(emperor) {
                return Ok(None);
            }
        }
        let Some(path) = &daemon.slot else { return Ok(Some(Self { _held: None })) };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(path).map_err(Error::file("lock", path))?;
        let failed = || Error::file("hold", path);
        while let Err(error) = file.try_lock() {
            match error {
                std::fs::TryLockError::Error(source) => return Err(failed()(source)),
                std::fs::TryLockError::WouldBlock if is_called_off(emperor) => return Ok(None),
                std::fs::TryLockError::WouldBlock => {}
            }
        }
        file.set_len(0).and_then(|()| file.rewind()).map_err(failed())?;
        file.write_all(record.as_str().as_bytes()).map_err(failed())?;
        Ok(Some(Self { _held: Some(file) }))
    }
}

/// Waits a moment for the emperor's order to end.
fn is_called_off(emperor: Option<&Emperor>) -> bool {
    use std::os::fd::AsFd;
    wait(emperor.map(AsFd::as_fd), Some(HELD));
    emperor.and_then(Emperor::order) == Some(Order::End)
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

/// Runs the words as one run of a job, whose output goes to `log`. It gets time to stop, like a daemon.
///
/// # Errors
/// As [`run_supervised`].
pub fn run_job(log: &LogRecord, words: &[String]) -> Result<Status, Error> {
    let mut supervisor = Supervisor::new(None)?;
    end_with_parent();
    supervisor.run(of_words(words), Some(log), &|| Patience::short(GRACE))
}

/// Runs the words as a supervised program with this process's environment and output: builds and one-off stages.
///
/// # Errors
/// [`Error::Start`] when there is no such program.
pub fn run_supervised(words: &[String]) -> Result<Status, Error> {
    supervise(of_words(words), &|| Patience::short(Duration::from_secs(3)))
}

fn of_words(words: &[String]) -> Command {
    let mut command = following(words.first().map_or("", String::as_str));
    command.args(words.iter().skip(1));
    command
}
