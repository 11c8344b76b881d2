//! Watches new `web` processes through their first seconds and their first request.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Look, Watched, ending, listens, screenful};
use crate::deploy::DeployError;
use crate::deploy::order::Scene;
use crate::deploy::plan::Work;
use crate::deploy::plan::site::plain_host;
use crate::host::door::{self, Heard};
use crate::host::wait::Since;
use crate::host::{emperor, logs, wait};
use crate::root::Root;
use crate::settings::Options;

/// How long a process is watched that listens: three seconds, and a moment in which its end is noticed.
///
/// Many programs listen first and then connect to a database, and exit when that fails. One that waits for a timer or
/// for an answer is as idle as one that waits for requests, so unlike with workers, idleness shows nothing.
const FIRST_SECONDS: Duration = Duration::from_millis(3300);

/// How long the processes are watched after the answer to the first request. Some programs answer, and exit then.
const AFTERWARDS: Duration = Duration::from_millis(300);

/// The page to request. Any answer will do, so this need not be the one of the health check.
const PAGE: &str = "/";

/// A process that listens.
struct Server<'a, 'p> {
    watched: &'a Watched<'p>,
    address: SocketAddr,
    /// Its launcher.
    vassal: Option<i32>,
}

/// Requests a page from each `web` process, and watches all of them for some seconds. One that exits meanwhile, or closes its port, is not healthy.
pub(crate) fn all_survive(
    scene: &Scene<'_>,
    options: &Options,
    watched: &[Watched<'_>],
) -> Result<(), DeployError> {
    let begin = Since::now();
    let servers: Vec<Server<'_, '_>> =
        watched.iter().filter_map(|watched| Server::of(scene.root, watched)).collect();
    if servers.is_empty() {
        return Ok(());
    }
    let host = plain_host(&options.nginx.server_names);
    std::thread::scope(|scope_of_threads| {
        let until = wait::end_of(FIRST_SECONDS);
        let ask = |server: &Server<'_, '_>| {
            let (address, host) = (server.address, host.as_str());
            Some(scope_of_threads.spawn(move || door::ask(address, host, PAGE, until)))
        };
        let mut requests: Vec<_> = servers.iter().map(|server| (server, ask(server), None)).collect();
        let mut last_answer: Option<Since> = None;
        let outcome = wait::until(FIRST_SECONDS * 2, || {
            for (server, request, heard) in &mut requests {
                if let Some(done) = request.take_if(|request| request.is_finished()) {
                    *heard = done.join().ok();
                    last_answer = Some(Since::now());
                }
                if let Some(how) = ending(scene.root, &server.watched.process.name) {
                    let answered = matches!(heard, Some(Heard::Status { .. }));
                    let url = (!answered).then(|| format!("http://{host}{PAGE}"));
                    return Some(Err(server.ended(&how, begin, url)));
                }
            }
            if let Err(cancelled) = scene.go_on() {
                return Some(Err(cancelled));
            }
            let answered = last_answer.is_none_or(|answer| answer.elapsed() >= AFTERWARDS);
            (begin.elapsed() >= FIRST_SECONDS && answered).then_some(Ok(()))
        });
        outcome.unwrap_or(Ok(()))
    })?;
    servers.iter().try_for_each(|server| server.still_listens(scene.root))
}

impl<'a, 'p> Server<'a, 'p> {
    fn of(root: &Root, watched: &'a Watched<'p>) -> Option<Self> {
        let Work::Web { address, .. } = watched.process.work else { return None };
        let stats = emperor::ask(&root.emperor_stats());
        let vassal = stats.and_then(|stats| Some(stats.vassal(&watched.process.name.to_string())?.pid));
        Some(Self { watched, address, vassal })
    }

    /// The error of a process whose command ended `how`; with the page that was asked for, if it gave none.
    fn ended(&self, how: &str, begin: Since, url: Option<String>) -> DeployError {
        let (port, seconds) = (self.address.port(), begin.elapsed().as_secs_f32());
        self.error(match url {
            Some(url) => format!("{how} instead of answering {url} on port {port}"),
            None => format!("{how} {seconds:.1} seconds after it began to listen on port {port}"),
        })
    }

    /// Fails if the process no longer has its port, or its supervisor was started anew.
    fn still_listens(&self, root: &Root) -> Result<(), DeployError> {
        let name = self.watched.process.name.to_string();
        if !matches!(listens(root, &name, self.address), Look::Healthy) {
            return Err(self.error(format!("stopped listening on port {}", self.address.port())));
        }
        let now = emperor::ask(&root.emperor_stats());
        match now.as_ref().and_then(|stats| stats.vassal(&name)).zip(self.vassal) {
            Some((now, before)) if now.pid != before => {
                Err(self.error("was killed and started again".to_owned()))
            }
            _ => Ok(()),
        }
    }

    fn error(&self, reason: String) -> DeployError {
        // Another process writes the log, so wait a moment for the last lines.
        let said = || logs::own_lines_since(&self.watched.log, self.watched.from);
        let output = wait::until(AFTERWARDS, || Some(said()).filter(|lines| !lines.is_empty()));
        DeployError::Unhealthy {
            process: self.watched.process.shown(),
            reason,
            output: screenful(output.unwrap_or_default()),
            help: Some("its last lines are above; a `web` process has to keep running".to_owned()),
        }
    }
}
