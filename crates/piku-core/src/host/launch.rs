//! Replaces this process with other programs, and re-exports the launch records of [`piku_launch`].

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use camino::Utf8Path;
pub(crate) use piku_launch::{
    DaemonRecord, DaemonWork, GRACE, Job, LAUNCHER, LaunchRecord, Log, LogRecord, drain_marker,
    end_leftovers, endings, hold_marker, record_path, slot_holder,
};

use super::{HostError, files};

/// Whether the daemon of a record waits for a slot, and so for its predecessor. False if the record can't be read.
pub(crate) fn has_slot(record: &Utf8Path) -> bool {
    let text = files::read_text(record).ok().flatten().unwrap_or_default();
    let record: Option<LaunchRecord> = serde_json::from_str(&text).ok();
    record.and_then(|record| record.daemon).is_some_and(|daemon| daemon.slot.is_some())
}

/// Starts a program that goes on when this process ends. Its environment is exactly `env`, its output is appended to
/// `log`, and `input` is what it reads, which must fit into a pipe.
///
/// It should begin a session of its own, so that a terminal that is closed does not end it.
pub(crate) fn start_apart(
    words: &[&str],
    env: &BTreeMap<String, String>,
    log: &Utf8Path,
    input: &str,
) -> Result<(), HostError> {
    let (program, args) = words.split_first().map_or(("", &[][..]), |(program, args)| (*program, args));
    let failed = || {
        let program = program.to_owned();
        move |source| HostError::Start { program, source }
    };
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true).mode(0o600);
    let output = options.open(log).map_err(HostError::file("write", log))?;
    let mut command = Command::new(program);
    command.args(args).current_dir("/").env_clear().envs(env).stdin(Stdio::piped());
    command.stdout(output.try_clone().map_err(failed())?).stderr(output);
    let mut child = command.spawn().map_err(failed())?;
    // One that reads nothing closes it.
    drop(child.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes())));
    Ok(())
}

/// Replaces this process with a one-off command, which keeps its input, output, and exit status.
///
/// Without words, runs `shell`. A single word that contains white space is a command line for `sh`.
///
/// # Errors
/// [`HostError::Start`] if the program can't be started. Never returns on success.
pub(crate) fn become_command(
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
    // `exec` would search the PATH of this process instead of the app's.
    let found = match env.get("PATH") {
        Some(path) if !program.contains('/') => super::search_path::program(path, program),
        _ => None,
    };
    let mut command = Command::new(found.as_ref().map_or(program, |found| found.as_str()));
    command.args(args).current_dir(folder).env_clear().envs(env);
    let source = command.exec();
    Err(HostError::Start { program: program.to_owned(), source })
}

/// Replaces this process with another program. It inherits the environment, extended by `extra`.
///
/// # Errors
/// [`HostError::Start`] if the program can't be started. Never returns on success.
pub fn become_program(
    words: &[impl AsRef<OsStr>],
    extra: &BTreeMap<String, String>,
) -> Result<std::convert::Infallible, HostError> {
    let program = words.first().map_or(OsStr::new(""), AsRef::as_ref);
    let source = Command::new(program).args(words.iter().skip(1)).envs(extra).exec();
    Err(HostError::Start { program: program.to_string_lossy().into_owned(), source })
}

/// Replaces this process with another program. Its environment is exactly `env`.
///
/// # Errors
/// [`HostError::Start`] if the program can't be started. Never returns on success.
pub(crate) fn become_alone(
    words: &[String],
    env: &BTreeMap<String, String>,
) -> Result<std::convert::Infallible, HostError> {
    let mut command = Command::new(words.first().map_or("", String::as_str));
    command.args(words.iter().skip(1)).env_clear().envs(env);
    let source = command.exec();
    Err(HostError::Start { program: words.first().cloned().unwrap_or_default(), source })
}
