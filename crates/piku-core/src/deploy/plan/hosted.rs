//! Apps that uWSGI itself runs: what a Procfile says of them, and which plugins they need.

use camino::{Utf8Path, Utf8PathBuf};
use piku_procfile::{Entry, Kind, Procfile, WsgiEntry};

use crate::deploy::DeployError;
use crate::deploy::source::inputs::Inputs;
use crate::host::facts::Uwsgi;

/// An app that uWSGI itself runs. Paths are relative to the app's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hosted {
    /// Python.
    Wsgi(WsgiEntry),
    /// Ruby, by its rackup file.
    Rack(Utf8PathBuf),
    /// Java, by a class and perhaps a method.
    Jwsgi(String),
    /// PHP, by its document root.
    Php(Utf8PathBuf),
}

impl Hosted {
    /// The app of an entry, when uWSGI runs it.
    pub(crate) fn of(entry: &Entry) -> Option<Self> {
        let path = Utf8Path::new(&entry.command);
        match &entry.kind {
            Kind::Wsgi(wsgi) => Some(Self::Wsgi(wsgi.clone())),
            Kind::Rwsgi if path.extension() == Some("ru") => Some(Self::Rack(path.to_owned())),
            Kind::Rwsgi => Some(Self::Rack(path.join("config.ru"))),
            Kind::Jwsgi => Some(Self::Jwsgi(entry.command.clone())),
            Kind::Php => Some(Self::Php(path.to_owned())),
            _ => None,
        }
    }
}

/// A plugin of uWSGI's that a distribution has in a package of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plugin {
    /// Its name, as uWSGI loads it.
    pub(crate) name: String,
    /// The package of Debian's that brings it; `*` where a version is part of the name.
    pub(crate) package: &'static str,
    /// What in the app's files wants it.
    pub(crate) wanted_by: &'static str,
}

/// The plugins that the app's kind of process wants.
fn of_kinds(procfile: &Procfile) -> Vec<Plugin> {
    let plugin = |name: &str, package, wanted_by| Plugin { name: name.to_owned(), package, wanted_by };
    let of_kind = |entry: &Entry| match entry.kind {
        Kind::Rwsgi => vec![plugin("rack", "uwsgi-plugin-rack-ruby*", "rwsgi")],
        Kind::Jwsgi => {
            ["jvm", "jwsgi"].map(|name| plugin(name, "uwsgi-plugin-jwsgi-openjdk-*", "jwsgi")).into()
        }
        Kind::Php => vec![plugin("php", "uwsgi-plugin-php", "php")],
        _ => Vec::new(),
    };
    procfile.entries().iter().flat_map(of_kind).collect()
}

/// The plugins that the settings of a Python app want, beside the one with Python.
fn of_settings(inputs: &Inputs, python: &str) -> Vec<Plugin> {
    let options = &inputs.options.uwsgi;
    let is_python = |entry: &Entry| matches!(entry.kind, Kind::Wsgi(_));
    if !inputs.procfile.entries().iter().any(is_python) {
        return Vec::new();
    }
    let plugin =
        |name: &str, package, wanted_by| Plugin { name: format!("{name}_{python}"), package, wanted_by };
    match (options.gevent, options.asyncio) {
        (Some(_), _) => vec![plugin("gevent", "uwsgi-plugin-gevent-python3", "UWSGI_GEVENT")],
        (None, Some(_)) => vec![
            plugin("asyncio", "uwsgi-plugin-asyncio-python3", "UWSGI_ASYNCIO"),
            plugin("greenlet", "uwsgi-plugin-greenlet-python3", "UWSGI_ASYNCIO"),
        ],
        (None, None) => Vec::new(),
    }
}

/// Refuses an app whose kind of process this machine's uWSGI can't run. To be asked before the build.
pub(crate) fn require_kinds(procfile: &Procfile, uwsgi: Option<&Uwsgi>) -> Result<(), DeployError> {
    let Some(uwsgi) = uwsgi else { return Ok(()) };
    refuse_first_missing(of_kinds(procfile), uwsgi)
}

/// Refuses settings that the system's uWSGI has no plugin for. To be asked once it is known that it runs the app.
pub(crate) fn require_settings(inputs: &Inputs, uwsgi: Option<&Uwsgi>) -> Result<(), DeployError> {
    match uwsgi.and_then(|uwsgi| Some((uwsgi, uwsgi.python.as_ref()?))) {
        Some((uwsgi, (python, _))) => refuse_first_missing(of_settings(inputs, python), uwsgi),
        None => Ok(()),
    }
}

fn refuse_first_missing(wanted: Vec<Plugin>, uwsgi: &Uwsgi) -> Result<(), DeployError> {
    match wanted.into_iter().find(|plugin| !uwsgi.plugins.contains(&plugin.name)) {
        Some(plugin) => Err(DeployError::NoPlugin {
            plugin: plugin.name,
            package: plugin.package,
            wanted_by: plugin.wanted_by,
        }),
        None => Ok(()),
    }
}
