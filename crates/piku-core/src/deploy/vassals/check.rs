//! Waits until the processes of a new release are healthy, or reports why they are not.

mod workers;

use std::net::SocketAddr;
use std::time::Duration;

use crate::deploy::DeployError;
use crate::deploy::order::Scene;
use crate::deploy::plan::hosted::Hosted;
use crate::deploy::plan::site::plain_host;
use crate::deploy::plan::{self, Process, Work};
use crate::host::emperor;
use crate::host::health::{Endpoint, accepts, get};
use crate::host::launch::{endings, record_path, slot_holder};
use crate::host::{files, logs, sockets, wait};
use crate::root::Root;
use crate::settings::Options;

pub(crate) use workers::all_stay;

/// The number of log lines that an error shows.
const SHOWN: usize = 40;

/// A process to watch, and the length of its log before it started.
#[derive(Debug)]
pub(crate) struct Watched<'a> {
    process: &'a Process,
    log: camino::Utf8PathBuf,
    from: u64,
    /// uWSGI writes here until it has read the configuration of the vassal, which names its log.
    emperor_log: camino::Utf8PathBuf,
    emperor_from: u64,
}

impl<'a> Watched<'a> {
    /// Records the lengths of the logs of all of them.
    pub(crate) fn all(root: &Root, processes: &[&'a Process]) -> Vec<Self> {
        processes.iter().map(|process| Self::new(root, process)).collect()
    }

    /// Records the length of the log. Call it before the process is started.
    fn new(root: &Root, process: &'a Process) -> Self {
        let log = match process.work {
            Work::Cron { .. } => root.scheduler_log(&process.name.app),
            _ => root.log(&process.name.app, &process.name.kind, process.name.index),
        };
        let emperor_log = root.emperor_log();
        Self { process, from: logs::length(&log), log, emperor_from: logs::length(&emperor_log), emperor_log }
    }
}

/// The state of a process.
enum Look {
    Healthy,
    NotYet(&'static str),
    Failed(String),
}

/// Waits until every process is healthy.
pub(crate) fn all_healthy(
    scene: &Scene<'_>,
    options: &Options,
    watched: &[Watched<'_>],
) -> Result<(), DeployError> {
    watched.iter().try_for_each(|one| healthy(scene, options, one))
}

fn healthy(scene: &Scene<'_>, options: &Options, watched: &Watched<'_>) -> Result<(), DeployError> {
    let mut last = "did not start";
    let outcome = wait::until(options.healthcheck_timeout, || match look(scene.root, options, watched) {
        _ if scene.cancel.is_cancelled() => Some(Err(String::new())),
        Look::Healthy => Some(Ok(())),
        Look::NotYet(seen) => {
            last = seen;
            None
        }
        Look::Failed(reason) => Some(Err(reason)),
    });
    scene.go_on()?;
    let (reason, is_late) = match outcome {
        Some(Ok(())) => return Ok(()),
        Some(Err(reason)) => (reason, false),
        None => (format!("{last} within {}", seconds(options.healthcheck_timeout)), true),
    };
    // Another process writes the log, so wait a moment for the last lines.
    let output = wait::until(Duration::from_millis(300), || {
        Some(logs::own_lines_since(&watched.log, watched.from)).filter(|lines| !lines.is_empty())
    });
    let output = output.unwrap_or_else(|| misread(watched));
    let (reason, output) = match import_error(&output) {
        Some((error, traceback)) => (format!("could not be imported: {error}"), traceback),
        None => match (&watched.process.work, is_missing(&output)) {
            (Work::Hosted { app: Hosted::Wsgi(entry), .. }, true) => {
                (format!("could not be loaded: there is no `{entry}`"), Vec::new())
            }
            _ => (reason, screenful(output)),
        },
    };
    Err(DeployError::Unhealthy {
        process: watched.process.shown(),
        reason,
        output,
        help: Some(help(watched.process, options, is_late)),
    })
}

/// uWSGI's errors about the vassal's file or an included file, which it reports before it opens the log.
fn misread(watched: &Watched<'_>) -> Vec<String> {
    let lines = logs::own_lines_since(&watched.emperor_log, watched.emperor_from);
    let name = watched.process.name.to_string();
    let mentioned = lines.iter().any(|line| line.contains(&name));
    let of_emperor = |line: &String| line.contains("[emperor]") || line.starts_with("*** has_emperor mode");
    let mut said: Vec<String> = lines.into_iter().filter(|line| !of_emperor(line)).collect();
    said.dedup();
    if mentioned { said } else { Vec::new() }
}

/// The last lines, as many as fit on a screen.
fn screenful(mut lines: Vec<String>) -> Vec<String> {
    lines.split_off(lines.len().saturating_sub(SHOWN))
}

/// Whether uWSGI imported the module but did not find the app in it.
fn is_missing(lines: &[String]) -> bool {
    lines.iter().any(|line| line.starts_with("unable to load app"))
}

/// Whether uWSGI reports that its processes keep dying right after their start.
fn keeps_dying(lines: &[String]) -> bool {
    lines.iter().any(|line| line.starts_with("worker respawning too fast"))
}

/// The exception that prevented uWSGI from importing the app, and its traceback, without uWSGI's own lines.
fn import_error(lines: &[String]) -> Option<(String, Vec<String>)> {
    let end = lines.iter().position(|line| line.starts_with("unable to load app"))?;
    let start =
        lines[..end].iter().rposition(|line| line.starts_with("Traceback (most recent call last)"))?;
    Some((lines[end - 1].clone(), lines[start..end].to_vec()))
}

fn seconds(time: Duration) -> String {
    match time.as_secs() {
        1 => "1 second".to_owned(),
        seconds => format!("{seconds} seconds"),
    }
}

/// A suggested fix. More time is only suggested if the process was late.
fn help(process: &Process, options: &Options, is_late: bool) -> String {
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

fn look(root: &Root, options: &Options, watched: &Watched<'_>) -> Look {
    let process = watched.process;
    let name = process.name.to_string();
    match &process.work {
        Work::Hosted { socket, .. } => {
            let Some(stats) = emperor::ask(&root.emperor_stats()) else {
                return Look::NotYet("was not started, because the emperor does not answer");
            };
            if stats.blacklisted(&name).is_some() {
                return Look::Failed("could not be started".to_owned());
            }
            match stats.vassal(&name) {
                // With UWSGI_IDLE, the first request starts the processes, and none of them accepts before.
                Some(_) if options.uwsgi.idle.is_some() && accepts(&Endpoint::Uwsgi(socket.clone())) => {
                    answers(options, &Endpoint::Uwsgi(socket.clone()))
                }
                Some(vassal) if vassal.accepting => answers(options, &Endpoint::Uwsgi(socket.clone())),
                Some(_) if keeps_dying(&logs::lines_since(&watched.log, watched.from)) => {
                    Look::Failed("exits right after it starts".to_owned())
                }
                Some(_) => Look::NotYet("did not become ready for requests"),
                None => Look::NotYet("was not started by the emperor"),
            }
        }
        Work::Web { address, .. } => {
            let record = record_path(&root.uwsgi_available(), &name);
            if let Some(ending) = files::read_text(&endings(&record)).ok().flatten() {
                let how = exited(ending.lines().next().unwrap_or("no status"));
                return Look::Failed(format!("{how} before it listened on port {}", address.port()));
            }
            // The old process may still hold a port that is kept across releases.
            let slot = root.slot(&process.name.app, &process.name.kind, process.name.index);
            if process.takes_turns() && slot_holder(&slot).as_deref() != Some(record.as_path()) {
                return Look::NotYet("did not start, because its predecessor did not end");
            }
            match listens(root, &name, *address) {
                Look::Healthy => answers(options, &Endpoint::Http(*address)),
                look => look,
            }
        }
        Work::Front { address, .. } => {
            listens(root, &name, plan::reachable(&address.ip().to_string(), address.port()))
        }
        Work::Worker { .. } | Work::Cron { .. } => Look::Healthy,
    }
}

/// How a process ended, as a verb: `exited (status 1)`, `was killed (signal 9)`.
fn exited(ending: &str) -> String {
    match ending.strip_prefix("exit ") {
        Some(status) => format!("exited ({status})"),
        None if ending.starts_with("signal ") => format!("was killed ({ending})"),
        None => format!("exited ({ending})"),
    }
}

/// Whether the port is open and belongs to this vassal.
fn listens(root: &Root, vassal: &str, address: SocketAddr) -> Look {
    if !accepts(&Endpoint::Http(address)) {
        return Look::NotYet("did not open its port");
    }
    let stats = emperor::ask(&root.emperor_stats());
    match stats.as_ref().and_then(|stats| stats.vassal(vassal)) {
        Some(found) if sockets::is_held_below(address, found.pid) => Look::Healthy,
        Some(_) => Look::NotYet("did not open its port, which another program uses"),
        None => Look::NotYet("was not started by the emperor"),
    }
}

/// Whether the health check succeeds, if there is one.
fn answers(options: &Options, endpoint: &Endpoint) -> Look {
    let Some(path) = &options.healthcheck else { return Look::Healthy };
    match get(endpoint, path, &plain_host(&options.nginx.server_names)) {
        Some(answer) if answer.is_healthy() => Look::Healthy,
        Some(_) => Look::NotYet("did not respond to its health check with 2xx or 3xx"),
        None => Look::NotYet("did not respond to its health check"),
    }
}

#[cfg(test)]
mod tests {
    use super::import_error;

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
