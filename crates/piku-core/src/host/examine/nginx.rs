//! Examines nginx: whether it is installed and running, includes piku's sites, and gets reloaded.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::host::command::Invocation;
use crate::host::search_path::program;
use crate::host::{Surroundings, files, own_nginx};
use crate::root::Root;

/// The default path of nginx's configuration.
const USUAL: &str = "/etc/nginx/nginx.conf";
/// The folders of systemd's unit files.
const UNITS: [&str; 3] = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];
/// The maximum size of a configuration file, in bytes: nobody writes a larger one.
const LARGEST: usize = 1024 * 1024;

/// What was found out about nginx.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nginx {
    pub(crate) program: Option<Utf8PathBuf>,
    pub(crate) version: Option<String>,
    pub(crate) runs: bool,
    /// The configuration file, of the running nginx if there is one.
    pub(crate) configuration: Utf8PathBuf,
    /// Whether this is piku's own nginx, which all other fields then describe.
    pub(crate) own: bool,
    /// Whether the configuration includes piku's sites; `None` if it can't be read.
    pub(crate) includes: Option<bool>,
    /// The command line that reloads it, if configured.
    pub(crate) reload: Option<String>,
    /// Whether the program of that command line exists.
    pub(crate) reload_found: bool,
    /// Whether a systemd path unit watches the folder of sites.
    pub(crate) watched: bool,
    /// The number of sites.
    pub(crate) sites: usize,
}

pub(super) fn look(root: &Root, surroundings: &Surroundings) -> Nginx {
    let path = surroundings.search_path();
    let found = program(&path, "nginx");
    let (version, built) = found.as_ref().map(|program| ask(program)).unwrap_or_default();
    let sites = files::names(&root.nginx())
        .map_or(0, |names| names.iter().filter(|name| name.ends_with(".conf")).count());
    if own_nginx::is_wanted(root) {
        return Nginx {
            program: found,
            version,
            own: true,
            runs: own_nginx::master(root).is_some(),
            configuration: root.own_nginx_conf(),
            includes: Some(true),
            sites,
            ..Nginx::default()
        };
    }
    let masters = masters();
    let usual = built.unwrap_or_else(|| USUAL.into());
    let told: Vec<Utf8PathBuf> =
        masters.iter().map(|line| option(line, "-c").unwrap_or_else(|| usual.clone())).collect();
    let pattern = root.nginx().join("*.conf");
    let including = |path: &Utf8PathBuf| includes(path, &pattern);
    // If several are running, use the one that includes our sites.
    let configuration =
        told.iter().find(|path| including(path) == Some(true)).or(told.first()).unwrap_or(&usual);
    let words = surroundings.nginx_reload.as_deref().and_then(shlex::split).unwrap_or_default();
    let is_there = |word: &String| Utf8Path::new(word).is_file() || program(&path, word).is_some();
    Nginx {
        program: found,
        version,
        runs: !masters.is_empty(),
        includes: including(configuration),
        configuration: configuration.clone(),
        reload: surroundings.nginx_reload.clone(),
        reload_found: words.first().is_some_and(is_there),
        watched: is_watched(&root.nginx()),
        sites,
        own: false,
    }
}

/// The version, and the default path of the configuration.
fn ask(program: &Utf8Path) -> (Option<String>, Option<Utf8PathBuf>) {
    let (mut version, mut configuration) = (None, None);
    let heard = Invocation::new([program.as_str(), "-V"]).run(&mut |line| {
        if let Some(found) = line.strip_prefix("nginx version: ") {
            version = Some(found.trim_start_matches("nginx/").to_owned());
        }
        let built = line.split_ascii_whitespace().find_map(|word| word.strip_prefix("--conf-path="));
        configuration = configuration.take().or(built.map(Utf8PathBuf::from));
    });
    drop(heard);
    (version, configuration)
}

/// The command lines of running nginx masters.
fn masters() -> Vec<String> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).trim_end_matches('\0').replace('\0', " "));
    lines.filter_map(|line| line.strip_prefix("nginx: master process ").map(str::to_owned)).collect()
}

/// The value of an option in a command line.
fn option(line: &str, name: &str) -> Option<Utf8PathBuf> {
    line.split(' ').skip_while(|word| *word != name).nth(1).map(Utf8PathBuf::from)
}

/// Whether a configuration includes `wanted`, directly or through other files; `None` if it can't be read.
fn includes(configuration: &Utf8Path, wanted: &Utf8Path) -> Option<bool> {
    let base = configuration.parent()?;
    let mut waiting = vec![configuration.to_owned()];
    let mut seen = BTreeSet::new();
    while let Some(path) = waiting.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let folder = path.parent()?;
        let bytes = files::read_within(folder, path.file_name()?, LARGEST).ok().flatten();
        // On Debian, an enabled site is a link out of the folder.
        let bytes = bytes.or_else(|| {
            let real = path.canonicalize_utf8().ok()?;
            files::read_within(real.parent()?, real.file_name()?, LARGEST).ok().flatten()
        });
        let Some(bytes) = bytes else {
            if path == configuration {
                return None;
            }
            continue;
        };
        for pattern in included(&String::from_utf8_lossy(&bytes)) {
            let pattern = base.join(pattern);
            if covers(&pattern, wanted) {
                return Some(true);
            }
            waiting.extend(matching(&pattern));
        }
    }
    Some(false)
}

/// The patterns of all `include` directives in a text, ignoring comments.
pub(super) fn included(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.split_once('#').map_or(line, |(code, _)| code));
    let code = lines.collect::<Vec<_>>().join(" ");
    let directives = code.split([';', '{', '}']).map(str::trim);
    let patterns = directives.filter_map(|directive| directive.strip_prefix("include"));
    let quotes = |pattern: &str| pattern.trim().trim_matches(['"', '\'']).to_owned();
    patterns.filter(|rest| rest.starts_with(char::is_whitespace)).map(quotes).collect()
}

/// Whether a pattern matches every site: `*.conf` or `*` in the folder of sites.
fn covers(pattern: &Utf8Path, wanted: &Utf8Path) -> bool {
    let (Some(folder), Some(sites)) = (pattern.parent(), wanted.parent()) else { return false };
    let same = folder == sites
        || folder
            .canonicalize_utf8()
            .is_ok_and(|real| sites.canonicalize_utf8().is_ok_and(|sites| sites == real));
    same && matches!(pattern.file_name(), Some("*.conf" | "*"))
}

/// The files that a pattern matches; `*` is supported in the last component.
pub(super) fn matching(pattern: &Utf8Path) -> Vec<Utf8PathBuf> {
    let (Some(folder), Some(name)) = (pattern.parent(), pattern.file_name()) else { return Vec::new() };
    let Some((start, end)) = name.split_once('*') else { return vec![pattern.to_owned()] };
    let fits = |name: &&String| {
        name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
    };
    let names = files::names(folder).unwrap_or_default();
    names.iter().filter(fits).map(|name| folder.join(name)).collect()
}

/// Whether any path unit watches the folder.
fn is_watched(folder: &Utf8Path) -> bool {
    UNITS.map(Utf8Path::new).iter().any(|units| {
        let names = files::names(units).unwrap_or_default();
        names.iter().filter(|name| name.ends_with(".path")).any(|name| {
            let text = files::read_text(&units.join(name)).ok().flatten().unwrap_or_default();
            let watched = text.lines().filter_map(|line| line.trim().strip_prefix("Path")?.split_once('='));
            watched.into_iter().any(|(_, path)| Utf8Path::new(path.trim()).starts_with(folder))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn includes_are_found_wherever_they_stand() {
        let text = "http { include mime.types; # include /not/this;\n  include \"/etc/nginx/conf.d/*.conf\" ;}\nincluded x;\ninclude\n /a;";
        assert_eq!(included(text), ["mime.types", "/etc/nginx/conf.d/*.conf", "/a"]);
    }

    #[test]
    fn sites_are_known_to_nginx_by_way_of_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        for name in ["etc/sites-enabled", "etc/sites-available", "piku/nginx"] {
            std::fs::create_dir_all(at(name)).unwrap();
        }
        let (conf, sites) = (at("etc/nginx.conf"), at("piku/nginx/*.conf"));
        assert_eq!(includes(&conf, &sites), None);
        std::fs::write(&conf, "http { include sites-enabled/*; include nginx.conf; include gone; }").unwrap();
        assert_eq!(includes(&conf, &sites), Some(false));
        std::fs::write(at("etc/sites-available/default"), format!("include {sites};")).unwrap();
        std::os::unix::fs::symlink("../sites-available/default", at("etc/sites-enabled/default")).unwrap();
        assert_eq!(includes(&conf, &sites), Some(true));
    }

    #[test]
    fn the_configuration_of_a_master_is_the_one_it_was_told() {
        assert_eq!(option("nginx -p /x -c /x/nginx.conf -e /x/log", "-c"), Some("/x/nginx.conf".into()));
        assert_eq!(option("/usr/sbin/nginx -g daemon on;", "-c"), None);
    }
}
