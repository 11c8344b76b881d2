//! Examines and changes what makes a machine a server: users, units, nginx.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use super::command::Invocation;
use super::processes::ProcessTree;
use super::search_path::program;
use super::{HostError, Surroundings, examine, facts, files, server_record, wait};
use crate::event::{Event, Report};
use crate::root::Root;
use crate::server::change::Change;
use crate::server::describe::{PACKAGED_UNITS, Server};
use crate::server::machine::{NginxSeen, Seen, ServiceSeen};
use crate::server::nginx_way::NginxWay;
use crate::server::parts::Part;
use crate::server::record::RECORD;

/// Exists if systemd is running (sd_booted(3)).
const SYSTEMD: &str = "/run/systemd/system";
/// How long services may take to start.
const START: Duration = Duration::from_secs(15);
/// Required programs, each with its Debian package.
const WANTED: [(&str, &str); 5] = [
    ("systemctl", "systemd"),
    ("git", "git"),
    ("sshd", "openssh-server"),
    ("nginx", "nginx"),
    ("useradd", "passwd"),
];

/// Reads the state of everything in the description of a server.
pub(crate) fn look(surroundings: &Surroundings, wanted: &Server) -> Seen {
    let path = surroundings.search_path();
    let account = nix::unistd::User::from_name(&wanted.user).ok().flatten();
    let home = account.as_ref().and_then(|user| Utf8PathBuf::from_path_buf(user.dir.clone()).ok());
    let mode = |home: &Utf8PathBuf| Some(home.metadata().ok()?.permissions().mode() & 0o777);
    let root = home.as_ref().map(|home| Root::new(home.join(".piku")));
    let parts = wanted.parts();
    let systemd_runs = Utf8Path::new(SYSTEMD).is_dir();
    let units: Vec<&'static str> = parts
        .iter()
        .filter_map(|part| match part {
            Part::On { unit } | Part::Off { unit, .. } => Some(*unit),
            _ => None,
        })
        .collect();
    let (services, units_are_stale) = services(&path, &units);
    Seen {
        home_mode: home.as_ref().and_then(mode),
        groups: account.as_ref().map(groups).unwrap_or_default(),
        files: there(&parts),
        root_is_complete: root.as_ref().is_some_and(|root| {
            let complete = examine::root_is_complete(root);
            // If the folder can't be read, assume it is as `setup` left it.
            let suits = root.own_nginx_conf().is_file() == (wanted.nginx == NginxWay::Own);
            is_closed(root) || complete && suits
        }),
        home,
        services,
        packaged: Utf8Path::new(PACKAGED_UNITS).join("piku.service").is_file(),
        systemd_runs,
        units_are_stale,
        nginx: nginx(&path, surroundings),
        record: server_record::read(),
        missing: WANTED.into_iter().filter(|(name, _)| program(&path, name).is_none()).collect(),
    }
}

fn is_closed(root: &crate::Root) -> bool {
    let seen = root.path().join(".").metadata();
    seen.is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
}

fn there(parts: &[Part]) -> BTreeMap<Utf8PathBuf, String> {
    let paths = parts.iter().filter_map(|part| match part {
        Part::File { path, .. } => Some(path),
        _ => None,
    });
    paths.filter_map(|path| Some((path.clone(), files::read_text(path).ok()??))).collect()
}

/// The names of a user's groups, including the primary one.
fn groups(user: &nix::unistd::User) -> Vec<String> {
    let Ok(name) = std::ffi::CString::new(user.name.as_str()) else { return Vec::new() };
    let ids = nix::unistd::getgrouplist(&name, user.gid).unwrap_or_default();
    ids.into_iter().filter_map(|id| Some(nix::unistd::Group::from_gid(id).ok()??.name)).collect()
}

/// The state of the services, and whether systemd has to reload unit files.
fn services(path: &str, units: &[&'static str]) -> (BTreeMap<&'static str, ServiceSeen>, bool) {
    let mut stale = false;
    let seen = units.iter().map(|unit| {
        let mut properties = BTreeMap::new();
        let words =
            ["systemctl", "show", "--property=LoadState,ActiveState,UnitFileState,NeedDaemonReload", unit];
        let asked = systemctl(path, &words[1..]).run(&mut |line| {
            if let Some((key, value)) = line.split_once('=') {
                properties.insert(key.to_owned(), value.to_owned());
            }
        });
        drop(asked);
        let has = |key: &str, wanted: &[&str]| {
            properties.get(key).is_some_and(|value| wanted.contains(&value.as_str()))
        };
        stale |= has("NeedDaemonReload", &["yes"]);
        // Without a running systemd, only the links made by `enable` show it.
        let enabled =
            if properties.is_empty() { is_enabled(path, unit) } else { has("UnitFileState", &["enabled"]) };
        let service = ServiceSeen {
            exists: properties.is_empty() || !has("LoadState", &["not-found"]),
            enabled,
            runs: has("ActiveState", &["active", "activating", "reloading"]),
            is_starting: has("ActiveState", &["activating"]),
        };
        (*unit, service)
    });
    (seen.collect(), stale)
}

fn is_enabled(path: &str, unit: &str) -> bool {
    let asked = systemctl(path, &["is-enabled", "--quiet", unit]).run(&mut |_| {});
    asked.is_ok_and(super::command::Status::is_success)
}

fn systemctl(path: &str, words: &[&str]) -> Invocation {
    let env = [("PATH".to_owned(), path.to_owned()), ("LC_ALL".to_owned(), "C.UTF-8".to_owned())].into();
    Invocation::new(["systemctl"].iter().chain(words).copied()).with_env(&env)
}

fn nginx(path: &str, surroundings: &Surroundings) -> NginxSeen {
    NginxSeen {
        program: program(path, "nginx"),
        group: facts::nginx(surroundings).ok().map(|nginx| nginx.workers.group),
        serves: examine::nginx_serves(),
    }
}

/// The started services that are not running, or that keep ending right away.
///
/// Does not read the home folder, which belongs to another user. A working service has child processes: uWSGI's
/// emperor, or the workers that nginx starts once it has its ports.
pub(crate) fn down(nginx: NginxWay) -> Vec<&'static str> {
    let own = (nginx == NginxWay::Own).then_some("piku-nginx.service");
    let wanted: Vec<&'static str> = ["piku.service"].into_iter().chain(own).collect();
    let down = || wanted.iter().copied().filter(|unit| !works(unit)).collect::<Vec<_>>();
    wait::until(START, || down().is_empty().then_some(()));
    down()
}

/// Whether the main process of a service has child processes.
fn works(unit: &str) -> bool {
    let mut main = None;
    let asked = systemctl(super::SYSTEM_PATH, &["show", "--property=MainPID", "--value", unit])
        .run(&mut |line| main = main.or(line.trim().parse::<i32>().ok()));
    drop(asked);
    main.is_some_and(|pid| pid > 0 && !ProcessTree::read().below(pid).is_empty())
}

/// A command run as another user, since root must not write to a folder that somebody else may change.
fn as_user(user: &str, words: &[String]) -> Vec<String> {
    let group = nix::unistd::User::from_name(user).ok().flatten().map(|user| user.gid.to_string());
    let group = group.unwrap_or_else(|| user.to_owned());
    // Use a new session, because a process on root's terminal could inject input. And use the system's programs only,
    // because a folder of the user may have others with the same names.
    let path = format!("PATH={}", super::SYSTEM_PATH);
    let become_user = [
        "setsid",
        "--wait",
        "setpriv",
        "--reuid",
        user,
        "--regid",
        &group,
        "--init-groups",
        "--reset-env",
        "env",
        &path,
    ];
    become_user.into_iter().map(str::to_owned).chain(words.iter().cloned()).collect()
}

/// Makes a change. If systemd is not running, services are enabled but not started.
pub(crate) fn carry_out(
    change: &Change,
    systemd_runs: bool,
    report: &mut Report<'_>,
) -> Result<(), HostError> {
    let path = super::SYSTEM_PATH;
    let run = |words: &[&str], report: &mut Report<'_>| {
        let env = [("PATH".to_owned(), path.to_owned()), ("LC_ALL".to_owned(), "C.UTF-8".to_owned())].into();
        Invocation::new(words.iter().copied()).with_env(&env).check(&mut |line| report(Event::Output(line)))
    };
    let now: &[&str] = if systemd_runs { &["--now"] } else { &[] };
    let service = |verb: &str, unit: &str, report: &mut Report<'_>| {
        let words: Vec<&str> =
            ["systemctl", verb, "--quiet"].iter().chain(now).copied().chain([unit]).collect();
        run(&words, report)
    };
    match change {
        Change::Make(Part::Account { user, home }) => {
            // No password matches `*`, but sshd does not treat the account as locked.
            run(
                &[
                    "useradd",
                    "--create-home",
                    "--key",
                    "HOME_MODE=0750",
                    "--home-dir",
                    home.as_str(),
                    "--user-group",
                    "--shell",
                    "/bin/bash",
                    "--password",
                    "*",
                    "--comment",
                    "piku",
                    user,
                ],
                report,
            )
        }
        Change::Make(Part::Member { user, group }) => {
            run(&["usermod", "--append", "--groups", group, user], report)
        }
        Change::Make(Part::OpenHome { path }) => files::set_mode(path, 0o711),
        Change::Make(Part::File { path, text }) => {
            if let Some(folder) = path.parent().filter(|folder| !folder.is_dir()) {
                files::make_folder(folder, 0o755)?;
            }
            files::write(path, text.as_bytes(), 0o644)
        }
        Change::Make(part @ Part::Root { user, .. }) => {
            let words = as_user(user, &part.preparing().unwrap_or_default());
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            // Its output is meant for manual setup, so show it only on failure.
            let mut said = Vec::new();
            let outcome = run(&words, &mut |event| {
                if let Event::Output(line) = event {
                    said.push(line.to_owned());
                }
            });
            if outcome.is_err() {
                said.iter().for_each(|line| report(Event::Output(line)));
            }
            outcome
        }
        Change::LookAfterApps { user, program } if systemd_runs => {
            let words = as_user(user, &[program.to_string(), "repair".to_owned()]);
            run(&words.iter().map(String::as_str).collect::<Vec<_>>(), report)
        }
        Change::Make(Part::On { unit }) => service("enable", unit, report),
        Change::Make(Part::Off { unit, .. }) => service("disable", unit, report),
        Change::TurnOff { unit } => service("disable", unit, report),
        Change::TurnOn { unit } => service("enable", unit, report),
        Change::Remove(path) => files::remove(path),
        Change::ReadUnits if systemd_runs => run(&["systemctl", "daemon-reload"], report),
        Change::ReloadNginx if systemd_runs => {
            run(&["systemctl", "reload-or-restart", "nginx.service"], report)
        }
        Change::ReadUnits | Change::ReloadNginx | Change::LookAfterApps { .. } => Ok(()),
        Change::Record(record) => {
            let path = Utf8Path::new(RECORD);
            if let Some(folder) = path.parent() {
                files::make_folder(folder, 0o755)?;
            }
            let text = serde_json::to_string_pretty(record)
                .map_err(|source| HostError::Damaged { path: path.to_owned(), source })?;
            files::write(path, (text + "\n").as_bytes(), 0o644)
        }
        Change::Forget => files::remove(Utf8Path::new(RECORD)),
    }
}
