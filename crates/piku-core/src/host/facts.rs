//! What there is on this machine: which uWSGI, which nginx.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use piku_nginx::{Version as NginxVersion, Workers};
use piku_uwsgi::Flavour;

use super::command::Invocation;
use super::search_path::program;
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

/// The nginx of this machine, as it is built and configured; whether it runs makes no difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Nginx {
    /// `None` when there is no such program, or it does not say.
    pub(crate) version: Option<NginxVersion>,
    /// Whom its workers run as.
    pub(crate) workers: Workers,
    /// Where it writes what goes wrong.
    pub(crate) error_log: Utf8PathBuf,
}

/// Asks nginx how it is built, and reads whom it is configured to run as.
pub(crate) fn nginx(surroundings: &Surroundings) -> Result<Nginx, HostError> {
    let mut built = String::new();
    if let Some(nginx) = program(&surroundings.search_path(), "nginx") {
        Invocation::new([nginx.as_str(), "-V"]).run(&mut |line| {
            built.push_str(line);
            built.push('\n');
        })?;
    }
    let path = Utf8Path::new(piku_nginx::configuration_path(&built));
    // A configuration that is closed to us says nothing; how nginx is built still does.
    let configuration = files::read_text(path).ok().flatten();
    Ok(Nginx {
        version: built.parse().ok(),
        workers: Workers::configured(&built, configuration.as_deref()),
        error_log: piku_nginx::error_log_path(&built).into(),
    })
}
