//! `piku-launch`: started by the emperor for each vassal, and by uWSGI for each daemon.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

use camino::{Utf8Path, Utf8PathBuf};
use piku_launch::Status;

/// Whether we were called as the launcher.
pub(crate) fn is_launcher(name: &OsStr) -> bool {
    Path::new(name).file_name() == Some(OsStr::new(piku_launch::LAUNCHER))
}

/// Runs the launcher. Errors go to the log of the vassal or the emperor.
pub(crate) fn run(words: Vec<OsString>) -> ExitCode {
    let words: Vec<String> = words.into_iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let outcome = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--ini", vassal, ..] => become_vassal(vassal),
        ["--daemon", record] => piku_launch::run_daemon(Utf8Path::new(record)),
        ["--supervise", ..] => piku_launch::run_supervised(&words[1..]),
        ["--job", ..] => piku_launch::run_job(&words[1..]),
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

fn become_vassal(name: &str) -> Result<Status, piku_launch::Error> {
    // The emperor starts us in the folder of enabled vassals.
    let here = std::env::current_dir()
        .ok()
        .and_then(|path| Utf8PathBuf::from_path_buf(path).ok())
        .unwrap_or_default();
    let available = here.parent().unwrap_or(&here).join("uwsgi-available");
    let variables = std::env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
    match piku_launch::become_vassal(&available, name, variables)? {}
}

fn fail(reason: &str) -> ExitCode {
    crate::ui::complain(format_args!("piku-launch: {reason}"));
    // A shell's status for a command that can't be started.
    ExitCode::from(127)
}
