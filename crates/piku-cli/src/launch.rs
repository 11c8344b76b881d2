//! `piku-launch`: started by the emperor for each vassal, beside which it then stays.
//!
//! A program of its own because each vassal has one for as long as it runs: with the command line, git, and TLS in it,
//! it would hold four times the memory.

#![allow(clippy::disallowed_methods, reason = "the process environment is read here, and nowhere below")]

use std::io::Write;
use std::process::ExitCode;

use camino::{Utf8Path, Utf8PathBuf};
use piku_launch::{LogRecord, Status};

/// Errors go to the log of the vassal or the emperor.
fn main() -> ExitCode {
    // Tools and apps make files that only their owner can write and all can read.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    let words: Vec<String> =
        std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let outcome = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--ini", vassal, ..] => run_vassal(vassal),
        ["--daemon", record] => piku_launch::run_daemon(Utf8Path::new(record)),
        ["--supervise", ..] => piku_launch::run_supervised(&words[1..]),
        ["--job", log, max_size, ..] => run_job(log, max_size, &words[3..]),
        ["--follow", ..] => piku_launch::become_follower(&words[1..]).map(|never| match never {}),
        _ => return fail("it is called by the emperor, not by hand"),
    };
    match outcome {
        Ok(status) => ExitCode::from(u8::try_from(status.code()).unwrap_or(1)),
        Err(error) => {
            let cause =
                std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            fail(&format!("{error}{cause}"))
        }
    }
}

fn run_vassal(name: &str) -> Result<Status, piku_launch::Error> {
    // The emperor starts us in the folder of enabled vassals.
    let here = std::env::current_dir()
        .ok()
        .and_then(|path| Utf8PathBuf::from_path_buf(path).ok())
        .unwrap_or_default();
    let available = here.parent().unwrap_or(&here).join("uwsgi-available");
    let variables = std::env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
    piku_launch::run_vassal(&available, name, variables)
}

fn run_job(log: &str, max_size: &str, words: &[String]) -> Result<Status, piku_launch::Error> {
    let log = LogRecord { path: log.into(), max_size: max_size.parse().unwrap_or(u64::MAX) };
    piku_launch::run_job(&log, words)
}

fn fail(reason: &str) -> ExitCode {
    drop(writeln!(std::io::stderr(), "piku-launch: {}", reason.replace(char::is_control, " ")));
    // A shell's status for a command that can't be started.
    ExitCode::from(127)
}
