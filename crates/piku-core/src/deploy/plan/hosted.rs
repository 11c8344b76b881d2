//! Apps that uWSGI itself runs, and the plugins they need.

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
    /// Ruby, with the path of its rackup file.
    Rack(Utf8PathBuf),
    /// Java, with a class and an optional method.
    Jwsgi(String),
    /// PHP, with its document root.
    Php(Utf8PathBuf),
}

impl Hosted {
    /// The app of a Procfile entry, if uWSGI runs it.
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

/// A uWSGI plugin from a separate package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plugin {
    /// Its name in uWSGI.
    pub(crate) name: String,
    /// Its Debian package, with `*` for a version in the name.
    pub(crate) package: &'static str,
    /// The kind of process or the setting that needs it.
    pub(crate) wanted_by: &'static str,
}

/// The plugins that the kinds of process need.
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

/// The plugins that the settings of a Python app need, in addition to the one for Python.
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

/// Refuses an app if uWSGI lacks the plugin for its kind of process. Call it before the build.
pub(crate) fn require_kinds(procfile: &Procfile, uwsgi: Option<&Uwsgi>) -> Result<(), DeployError> {
    let Some(uwsgi) = uwsgi else { return Ok(()) };
    refuse_first_missing(of_kinds(procfile), uwsgi)
}

/// Refuses settings if the system's uWSGI lacks the plugin for them. Call it once it is known that this uWSGI runs the
/// app.
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
