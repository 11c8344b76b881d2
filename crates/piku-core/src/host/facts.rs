//! What there is on this machine: which uWSGI, which nginx.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use piku_nginx::Version as NginxVersion;
use piku_uwsgi::Flavour;

use super::command::Invocation;
use super::toolbox::program;
use super::{HostError, Surroundings, files};
use crate::root::Root;

/// Where Debian keeps uWSGI's plugins.
const PLUGINS: &str = "/usr/lib/uwsgi/plugins";

/// A uWSGI of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Uwsgi {
    pub(crate) program: Utf8PathBuf,
    pub(crate) flavour: Flavour,
    /// The name of its Python plugin and the CPython that is linked to; `None` when it has no plugin.
    pub(crate) python: Option<(String, (u32, u32))>,
    /// The names of all plugins that are files; those built in are not among them.
    pub(crate) plugins: BTreeSet<String>,
}

/// Finds the uWSGI that runs the emperor: the system's, else the private one below the root.
pub(crate) fn uwsgi(root: &Root, surroundings: &Surroundings) -> Option<Uwsgi> {
    let private = root.private_uwsgi().join("bin/uwsgi");
    let found =
        program(&surroundings.search_path(), "uwsgi").or_else(|| private.is_file().then_some(private))?;
    let mut head = [0; 64];
    let read = std::fs::File::open(&found).and_then(|mut file| std::io::Read::read(&mut file, &mut head));
    let flavour = if head[..read.unwrap_or(0)].starts_with(b"#!") {
        Flavour::Wheel
    } else if Utf8Path::new(PLUGINS).is_dir() {
        Flavour::Debian
    } else {
        Flavour::Source
    };
    let files =
        if flavour == Flavour::Debian { files::names(Utf8Path::new(PLUGINS)) } else { Ok(BTreeSet::new()) };
    let plugins: BTreeSet<String> = files
        .unwrap_or_default()
        .iter()
        .filter_map(|file| Some(file.strip_suffix("_plugin.so")?.to_owned()))
        .collect();
    let python = python_plugin(&plugins);
    Some(Uwsgi { program: found, flavour, python, plugins })
}

/// Debian's Python plugin with the lowest name: `python311` before `python3`, which is a link to it.
fn python_plugin(plugins: &BTreeSet<String>) -> Option<(String, (u32, u32))> {
    plugins.iter().filter(|name| name.starts_with("python3")).find_map(|name| {
        let file = format!("{name}_plugin.so");
        let bytes = files::read(&Utf8Path::new(PLUGINS).join(&file)).ok()??;
        Some((name.clone(), piku_uwsgi::plugin_python_version(&file, &bytes)?))
    })
}

/// The version of nginx, when there is one.
pub(crate) fn nginx(surroundings: &Surroundings) -> Result<Option<NginxVersion>, HostError> {
    let Some(nginx) = program(&surroundings.search_path(), "nginx") else { return Ok(None) };
    let mut version = None;
    Invocation::new([nginx.as_str(), "-v"])
        .run(&mut |line| version = version.or_else(|| line.parse().ok()))?;
    Ok(version)
}

/// The group through which nginx reaches sockets, when we can give files to it; `None` when it can only reach
/// what everybody can.
///
/// The workers that run now tell it. Where none runs it is that of Debian's and Ubuntu's packages.
pub(crate) fn nginx_group() -> Option<String> {
    let groups = nginx_worker_groups();
    let gid = match groups.iter().collect::<Vec<_>>().as_slice() {
        [] => nix::unistd::Group::from_name("www-data").ok()??.gid.as_raw(),
        [only] => **only,
        _ => return None,
    };
    let member = rustix::process::geteuid().is_root()
        || rustix::process::getegid().as_raw() == gid
        || rustix::process::getgroups().is_ok_and(|groups| groups.iter().any(|id| id.as_raw() == gid));
    let name = nix::unistd::Group::from_gid(gid.into()).ok()??.name;
    member.then_some(name)
}

/// The effective groups of all processes called `nginx` but those of root, who may open anything.
fn nginx_worker_groups() -> BTreeSet<u32> {
    let mut groups = BTreeSet::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Ok(status) = std::fs::read_to_string(entry.path().join("status")) else { continue };
        if !status.starts_with("Name:\tnginx\n") {
            continue;
        }
        // `Uid:` and `Gid:` list the real, effective, saved, and file system ids (proc(5)).
        let effective = |field: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(field))?;
            line.split_ascii_whitespace().nth(1)?.parse::<u32>().ok()
        };
        if let (Some(user), Some(group)) = (effective("Uid:"), effective("Gid:"))
            && user != 0
        {
            groups.insert(group);
        }
    }
    groups
}

/// The name and home folder of the user that this process runs as, from the user database.
#[must_use]
pub fn account() -> Option<(String, Utf8PathBuf)> {
    let user = nix::unistd::User::from_uid(nix::unistd::Uid::effective()).ok()??;
    Some((user.name, Utf8PathBuf::from_path_buf(user.dir).ok()?))
}
