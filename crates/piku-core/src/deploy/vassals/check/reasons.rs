//! Reads from the logs of a process why it is not healthy, and suggests what to do.

use std::time::Duration;

use crate::deploy::plan::hosted::Hosted;
use crate::deploy::plan::{Process, Work};
use crate::settings::Options;

/// The number of log lines that an error shows.
const SHOWN: usize = 40;

/// The last lines, as many as fit on a screen.
pub(super) fn screenful(mut lines: Vec<String>) -> Vec<String> {
    lines.split_off(lines.len().saturating_sub(SHOWN))
}

/// Whether uWSGI imported the module but did not find the app in it.
pub(super) fn is_missing(lines: &[String]) -> bool {
    lines.iter().any(|line| line.starts_with("unable to load app"))
}

/// Whether uWSGI reports that its processes keep dying right after their start.
pub(super) fn keeps_dying(lines: &[String]) -> bool {
    lines.iter().any(|line| line.starts_with("worker respawning too fast"))
}

/// The exception that prevented uWSGI from importing the app, and its traceback, without uWSGI's own lines.
pub(super) fn import_error(lines: &[String]) -> Option<(String, Vec<String>)> {
    let end = lines.iter().position(|line| line.starts_with("unable to load app"))?;
    let start =
        lines[..end].iter().rposition(|line| line.starts_with("Traceback (most recent call last)"))?;
    Some((lines[end - 1].clone(), lines[start..end].to_vec()))
}

pub(super) fn seconds(time: Duration) -> String {
    match time.as_secs() {
        1 => "1 second".to_owned(),
        seconds => format!("{seconds} seconds"),
    }
}

/// What to do about a command that its shell could not start, whose exit status `reason` tells (sh(1): 126, 127).
pub(super) fn not_started(reason: &str) -> Option<String> {
    let help = if reason.contains("status 127") {
        "the line above names a program that was not found: list it among the packages of the app, or install it on the \
         server"
    } else if reason.contains("status 126") {
        "the line above names a file that may not be executed: run `git update-index --chmod=+x <file>`, commit, and \
         push again"
    } else {
        return None;
    };
    Some(help.to_owned())
}

/// A suggested fix. More time is only suggested if the process was late.
pub(super) fn help(process: &Process, options: &Options, is_late: bool) -> String {
    let more_time = if is_late { ", or give it more time with PIKU_HEALTHCHECK_TIMEOUT" } else { "" };
    match (&process.work, &options.healthcheck) {
        (_, Some(path)) => {
            format!("its last lines are above; it must answer {path} with 2xx or 3xx (PIKU_HEALTHCHECK)")
        }
        (Work::Web { address, .. }, None) => {
            format!(
                "its last lines are above; it must listen on $PORT (here {}) and $BIND_ADDRESS",
                address.port()
            )
        }
        (Work::Hosted { app: Hosted::Wsgi(entry), .. }, None) => {
            format!("try `python -c 'import {}'` locally{more_time}", entry.module())
        }
        _ => format!("its last lines are above; try it locally{more_time}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{import_error, not_started};

    #[test]
    fn a_command_that_its_shell_can_not_start_is_not_about_its_port() {
        let of = |reason: &str| not_started(reason).unwrap_or_default();
        assert!(of("exited (status 127) before it listened on port 20001").contains("not found"));
        assert!(of("exits right after it starts (exit status 126)").contains("git update-index --chmod=+x"));
        assert_eq!(not_started("exited (status 12) before it listened on port 20127"), None);
    }

    #[test]
    fn an_import_error_is_told_by_its_last_line_and_shown_without_uwsgis_words() {
        let log = "chdir() to /x\nTraceback (most recent call last):\n  File \"app.py\", line 1, in <module>\n    import nope\n\
                   ModuleNotFoundError: No module named 'nope'\nunable to load app 0 (mountpoint='')\n*** GAME OVER ***";
        let lines: Vec<String> = log.lines().map(str::to_owned).collect();
        let (error, traceback) = import_error(&lines).unwrap();
        assert_eq!(error, "ModuleNotFoundError: No module named 'nope'");
        assert_eq!(traceback, lines[1..5]);
        assert_eq!(import_error(&lines[..3]), None);
    }
}
