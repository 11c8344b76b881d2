//! Plans how a release runs: its processes, site, and environment. Pure.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use camino::Utf8PathBuf;
use piku_procfile::{Entry, Kind, Procfile, runs_in_uwsgi};

use super::basis::{Basis, Ports};
use super::hosted::Hosted;
use crate::deploy::source::inputs::answers;
use crate::formation::Formation;
use crate::host::health::Endpoint;
use crate::host::launch::Job;
use crate::vassal::{CRON, FRONT, REHEARSAL, VassalName};

/// How a process takes over from its predecessor in the previous release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TakesOver {
    /// Both run at the same time until the new one is healthy.
    Beside,
    /// The old one ends before the new one starts, since both must not run at the same time.
    Alone,
}

/// A process, or the scheduler of all cron jobs of the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) name: VassalName,
    pub(crate) work: Work,
    pub(crate) takes_over: TakesOver,
    pub(crate) env: BTreeMap<String, String>,
}

/// What a process does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// uWSGI itself runs the app, on this socket.
    Hosted { app: Hosted, socket: Utf8PathBuf },
    /// A command serves HTTP.
    Web { command: String, address: SocketAddr },
    /// A command runs as a worker.
    Worker { command: String },
    /// Commands run on schedules.
    Cron { jobs: Vec<Job> },
    /// uWSGI's router listens on a TCP port and forwards to sockets.
    Front { address: SocketAddr, backends: Vec<Utf8PathBuf> },
}

impl Process {
    /// Whether it waits for its predecessor to end.
    pub(crate) fn takes_turns(&self) -> bool {
        self.takes_over == TakesOver::Alone && self.name.start != REHEARSAL
    }

    /// Whether it is a worker, which replaces its predecessor before traffic moves.
    pub(crate) fn is_worker(&self) -> bool {
        matches!(self.work, Work::Worker { .. } | Work::Cron { .. })
    }

    /// Its readable name, such as `web.1`.
    pub(crate) fn shown(&self) -> String {
        match self.work {
            Work::Cron { .. } => "the scheduler of the cron jobs".to_owned(),
            _ => format!("{}.{}", self.name.kind, self.name.index),
        }
    }

    /// The readable names of several processes: `web.1, web.2`.
    pub(crate) fn listed(processes: &[&Self]) -> String {
        let names = processes.iter().map(|process| process.shown());
        names.collect::<Vec<_>>().join(", ")
    }

    /// The endpoint for health checks, if it has one.
    pub(crate) fn endpoint(&self) -> Option<Endpoint> {
        match &self.work {
            Work::Hosted { socket, .. } => Some(Endpoint::Uwsgi(socket.clone())),
            Work::Web { address, .. } => Some(Endpoint::Http(*address)),
            Work::Worker { .. } | Work::Cron { .. } | Work::Front { .. } => None,
        }
    }
}

/// The plan of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) processes: Vec<Process>,
    /// The environment without variables of single processes: `LIVE_ENV`.
    pub(crate) live_env: BTreeMap<String, String>,
    pub(crate) serves: Serves,
    pub(crate) ports: Ports,
}

/// The backend of the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Serves {
    /// Processes in which uWSGI runs the app, with the links to their sockets.
    Uwsgi(Vec<Utf8PathBuf>),
    /// `web` processes.
    Web(Vec<SocketAddr>),
    /// Only files, below this folder of the tree.
    Static(Utf8PathBuf),
    /// No process at the moment: scaled to 0 or stopped.
    Unavailable,
    /// Nothing in the Procfile serves requests.
    Nothing,
}

/// The address that a process listens on.
pub(crate) fn listens_at(bind: &str) -> IpAddr {
    bind.trim_matches(['[', ']']).parse().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

/// The address at which this machine reaches such a process.
pub(crate) fn reachable(bind: &str, port: u16) -> SocketAddr {
    let address = match listens_at(bind) {
        IpAddr::V4(address) if address.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(address) if address.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        address => address,
    };
    SocketAddr::new(address, port)
}

/// The number of `web` processes, each of which needs a port.
pub(crate) fn web_count(procfile: &Procfile, formation: &Formation) -> u32 {
    let web = procfile.entries().iter().find(|entry| matches!(entry.kind, Kind::Web));
    web.map_or(0, |entry| formation.count(entry.name.as_str()))
}

/// Plans how the release runs.
pub(crate) fn plan(basis: &Basis<'_>) -> Plan {
    let live_env = basis.environment(basis.ports.app, "run");
    let mut processes = Vec::new();
    let mut serves = Serves::Nothing;
    for entry in basis.inputs.procfile.entries() {
        let count = basis.formation.count(entry.name.as_str());
        for index in 1..=count {
            processes.extend(process(basis, entry, index));
        }
        match &entry.kind {
            _ if count == 0 && answers(entry) => serves = Serves::Unavailable,
            _ if runs_in_uwsgi(entry.name.as_str()) => {
                serves = Serves::Uwsgi((1..=count).map(|i| basis.root.site_socket(basis.app, i)).collect())
            }
            Kind::Web => {
                let bind = &basis.inputs.options.bind_address;
                serves = Serves::Web(basis.ports.web.iter().map(|port| reachable(bind, *port)).collect());
            }
            Kind::Static if serves == Serves::Nothing => {
                serves = Serves::Static(entry.command.clone().into());
            }
            _ => {}
        }
    }
    if let Serves::Uwsgi(backends) = &serves
        && !basis.inputs.has_site()
    {
        processes.push(front(basis, backends.len()));
    }
    processes.extend(cron(basis));
    let mut live_env = live_env;
    live_env.remove("PROC_TYPE");
    Plan { processes, live_env, serves, ports: basis.ports.clone() }
}

fn name(basis: &Basis<'_>, kind: &str, index: u32) -> VassalName {
    VassalName { app: basis.app.clone(), kind: kind.to_owned(), index, run: basis.run, start: 1 }
}

fn process(basis: &Basis<'_>, entry: &Entry, index: u32) -> Option<Process> {
    let kind = entry.name.as_str();
    let mut port = basis.ports.app;
    let (work, takes_over) = match (&entry.kind, Hosted::of(entry)) {
        (_, Some(app)) => {
            let socket = basis.root.socket(basis.app, basis.run, index);
            (Work::Hosted { app, socket }, TakesOver::Beside)
        }
        (Kind::Web, _) => {
            port = *basis.ports.web.get(index as usize - 1)?;
            let address = reachable(&basis.inputs.options.bind_address, port);
            let fixed = basis.inputs.options.port == Some(port) || basis.ports.kept.contains(&port);
            let takes_over = if fixed { TakesOver::Alone } else { TakesOver::Beside };
            (Work::Web { command: entry.command.clone(), address }, takes_over)
        }
        (Kind::Worker, _) => (Work::Worker { command: entry.command.clone() }, TakesOver::Alone),
        _ => return None,
    };
    Some(Process { name: name(basis, kind, index), work, takes_over, env: basis.environment(port, kind) })
}

/// The scheduler of all jobs that are not scaled to 0. The count is the number of runs allowed at the same time.
fn cron(basis: &Basis<'_>) -> Option<Process> {
    let job = |entry: &Entry| {
        let Kind::Cron(job) = &entry.kind else { return None };
        let kind = entry.name.as_str();
        let at_once = basis.formation.count(kind);
        (at_once > 0).then(|| Job {
            name: kind.to_owned(),
            schedule: job.schedule.to_string(),
            command: job.command.clone(),
            at_once,
            log: basis.root.log(basis.app, kind, 1),
            log_max_size: basis.inputs.options.uwsgi.log_max_size,
        })
    };
    let jobs: Vec<Job> = basis.inputs.procfile.entries().iter().filter_map(job).collect();
    (!jobs.is_empty()).then(|| Process {
        name: name(basis, CRON, 1),
        work: Work::Cron { jobs },
        takes_over: TakesOver::Alone,
        env: basis.environment(basis.ports.app, "cron"),
    })
}

/// The minimum number of links of a router. Its list can't change while it holds the port, so `ps:scale` only moves the
/// links.
const ROUTED: u32 = 8;

/// The router for the port of an app that uWSGI runs without a site.
fn front(basis: &Basis<'_>, serving: usize) -> Process {
    let links = u32::try_from(serving).unwrap_or(u32::MAX).next_multiple_of(ROUTED);
    let backends = (1..=links).map(|index| basis.root.site_socket(basis.app, index)).collect();
    let address = SocketAddr::new(listens_at(&basis.inputs.options.bind_address), basis.ports.app);
    Process {
        name: name(basis, FRONT, u32::from(basis.ports.app)),
        work: Work::Front { address, backends },
        takes_over: TakesOver::Beside,
        env: BTreeMap::new(),
    }
}
