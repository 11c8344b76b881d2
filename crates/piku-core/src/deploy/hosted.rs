//! Apps that uWSGI itself runs: what a Procfile says of them, and what they need of the machine.

use camino::{Utf8Path, Utf8PathBuf};
use piku_procfile::{Entry, Kind, Procfile, WsgiEntry};

use super::DeployError;
use super::inputs::Inputs;
use crate::host::facts::Uwsgi;
use crate::host::{HostError, files};

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

/// Refuses files and folders that are named and not there. To be asked after the build, which may make them.
pub(crate) fn require_paths(inputs: &Inputs, tree: &Utf8Path) -> Result<(), DeployError> {
    let of_entry = |entry: &Entry| match (Hosted::of(entry), &entry.kind) {
        (Some(Hosted::Php(root)), _) => Some(("folder", root, "php")),
        (Some(Hosted::Rack(rackup)), _) => Some(("file", rackup, "rwsgi")),
        (_, Kind::Static) => Some(("folder", entry.command.clone().into(), "static")),
        _ => None,
    };
    let options = &inputs.options;
    let of_setting = |file: &Option<String>, key| file.as_ref().map(|file| ("file", file.into(), key));
    let mut named: Vec<(&str, Utf8PathBuf, &str)> =
        inputs.procfile.entries().iter().filter_map(of_entry).collect();
    named.extend(of_setting(&options.uwsgi.include_file, "UWSGI_INCLUDE_FILE"));
    named.extend(of_setting(&options.nginx.include_file, "NGINX_INCLUDE_FILE"));
    let is_there = |what: &str, path: &Utf8Path| match what {
        "folder" => tree.join(path).is_dir(),
        _ => tree.join(path).is_file(),
    };
    match named.into_iter().find(|(what, path, _)| !is_there(what, path)) {
        Some((what, path, named_by)) => {
            Err(DeployError::NotThere { what, path: path.into_string(), named_by })
        }
        None => Ok(()),
    }
}

/// The classes of uWSGI's own, by which a Java app calls it.
const UWSGI_JAR: &str = "/usr/share/java/uwsgi.jar";

/// Where the classes of a `jwsgi` app are looked for: its folder, those in which Maven and Gradle leave classes, and
/// every archive beside them. Empty for other apps.
pub(crate) fn class_path(inputs: &Inputs, tree: &Utf8Path) -> Result<Vec<Utf8PathBuf>, HostError> {
    if !inputs.procfile.entries().iter().any(|entry| entry.kind == Kind::Jwsgi) {
        return Ok(Vec::new());
    }
    let mut places = vec![tree.to_owned()];
    places.extend(
        ["target/classes", "build/classes/java/main"]
            .map(|folder| tree.join(folder))
            .into_iter()
            .filter(|it| it.is_dir()),
    );
    for folder in ["", "lib", "target", "target/dependency", "build/libs"] {
        let folder = tree.join(folder);
        let archives = files::names(&folder)?.into_iter().filter(|name| name.ends_with(".jar"));
        places.extend(archives.map(|name| folder.join(name)));
    }
    places.push(UWSGI_JAR.into());
    Ok(places)
}
