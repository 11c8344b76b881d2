//! Becomes other programs; and the launch records, by which [`piku_launch`] starts what the emperor asks for.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::process::Command;

use camino::Utf8Path;
pub(crate) use piku_launch::{
    DaemonRecord, DaemonWork, GRACE, Job, LaunchRecord, drain_marker, endings, is_slot_held, record_path,
    slot_holder,
};

use super::HostError;

/// Becomes a one-off command in a folder and an environment: its input, output, and exit status are ours.
///
/// No words: `shell`. A single word with white space in it is a line for `sh`.
///
/// # Errors
/// [`HostError::Start`] when there is no such program. On success this process never returns.
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
pub(crate) fn become_alone(
    words: &[String],
    env: &BTreeMap<String, String>,
) -> Result<std::convert::Infallible, HostError> {
    let mut command = Command::new(words.first().map_or("", String::as_str));
    command.args(words.iter().skip(1)).env_clear().envs(env);
    let source = command.exec();
    Err(HostError::Start { program: words.first().cloned().unwrap_or_default(), source })
}
