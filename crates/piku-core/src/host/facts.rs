//! Finds uWSGI and nginx on this machine.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use piku_nginx::{Version as NginxVersion, Workers};
use piku_uwsgi::Flavour;
use serde::{Deserialize, Serialize};

use super::command::Invocation;
use super::program_file::{ProgramFile, cache, cached};
use super::search_path::program;
use super::{HostError, Surroundings, files};
use crate::root::Root;

/// The file in the shared build cache that caches the output of `nginx -V`.
pub(crate) const NGINX: &str = "nginx.json";

/// The folder of uWSGI's plugins on Debian.
const PLUGINS: &str = "/usr/lib/uwsgi/plugins";

/// An installed uWSGI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Uwsgi {
    pub(crate) program: Utf8PathBuf,
    pub(crate) flavour: Flavour,
    /// The name of its Python plugin and the version of CPython the plugin links to; `None` if it has no such plugin.
    pub(crate) python: Option<(String, (u32, u32))>,
    /// The names of all plugins that are separate files, without built-in ones.
    pub(crate) plugins: BTreeSet<String>,
}

/// Finds the uWSGI that runs the emperor: the system's or else the private one below the root.
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

/// The first of Debian's Python plugins by name: `python311` before `python3`, which is a link to it.
fn python_plugin(plugins: &BTreeSet<String>) -> Option<(String, (u32, u32))> {
    plugins.iter().filter(|name| name.starts_with("python3")).find_map(|name| {
        let file = format!("{name}_plugin.so");
        let bytes = files::read(&Utf8Path::new(PLUGINS).join(&file)).ok()??;
        Some((name.clone(), piku_uwsgi::plugin_python_version(&file, &bytes)?))
    })
}

/// The installed nginx, as built and configured. It need not be running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Nginx {
    /// `None` if nginx is not installed or does not print a version.
    pub(crate) version: Option<NginxVersion>,
    /// The user and group of its workers.
    pub(crate) workers: Workers,
    /// Its error log.
    pub(crate) error_log: Utf8PathBuf,
}

/// Runs `nginx -V` and reads the user from the configuration.
pub(crate) fn nginx(surroundings: &Surroundings) -> Result<Nginx, HostError> {
    let built = program(&surroundings.search_path(), "nginx").map(|nginx| how_built(&nginx)).transpose()?;
    Ok(describe_nginx(&built.unwrap_or_default()))
}

/// Like [`nginx`], but caches the output of the program in the file `memory` for as long as the program does not
/// change.
pub(crate) fn known_nginx(surroundings: &Surroundings, memory: &Utf8Path) -> Result<Nginx, HostError> {
    let Some(program) = program(&surroundings.search_path(), "nginx") else { return nginx(surroundings) };
    let Some(file) = ProgramFile::of(&program) else { return Ok(describe_nginx(&how_built(&program)?)) };
    let same = |known: &Built| known.program == program && known.file == file;
    if let Some(known) = cached(memory).filter(same) {
        return Ok(describe_nginx(&known.text));
    }
    let text = how_built(&program)?;
    let nginx = describe_nginx(&text);
    // While nginx is being upgraded it may say something else, or nothing.
    if nginx.version.is_some() {
        cache(memory, &Built { program, file, text });
    }
    Ok(nginx)
}

/// The cached output of `nginx -V`, and the state of the program at that time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Built {
    program: Utf8PathBuf,
    file: ProgramFile,
    text: String,
}

fn how_built(program: &Utf8Path) -> Result<String, HostError> {
    let mut built = String::new();
    Invocation::new([program.as_str(), "-V"]).run(&mut |line| {
        built.push_str(line);
        built.push('\n');
    })?;
    Ok(built)
}

fn describe_nginx(built: &str) -> Nginx {
    let path = Utf8Path::new(piku_nginx::configuration_path(built));
    // If the configuration can't be read, the defaults from the build still apply.
    let configuration = files::read_text(path).ok().flatten();
    Nginx {
        version: built.parse().ok(),
        workers: Workers::configured(built, configuration.as_deref()),
        error_log: piku_nginx::error_log_path(built).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_nginx_is_built_is_remembered_of_a_program_as_it_is_and_never_of_a_script() {
        let folder = tempfile::tempdir().unwrap();
        let home = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        let (program, memory) = (home.join("nginx"), home.join("cache/nginx.json"));
        let surroundings = Surroundings { path: home.to_string(), ..Surroundings::of_tests(&home) };
        let version = || known_nginx(&surroundings, &memory).unwrap().version;

        // Output without a version, as during an upgrade, is not cached.
        std::fs::copy("/bin/true", &program).unwrap();
        assert_eq!((version(), memory.exists()), (None, false));
        let text = "nginx version: nginx/1.22.1\n".to_owned();
        let file = ProgramFile::of(&program).unwrap();
        let mut known = Built { program: program.clone(), file, text };
        std::fs::create_dir(memory.parent().unwrap()).unwrap();
        std::fs::write(&memory, serde_json::to_vec(&known).unwrap()).unwrap();
        assert_eq!(version(), "nginx version: nginx/1.22.1".parse().ok());
        // The program has changed.
        known.file = known.file.changed();
        std::fs::write(&memory, serde_json::to_vec(&known).unwrap()).unwrap();
        assert_eq!(version(), None);
        // An unreadable cache is ignored, and nothing is cached for a script.
        std::fs::write(&memory, "{").unwrap();
        assert_eq!(version(), None);
        std::fs::write(&program, "#!/bin/sh\n").unwrap();
        assert_eq!(ProgramFile::of(&program), None);
    }
}
