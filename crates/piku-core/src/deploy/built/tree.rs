//! Checks the files that a built tree must have, and finds Java classes in it.

use camino::{Utf8Path, Utf8PathBuf};
use piku_procfile::{Entry, Kind};

use crate::deploy::DeployError;
use crate::deploy::plan::hosted::Hosted;
use crate::deploy::source::inputs::Inputs;
use crate::host::{HostError, files};

/// Refuses the release if a file or folder that it names does not exist. Call it after the build, which may create
/// them.
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
    named.extend(of_setting(&options.nginx.location_include_file, "NGINX_LOCATION_INCLUDE_FILE"));
    let pages = options.nginx.error_pages.as_ref();
    named.extend(pages.map(|folder| ("folder", folder.into(), "NGINX_ERROR_PAGES")));
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

/// uWSGI's own classes, for Java apps that use its API.
const UWSGI_JAR: &str = "/usr/share/java/uwsgi.jar";

/// The class path of a `jwsgi` app: its folder, the output folders of Maven and Gradle, and every archive in them.
/// Empty for other apps.
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
