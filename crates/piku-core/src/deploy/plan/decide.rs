//! Decides how a release runs: its processes, its site, its environment. Pure.

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

/// How a process takes over from the same process of the release before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TakesOver {
    /// Both run side by side until the new one is healthy.
    Beside,
    /// The old one ends before the new one starts, since two at once would do harm.
    Alone,
}

/// One running process, or all jobs of the app.
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
    /// A command works.
    Worker { command: String },
    /// Commands are run on schedules.
    Cron { jobs: Vec<Job> },
    /// uWSGI's router keeps a TCP port for the sockets behind it.
    Front { address: SocketAddr, backends: Vec<Utf8PathBuf> },
}

impl Process {
    /// Whether it waits until its predecessor has ended.
    pub(crate) fn takes_turns(&self) -> bool {
        self.takes_over == TakesOver::Alone && self.name.start != REHEARSAL
    }

    /// Whether it works unseen, and replaces its predecessor before the traffic moves.
    pub(crate) fn is_worker(&self) -> bool {
        matches!(self.work, Work::Worker { .. } | Work::Cron { .. })
    }

    /// What people call it: `web.1`.
    pub(crate) fn shown(&self) -> String {
        match self.work {
            Work::Cron { .. } => "the scheduler of the cron jobs".to_owned(),
            _ => format!("{}.{}", self.name.kind, self.name.index),
        }
    }

    /// What people call several of them: `web.1, web.2`.
    pub(crate) fn listed(processes: &[&Self]) -> String {
        let names = processes.iter().map(|process| process.shown());
        names.collect::<Vec<_>>().join(", ")
    }

    /// Where it can be asked how it is.
    pub(crate) fn endpoint(&self) -> Option<Endpoint> {
        match &self.work {
            Work::Hosted { socket, .. } => Some(Endpoint::Uwsgi(socket.clone())),
            Work::Web { address, .. } => Some(Endpoint::Http(*address)),
            Work::Worker { .. } | Work::Cron { .. } | Work::Front { .. } => None,
        }
    }
}

/// How a release runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) processes: Vec<Process>,
    /// The environment of everything but single processes: `LIVE_ENV`.
    pub(crate) live_env: BTreeMap<String, String>,
    pub(crate) serves: Serves,
    pub(crate) ports: Ports,
}

/// What stands behind the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Serves {
    /// Processes in which uWSGI runs the app, by the links that lead to their sockets.
    Uwsgi(Vec<Utf8PathBuf>),
    /// `web` processes.
    Web(Vec<SocketAddr>),
    /// Files only, below this folder of the tree.
    Static(Utf8PathBuf),
    /// Nobody now: scaled to 0, or stopped.
    Unavailable,
    /// Nothing in the Procfile answers the web.
    Nothing,
}

/// The address a process is told to listen at.
pub(crate) fn listens_at(bind: &str) -> IpAddr {
    bind.trim_matches(['[', ']']).parse().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

/// The address at which such a process is reached from here.
pub(crate) fn reachable(bind: &str, port: u16) -> SocketAddr {
    let address = match listens_at(bind) {
        IpAddr::V4(address) if address.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(address) if address.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        address => address,
    };
    SocketAddr::new(address, port)
}

/// How many `web` processes need a port of their own.
pub(crate) fn web_count(procfile: &Procfile, formation: &Formation) -> u32 {
    let web = procfile.entries().iter().find(|entry| matches!(entry.kind, Kind::Web));
    web.map_or(0, |entry| formation.count(entry.name.as_str()))
}

/// Decides how the release runs.
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
            let fixed = basis.inputs.options.port == Some(port);
            let takes_over = if fixed { TakesOver::Alone } else { TakesOver::Beside };
            (Work::Web { command: entry.command.clone(), address }, takes_over)
        }
        (Kind::Worker, _) => (Work::Worker { command: entry.command.clone() }, TakesOver::Alone),
        _ => return None,
    };
    Some(Process { name: name(basis, kind, index), work, takes_over, env: basis.environment(port, kind) })
}

/// The scheduler of every job that is not scaled to nothing. A count says how many runs may go on at once.
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

/// How many links to sockets a router has at least: as its list can't change while it has the port, `ps:scale`
/// moves the links and leaves the router alone.
const ROUTED: u32 = 8;

/// The router that keeps the port of an app of uWSGI's without a site.
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
