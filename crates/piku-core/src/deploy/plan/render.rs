//! Renders a plan: each process becomes a vassal file and a launch record. Pure: the same plan gives the same bytes.

use std::net::SocketAddr;

use camino::{Utf8Path, Utf8PathBuf};
use piku_uwsgi::{
    AppVassal, Application, Common, Concurrency, FrontVassal, JwsgiApp, PhpApp, RackApp, WsgiApp,
};

use super::basis::Basis;
use super::decide::{Process, TakesOver, Work};
use super::hosted::Hosted;
use crate::deploy::DeployError;
use crate::deploy::source::procfile_path;
use crate::host::health::Endpoint;
use crate::host::launch::{DaemonRecord, DaemonWork, LaunchRecord, LogRecord, record_path};
use crate::host::socket_access::SocketAccess;
use crate::host::{HostError, Step};
use crate::vassal::{FRONT, VassalName};

/// How long uWSGI waits for open requests before it kills a process, in seconds.
const MERCY: u32 = 90;
/// The file of a vassal that needs no uWSGI. The emperor only looks whether it is there.
const LAUNCHED: &str = "; piku-launch runs this process, from the record beside this file\n[uwsgi]\n";
/// How long a `web` process keeps serving after its successor has taken over, in milliseconds: for a moment after a
/// reload, old workers of nginx still send it connections.
const DRAIN_MS: u64 = 2000;
/// The idle timeout of a connection through a router, in seconds; the same as in nginx.
const ROUTER_TIMEOUT: u32 = 60;
/// The maximum size of a request without its body, in bytes: as much as the protocol allows. nginx accepts 32 KB, and
/// adds variables, of which three repeat the URL.
const BUFFER_SIZE: u32 = 65_535;
/// The maximum length of the path of a unix socket (unix(7): 108 bytes with the final NUL).
const LONGEST_SOCKET: usize = 107;

/// The two files of a vassal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rendered {
    /// Its name, which is also the name of the file for uWSGI.
    pub(crate) name: VassalName,
    /// The file for uWSGI, without any user values.
    pub(crate) ini: String,
    /// The file for the launcher: environment, command, and log, as JSON.
    pub(crate) record: String,
}

impl Rendered {
    /// The steps that write both files, without starting anything.
    pub(crate) fn written(&self, available: &Utf8Path) -> Vec<Step> {
        let name = self.name.to_string();
        vec![
            Step::Write { path: record_path(available, &name), mode: 0o600, text: self.record.clone() },
            Step::Write { path: available.join(&name), mode: 0o600, text: self.ini.clone() },
        ]
    }
}

/// Renders a process.
pub(crate) fn render(
    basis: &Basis<'_>,
    process: &Process,
    access: &SocketAccess,
) -> Result<Rendered, DeployError> {
    let system = basis.uwsgi.ok_or(DeployError::NoUwsgi)?;
    let record_path = record_path(&basis.root.uwsgi_available(), &process.name.to_string());
    let mut record = LaunchRecord {
        uwsgi: system.program.clone(),
        env: process.env.clone(),
        daemon: None,
        log: Some(LogRecord { path: log(basis, process), max_size: basis.inputs.options.uwsgi.log_max_size }),
    };
    let ini = match &process.work {
        Work::Hosted { app, socket } => {
            if socket.as_str().len() > LONGEST_SOCKET {
                return Err(DeployError::SocketPath { path: socket.clone() });
            }
            if let Some(own) = &basis.build.made.uwsgi {
                record.uwsgi.clone_from(own);
            }
            hosted(basis, process, app, socket, access).to_ini()?
        }
        Work::Front { address, backends } => router(basis, process, *address, backends).to_ini()?,
        Work::Web { command, .. } | Work::Worker { command } => {
            record.daemon = Some(daemon(basis, process, DaemonWork::Command(command.clone())));
            LAUNCHED.to_owned()
        }
        Work::Cron { jobs } => {
            record.daemon = Some(daemon(basis, process, DaemonWork::Crontab(jobs.clone())));
            LAUNCHED.to_owned()
        }
    };
    let record = serde_json::to_string_pretty(&record)
        .map_err(|source| HostError::Damaged { path: record_path, source })?;
    Ok(Rendered { name: process.name.clone(), ini, record })
}

/// A process that the launcher supervises, without uWSGI.
fn daemon(basis: &Basis<'_>, process: &Process, work: DaemonWork) -> DaemonRecord {
    let drains = process.takes_over == TakesOver::Beside && basis.inputs.has_site();
    let slot = || basis.root.slot(basis.app, &process.name.kind, process.name.index);
    DaemonRecord {
        work,
        cwd: basis.tree.to_owned(),
        slot: process.takes_turns().then(slot),
        drain_ms: if drains { DRAIN_MS } else { 0 },
        drain_port: process.endpoint().filter(|_| drains).and_then(|endpoint| match endpoint {
            Endpoint::Http(address) => Some(address.port()),
            Endpoint::Uwsgi(_) => None,
        }),
    }
}

/// A router that forwards a port to the sockets of the app.
fn router(
    basis: &Basis<'_>,
    process: &Process,
    address: SocketAddr,
    backends: &[Utf8PathBuf],
) -> FrontVassal {
    let mut vassal = FrontVassal::new(
        common(basis, process),
        address.ip().to_string(),
        address.port(),
        backends.to_owned(),
    );
    vassal.listen = basis.inputs.options.uwsgi.listen;
    vassal.timeout = ROUTER_TIMEOUT;
    vassal
}

/// Where the output of a process goes.
fn log(basis: &Basis<'_>, process: &Process) -> Utf8PathBuf {
    let name = &process.name;
    match process.work {
        Work::Front { .. } => basis.root.router_log(&name.app),
        Work::Cron { .. } => basis.root.scheduler_log(&name.app),
        _ => basis.root.log(&name.app, &name.kind, name.index),
    }
}

fn common(basis: &Basis<'_>, process: &Process) -> Common {
    let name = &process.name;
    // A router outlives the release that started it.
    let chdir = if name.kind == FRONT { basis.root.path() } else { basis.tree };
    let title = format!("{}:{}:", name.app, name.kind.trim_start_matches('-'));
    let mut common = Common::new(chdir, title);
    // The launcher sets it to 022.
    common.umask = None;
    common
}

/// A process in which uWSGI runs the app.
fn hosted(
    basis: &Basis<'_>,
    process: &Process,
    app: &Hosted,
    socket: &Utf8Path,
    access: &SocketAccess,
) -> AppVassal {
    let options = &basis.inputs.options.uwsgi;
    let mut vassal = AppVassal::new(common(basis, process), socket, application(basis, app));
    vassal.socket_mode = access.mode();
    vassal.socket_owner = access.owner().cloned();
    vassal.processes = options.processes;
    vassal.listen = options.listen;
    vassal.max_requests = options.max_requests;
    vassal.idle = options.idle;
    vassal.log_x_forwarded_for = options.log_x_forwarded_for;
    vassal.include = options.include_file.as_ref().map(|file| basis.tree.join(file));
    vassal.buffer_size = BUFFER_SIZE;
    vassal.mercy = MERCY;
    vassal
}

/// The options of the app for its language.
fn application(basis: &Basis<'_>, app: &Hosted) -> Application {
    let options = &basis.inputs.options.uwsgi;
    match app {
        Hosted::Wsgi(entry) => {
            let plugin = basis.uwsgi.and_then(|uwsgi| uwsgi.python.as_ref()).map(|(name, _)| name.clone());
            let mut wsgi = WsgiApp::new(entry.to_string());
            wsgi.virtualenv = basis.build.virtualenv();
            wsgi.plugin = plugin.filter(|_| basis.build.made.uwsgi.is_none());
            wsgi.python_path = vec![basis.tree.to_owned()];
            wsgi.enable_threads = options.enable_threads;
            wsgi.concurrency = match (options.gevent, options.asyncio) {
                (Some(gevent), _) => Concurrency::Gevent(gevent),
                (None, Some(asyncio)) => Concurrency::Asyncio(asyncio),
                (None, None) => Concurrency::Threads(options.threads),
            };
            Application::Wsgi(wsgi)
        }
        Hosted::Rack(rackup) => {
            let mut rack = RackApp::new(basis.tree.join(rackup));
            rack.bundled = basis.build.made.variables.contains_key("BUNDLE_PATH");
            Application::Rack(rack)
        }
        Hosted::Jwsgi(class) => {
            let mut jwsgi = JwsgiApp::new(class.clone());
            jwsgi.class_path.clone_from(&basis.class_path);
            jwsgi.threads = options.threads;
            Application::Jwsgi(jwsgi)
        }
        Hosted::Php(root) if procfile_path::is_top(root) => {
            let mut php = PhpApp::new(basis.tree);
            php.hidden = ["ENV", "Procfile"].map(str::to_owned).into();
            Application::Php(php)
        }
        Hosted::Php(root) => Application::Php(PhpApp::new(basis.tree.join(root))),
    }
}
