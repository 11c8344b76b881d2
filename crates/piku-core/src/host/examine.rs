//! Examines everything that apps need from this machine, without changing anything.

mod access;
mod keys;
mod nginx;
mod root;
mod served;
mod service;

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

pub(crate) use access::Access;
pub(crate) use keys::{Key, Target};
pub(crate) use nginx::Nginx;
pub(crate) use root::{Exposed, is_busy, is_complete as root_is_complete};
pub(crate) use served::nginx_serves;
pub(crate) use service::Service;

use super::facts::{self, Uwsgi};
use super::search_path::program;
use super::toolbox;
use super::{Surroundings, emperor, legacy, server_record};
use crate::root::Root;
use crate::vassal::OWN_JOBS;

/// Language tools, needed only by apps in those languages.
const TOOLS: [&str; 12] =
    ["node", "npm", "go", "ruby", "bundle", "cargo", "java", "mvn", "php", "composer", "uv", "poetry"];

/// What was found.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) root: Utf8PathBuf,
    /// Whether `setup --system` set up this machine.
    pub(crate) set_up: bool,
    pub(crate) uwsgi: Option<Uwsgi>,
    /// Whether the Python that uWSGI loads is installed, and a tool to create virtual environments for it.
    pub(crate) python: bool,
    /// The number of running vassals; `None` if no emperor answers.
    pub(crate) vassals: Option<usize>,
    /// The emperor of legacy piku, if one runs.
    pub(crate) legacy: Option<LegacyEmperor>,
    pub(crate) nginx: Nginx,
    /// Whether nginx has access to sockets.
    pub(crate) access: Access,
    /// The unit that runs the emperor.
    pub(crate) service: Option<Service>,
    pub(crate) git: Option<Utf8PathBuf>,
    pub(crate) sshd: Option<Utf8PathBuf>,
    pub(crate) sshd_runs: bool,
    pub(crate) keys: Vec<Key>,
    /// Files and folders that others may write to, on the path to the keys: sshd then ignores all keys.
    pub(crate) keys_writable: Vec<Utf8PathBuf>,
    /// Where the launcher should be, if it is not there.
    pub(crate) missing_launcher: Option<Utf8PathBuf>,
    /// Missing folders below the root.
    pub(crate) missing: Vec<Utf8PathBuf>,
    /// Folders and files with secrets that others may read.
    pub(crate) exposed: Vec<Exposed>,
    /// Free bytes, and free inodes if the file system counts them.
    pub(crate) space: Option<(u64, Option<u64>)>,
    pub(crate) tools: Vec<(&'static str, bool)>,
}

/// The emperor of legacy piku (piku.py).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LegacyEmperor {
    /// How many apps it runs.
    pub(crate) apps: usize,
    /// Whether it runs our emperor.
    pub(crate) runs_ours: bool,
    /// How to end it.
    pub(crate) end: String,
}

fn legacy_emperor(root: &Root) -> Option<LegacyEmperor> {
    let pid = legacy::emperor(root)?;
    let end = match emperor::unit_of(pid) {
        Some(unit) => format!("`systemctl disable --now {unit}`"),
        None => format!("`kill -QUIT {pid}`"),
    };
    let apps: BTreeSet<String> = legacy::running(root).into_iter().map(|(app, _)| app).collect();
    Some(LegacyEmperor { apps: apps.len(), runs_ours: legacy::is_nested(root), end })
}

/// Examines the machine. The only programs it runs are `nginx -V` and `systemctl show`.
pub(crate) fn look(root: &Root, surroundings: &Surroundings) -> Facts {
    let path = surroundings.search_path();
    let programs = running_programs();
    let uwsgi = facts::uwsgi(root, surroundings);
    let wanted = uwsgi.as_ref().and_then(|uwsgi| uwsgi.python.as_ref()).map(|(_, version)| *version);
    let (keys, keys_writable) = keys::look(root, surroundings);
    Facts {
        root: root.path().to_owned(),
        set_up: server_record::read().is_some_and(|record| record.root().path() == root.path()),
        python: has_python(surroundings, wanted),
        uwsgi,
        vassals: emperor::ask(&root.emperor_stats())
            .map(|stats| stats.vassals.iter().filter(|vassal| !vassal.id.starts_with(OWN_JOBS)).count()),
        legacy: legacy_emperor(root),
        nginx: nginx::look(root, surroundings),
        access: access::look(root, facts::nginx(surroundings).ok().as_ref()),
        // The unit of legacy piku's emperor is not ours to judge.
        service: if legacy::is_nested(root) { None } else { service::look(root, &path) },
        git: program(&path, "git"),
        sshd: program(&path, "sshd"),
        sshd_runs: programs.contains("sshd"),
        keys,
        keys_writable,
        missing_launcher: Some(surroundings.launcher()).filter(|launcher| !launcher.is_file()),
        missing: root::folders(root).into_iter().filter(|folder| !folder.is_dir()).collect(),
        exposed: root::exposed(root),
        space: space(root.path()),
        tools: TOOLS.map(|tool| (tool, program(&path, tool).is_some())).to_vec(),
    }
}

/// Whether virtual environments can be created for the Python that uWSGI loads, or for any Python if it loads none.
fn has_python(surroundings: &Surroundings, wanted: Option<(u32, u32)>) -> bool {
    let wanted = wanted.map(|(major, minor)| format!("{major}.{minor}"));
    let toolbox = toolbox::look(surroundings, None);
    let by_uv = toolbox.tool("uv").is_some();
    toolbox.interpreters.iter().any(|found| {
        let version = found.version.to_string();
        let fits = |wanted: &String| version == *wanted || version.starts_with(&format!("{wanted}."));
        (found.has_venv || by_uv) && wanted.as_ref().is_none_or(fits)
    })
}

/// The names of all running programs, from the kernel.
fn running_programs() -> BTreeSet<String> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let name = |entry: std::fs::DirEntry| std::fs::read_to_string(entry.path().join("comm")).ok();
    entries.filter_map(name).map(|name| name.trim().to_owned()).collect()
}

/// Free space on the file system of a folder, or of its nearest existing parent.
fn space(folder: &Utf8Path) -> Option<(u64, Option<u64>)> {
    let there = folder.ancestors().find(|folder| folder.is_dir())?;
    let system = rustix::fs::statvfs(there.as_std_path()).ok()?;
    let files = (system.f_files > 0).then_some(system.f_favail);
    Some((system.f_bavail.saturating_mul(system.f_frsize), files))
}
