//! Waits until the processes of a new release are healthy, or reports why they are not.

mod first_seconds;
mod reasons;
mod watched;
mod workers;

use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::Duration;

use self::reasons::{help, import_error, is_missing, keeps_dying, not_started, screenful, seconds};
use crate::deploy::DeployError;
use crate::deploy::order::Scene;
use crate::deploy::plan::hosted::Hosted;
use crate::deploy::plan::site::plain_host;
use crate::deploy::plan::{self, Work};
use crate::event::{Report, stage};
use crate::host::emperor;
use crate::host::health::{Endpoint, accepts, get};
use crate::host::launch::{endings, record_path, slot_holder};
use crate::host::{files, logs, sockets, wait};
use crate::root::Root;
use crate::settings::Options;
use crate::vassal::VassalName;

pub(crate) use first_seconds::all_survive;
pub(crate) use watched::Watched;
pub(crate) use workers::all_stay;

/// The state of a process.
enum Look {
    Healthy,
    NotYet(Cow<'static, str>),
    Failed(String),
}

fn not_yet(seen: &'static str) -> Look {
    Look::NotYet(Cow::Borrowed(seen))
}

/// How long to wait for a healthy process in silence.
const SILENCE: Duration = Duration::from_secs(3);

/// Waits until every process is healthy. Tells what is waited for if that takes long.
pub(crate) fn all_healthy(
    scene: &Scene<'_>,
    options: &Options,
    watched: &[Watched<'_>],
    report: &mut Report<'_>,
) -> Result<(), DeployError> {
    watched.iter().try_for_each(|one| healthy(scene, options, one, report))
}

fn healthy(
    scene: &Scene<'_>,
    options: &Options,
    watched: &Watched<'_>,
    report: &mut Report<'_>,
) -> Result<(), DeployError> {
    let mut last = Cow::Borrowed("did not start");
    let (begin, mut is_told) = (wait::Since::now(), false);
    let outcome = wait::until(options.healthcheck_timeout, || match look(scene.root, options, watched) {
        _ if scene.cancel.is_cancelled() => Some(Err(String::new())),
        Look::Healthy => Some(Ok(())),
        Look::NotYet(seen) => {
            if !is_told && begin.elapsed() >= SILENCE {
                is_told = true;
                let (process, limit) = (watched.process.shown(), seconds(options.healthcheck_timeout));
                stage(report, format!("Waiting for {process}, {limit} at most: so far it {seen}"));
            }
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
    let output = output.unwrap_or_default();
    let (reason, output) = match import_error(&output) {
        Some((error, traceback)) => (format!("could not be imported: {error}"), traceback),
        None => match (&watched.process.work, is_missing(&output)) {
            (Work::Hosted { app: Hosted::Wsgi(entry), .. }, true) => {
                (format!("could not be loaded: there is no `{entry}`"), Vec::new())
            }
            _ => (reason, screenful(output)),
        },
    };
    let help = not_started(&reason).unwrap_or_else(|| help(watched.process, options, is_late));
    Err(DeployError::Unhealthy { process: watched.process.shown(), reason, output, help: Some(help) })
}

fn look(root: &Root, options: &Options, watched: &Watched<'_>) -> Look {
    let process = watched.process;
    let name = process.name.to_string();
    match &process.work {
        Work::Hosted { socket, .. } => {
            let Some(stats) = emperor::ask(&root.emperor_stats()) else {
                return not_yet("was not started, because the emperor does not answer");
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
                Some(_) => not_yet("did not become ready for requests"),
                None => not_yet("was not started by the emperor"),
            }
        }
        Work::Web { address, .. } => {
            let record = record_path(&root.uwsgi_available(), &name);
            if let Some(how) = ending(root, &process.name) {
                return Look::Failed(format!("{how} before it listened on port {}", address.port()));
            }
            // The old process may still hold a port that is kept across releases.
            let slot = root.slot(&process.name.app, &process.name.kind, process.name.index);
            if process.takes_turns() && slot_holder(&slot).as_deref() != Some(record.as_path()) {
                return not_yet("did not start, because its predecessor did not end");
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

/// How the command of a process ended for the first time, as a verb, if it has.
pub(crate) fn ending(root: &Root, name: &VassalName) -> Option<String> {
    let record = record_path(&root.uwsgi_available(), &name.to_string());
    let endings = files::read_text(&endings(&record)).ok().flatten()?;
    Some(exited(endings.lines().next().unwrap_or("no status")))
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
        return not_yet("did not open its port");
    }
    let stats = emperor::ask(&root.emperor_stats());
    match stats.as_ref().and_then(|stats| stats.vassal(vassal)) {
        Some(found) if sockets::is_held_below(address, found.pid) => Look::Healthy,
        Some(_) => not_yet("did not open its port, which another program uses"),
        None => not_yet("was not started by the emperor"),
    }
}

/// Whether the health check succeeds, if there is one.
fn answers(options: &Options, endpoint: &Endpoint) -> Look {
    let Some(path) = &options.healthcheck else { return Look::Healthy };
    let host = plain_host(&options.nginx.server_names);
    match get(endpoint, path, &host) {
        Some(answer) if answer.is_healthy() => Look::Healthy,
        Some(answer) => {
            let status = answer.status;
            Look::NotYet(
                format!("gave no better answer to its health check http://{host}{path} than status {status}")
                    .into(),
            )
        }
        None => not_yet("did not respond to its health check"),
    }
}
