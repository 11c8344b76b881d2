//! What a tree has to have once it is built, and what is found in it.

use camino::{Utf8Path, Utf8PathBuf};
use piku_procfile::{Entry, Kind};

use crate::deploy::DeployError;
use crate::deploy::plan::hosted::Hosted;
use crate::deploy::source::inputs::Inputs;
use crate::host::{HostError, files};

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
