//! `doctor`: checks this server and suggests fixes.

mod certificates;
mod finding;
mod keys;
mod leftovers;
mod legacy;
mod plugins;
mod service;
mod settings;
mod sites;

use camino::Utf8PathBuf;
use piku_uwsgi::Flavour;

pub use finding::{Finding, Level};
use finding::{error, ok, warning};

use crate::host::examine::{self, Facts, Key, Nginx, Target};
use crate::piku::Piku;
use crate::server::Server;

/// With less free space than this, in bytes, the next build is likely to fail.
const FULL: u64 = 256 * 1024 * 1024;
/// With less free space than this, in bytes, warn.
const TIGHT: u64 = 1024 * 1024 * 1024;
/// With fewer free inodes than this, warn.
const FEW_FILES: u64 = 10_000;

impl Piku {
    /// Checks everything that apps need from this machine. Changes nothing.
    #[must_use]
    pub fn doctor(&self) -> Vec<Finding> {
        let facts = examine::look(&self.root, &self.surroundings);
        let mut all = findings(&facts, &leftovers::find(&self.root));
        all.extend(self.odd_server_settings());
        all.extend(self.apps_of_legacy());
        all.extend(self.odd_settings());
        all.extend(self.odd_keys());
        all.extend(self.misfits());
        all.extend(self.odd_certificates());
        all.extend(plugins::odd(&self.root));
        // A problem that affects all sites is reported once, not for each site.
        if sites::may_answer(&facts) {
            all.extend(self.silent_sites());
        }
        all.extend(service::differences(&Server::differences(&self.root, &self.surroundings), &facts));
        all
    }

    /// Apps whose build or sockets no longer match the system.
    fn misfits(&self) -> Vec<Finding> {
        let apps = self.app_names().unwrap_or_default().into_iter();
        let found = apps.filter_map(|app| Some((self.misfit(&app).ok()??, app)));
        let finding =
            |(misfit, app)| error("app", format!("`{app}`: {misfit}"), format!("`piku restart {app}`"));
        found.map(finding).collect()
    }
}

/// Turns facts into findings.
fn findings(facts: &Facts, leftovers: &[Utf8PathBuf]) -> Vec<Finding> {
    let mut all = folder(facts);
    all.extend(uwsgi(facts));
    all.extend(launcher(facts));
    all.extend(emperor(facts));
    all.extend(facts.service.iter().flat_map(service::unit));
    all.extend(nginx(&facts.nginx, facts));
    all.extend(sites::access(&facts.access, facts.set_up));
    all.extend(git_and_ssh(facts));
    all.extend(keys(facts));
    all.extend(facts.space.map(|(bytes, files)| space(bytes, files)));
    all.push(tools(&facts.tools));
    all.extend(leftovers.iter().map(|path| {
        let fix = format!("check what it is, then `rm -r {path}`");
        warning("leftover", format!("`{path}` belongs to no app or to an unfinished release"), fix)
    }));
    all
}

fn folder(facts: &Facts) -> Vec<Finding> {
    let root = &facts.root;
    let missing: Vec<&str> =
        facts.missing.iter().filter_map(|path| path.strip_prefix(root).ok()?.file_name()).collect();
    let mut all = Vec::new();
    if !missing.is_empty() {
        all.push(error("folder", format!("`{root}` has no {}", missing.join(", ")), "run `piku setup`"));
    }
    all.extend(facts.exposed.iter().map(|exposed| {
        let (path, what) =
            (&exposed.path, format!("`{}` holds secrets and has mode {:o}", exposed.path, exposed.mode));
        if exposed.is_folder {
            error("secrets", what, format!("`chmod 700 {path}`"))
        } else {
            warning("secrets", what, format!("`chmod 600 {path}`"))
        }
    }));
    if all.is_empty() {
        all.push(ok("folder", format!("`{root}` is complete, with private permissions")));
    }
    all
}

/// A launcher that is there deserves no line of its own.
fn launcher(facts: &Facts) -> Option<Finding> {
    let path = facts.missing_launcher.as_ref()?;
    let what = format!("there is no `{path}`, which starts the processes of apps");
    Some(error("launcher", what, "install it beside `piku`: the package and the archive have both"))
}

fn uwsgi(facts: &Facts) -> Vec<Finding> {
    let about = "uwsgi";
    let Some(uwsgi) = &facts.uwsgi else {
        let fix = "run `piku setup`, which installs a private one, or `apt-get install uwsgi-core uwsgi-plugin-python3`";
        return vec![error(about, "there is no uWSGI", fix)];
    };
    let program = &uwsgi.program;
    let python = uwsgi.python.as_ref().map(|(_, (major, minor))| format!("{major}.{minor}"));
    match (&uwsgi.flavour, python) {
        (Flavour::Debian, None) => vec![error(
            about,
            format!("`{program}` has no Python plugin, so `wsgi` processes can't run"),
            "`apt-get install uwsgi-plugin-python3`",
        )],
        (flavour, python) => {
            let loads = python.as_ref().map_or_else(String::new, |python| format!(", loads Python {python}"));
            let from = match flavour {
                Flavour::Debian => "from system packages",
                Flavour::Wheel => "from the wheel",
                Flavour::Source => "built from source",
            };
            let mut all = vec![ok(about, format!("`{program}` {from}{loads}"))];
            if !facts.python {
                let version = python.unwrap_or_else(|| "3".to_owned());
                all.push(error(
                    "python",
                    format!("there is no Python {version} with `venv`, so Python apps can't be built"),
                    format!("`apt-get install python{version}-venv`"),
                ));
            }
            all
        }
    }
}

fn emperor(facts: &Facts) -> Vec<Finding> {
    let own = match facts.vassals {
        Some(count) => ok("emperor", format!("running, {count} processes of apps")),
        // It needs ours from the first push on.
        None if facts.legacy.is_some() => {
            return vec![legacy::emperor(facts)].into_iter().flatten().collect();
        }
        None => {
            let fix = match &facts.service {
                Some(service) => {
                    let unit = &service.unit;
                    format!("`systemctl start {unit}`, and `journalctl -u {unit}` says why it ended")
                }
                None => {
                    "start it with `piku emperor`, or as a service with `sudo piku setup --system`".to_owned()
                }
            };
            error("emperor", "the uWSGI emperor does not answer, so no app is running", fix)
        }
    };
    [own].into_iter().chain(legacy::emperor(facts)).collect()
}

fn nginx(nginx: &Nginx, facts: &Facts) -> Vec<Finding> {
    let about = "nginx";
    let root = &facts.root;
    let or_set_up = |fix: String| if facts.set_up { service::SET_UP.to_owned() } else { fix };
    // nginx is not needed before the first site.
    let bad = |what: &str, fix: &str| {
        if nginx.sites == 0 { warning(about, what, fix) } else { error(about, what, fix) }
    };
    let Some(program) = &nginx.program else {
        return vec![bad(
            "there is no nginx, but apps with NGINX_SERVER_NAME need it",
            "`apt-get install nginx`",
        )];
    };
    let mut all = Vec::new();
    if !nginx.runs {
        let unit = if nginx.own { "piku-nginx" } else { "nginx" };
        let fix = format!("`systemctl start {unit}`, and `journalctl -u {unit}` says why it ended");
        all.push(bad("nginx is not running", &fix));
    }
    let configuration = &nginx.configuration;
    match nginx.includes {
        Some(true) => {}
        Some(false) => all.push(bad(
            &format!("`{configuration}` does not include piku's sites"),
            &or_set_up(format!("add `include {root}/nginx/*.conf;` to its `http` block, and reload nginx")),
        )),
        None => all.push(warning(
            about,
            format!("`{configuration}` can't be read, so it may not include piku's sites"),
            format!("check that it has `include {root}/nginx/*.conf;` in its `http` block"),
        )),
    }
    match &nginx.reload {
        Some(line) if !nginx.reload_found => all.push(error(
            about,
            format!("PIKU_NGINX_RELOAD is `{line}`, but there is no such program"),
            "correct it where piku is started",
        )),
        None if !nginx.own && !nginx.watched => all.push(bad(
            "nothing reloads nginx when a site changes",
            &or_set_up("install the path unit `piku-nginx.path`, or set PIKU_NGINX_RELOAD".to_owned()),
        )),
        _ => {}
    }
    if all.is_empty() {
        let version = nginx.version.as_deref().unwrap_or("of an unknown version");
        let whose = match (&nginx.reload, nginx.own) {
            (None, true) => "piku's own",
            (Some(_), _) => "the system's, reloaded by PIKU_NGINX_RELOAD",
            (None, false) => "the system's, reloaded by a path unit",
        };
        all.push(ok(about, format!("`{program}` {version} is running: {whose}")));
    }
    all
}

fn git_and_ssh(facts: &Facts) -> Vec<Finding> {
    let git = match &facts.git {
        Some(git) => ok("git", format!("`{git}`")),
        None => error("git", "there is no git, so nobody can push", "`apt-get install git`"),
    };
    let ssh = match (&facts.sshd, facts.sshd_runs) {
        (None, false) => {
            error("ssh", "there is no sshd, so nobody can push", "`apt-get install openssh-server`")
        }
        (Some(sshd), false) => error(
            "ssh",
            format!("`{sshd}` is not running"),
            "start it, for example with `systemctl start ssh`",
        ),
        (_, true) => ok("ssh", "sshd is running"),
    };
    vec![git, ssh]
}

fn keys(facts: &Facts) -> Vec<Finding> {
    let about = "keys";
    let mut all: Vec<Finding> = facts
        .keys_writable
        .iter()
        .map(|path| {
            let what = format!("others may write to `{path}`, so sshd accepts no key");
            error(about, what, format!("`chmod go-w {path}`"))
        })
        .collect();
    let kept = "`piku setup` brings the key up to date";
    let again = "remove its line from `~/.ssh/authorized_keys`, then add the key again with `piku setup:ssh`";
    for Key { name, target } in &facts.keys {
        match target {
            Target::Nowhere(program) => {
                all.push(error(
                    about,
                    format!("the key of `{name}` runs `{program}`, which does not exist"),
                    again,
                ));
            }
            Target::Elsewhere(place) => {
                all.push(warning(about, format!("the key of `{name}` runs {place}"), again));
            }
            Target::Legacy => {
                all.push(warning(about, format!("the key of `{name}` runs legacy piku (piku.py)"), kept))
            }
            Target::Here | Target::Other => {}
        }
    }
    match facts.keys.iter().filter(|key| key.target == Target::Here).count() {
        0 => all.push(warning(about, "no key may push to this piku", "`piku setup:ssh FILE` adds one")),
        count => all.push(ok(about, format!("{count} {} may push", if count == 1 { "key" } else { "keys" }))),
    }
    all
}

fn space(bytes: u64, files: Option<u64>) -> Finding {
    let about = "disk";
    let free = if bytes < TIGHT { format!("{} MiB", bytes >> 20) } else { format!("{} GiB", bytes >> 30) };
    let fix = "remove files you do not need, or keep fewer commits with PIKU_KEEP_RELEASES";
    match files {
        Some(files) if files < FEW_FILES => warning(about, format!("only {files} free inodes"), fix),
        _ if bytes < FULL => error(about, format!("only {free} free"), fix),
        _ if bytes < TIGHT => warning(about, format!("only {free} free"), fix),
        _ => ok(about, format!("{free} free")),
    }
}

/// Lists language tools. A missing one is not a problem unless an app needs it.
fn tools(tools: &[(&str, bool)]) -> Finding {
    let named = |wanted: bool| {
        let names: Vec<&str> =
            tools.iter().filter(|(_, there)| *there == wanted).map(|(name, _)| *name).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    ok("tools", format!("found: {}; not found: {}", named(true), named(false)))
}

#[cfg(test)]
mod tests;
