//! Becomes the uWSGI of a vassal: the emperor's wrapper.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::os::unix::process::CommandExt;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{Access, access};

use crate::record::read;
use crate::{Error, first_start, record_path};

/// Variables by which uWSGI's emperor and its vassals find each other. Every other `UWSGI_*` would be an option.
const EMPERORS_OWN: [&str; 4] =
    ["UWSGI_EMPEROR_", "UWSGI_VASSALS_DIR", "UWSGI_BROODLORD_NUM", "UWSGI_ORIGINAL_PROC_NAME"];

/// Becomes the uWSGI of the vassal file `name`; the emperor calls this in the folder of enabled vassals.
///
/// `available` is the folder with the records. `emperor` is this process's environment, which holds the variables by
/// which the emperor and its vassal find each other (`UWSGI_EMPEROR_*`; `NOTIFY_SOCKET` is removed). Every other
/// `UWSGI_*` variable would be an option, and is dropped.
///
/// # Errors
/// Only when it can't: [`Error`] with the reason. On success this process is uWSGI and never returns.
pub fn become_vassal(
    available: &Utf8Path,
    name: &str,
    emperor: impl IntoIterator<Item = (String, String)>,
) -> Result<Infallible, Error> {
    let emperor: BTreeMap<String, String> = emperor.into_iter().collect();
    let Some(first) = first_start(name) else {
        return become_foreign_vassal(available, name, &emperor);
    };
    let record = read(&record_path(available, &first))?;
    let mut command = Command::new(&record.uwsgi);
    command.args(["--ini", name]).env_clear();
    if record.daemon.is_none() {
        command.envs(record.env.iter().filter(|(key, _)| !key.starts_with("UWSGI_")));
    }
    command
        .envs(emperor.into_iter().filter(|(key, _)| EMPERORS_OWN.iter().any(|start| key.starts_with(start))));
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    let source = command.exec();
    Err(Error::Start { program: record.uwsgi.into_string(), source })
}

/// Becomes the uWSGI of a vassal that has no record, as those of legacy piku: nothing is changed.
fn become_foreign_vassal(
    available: &Utf8Path,
    name: &str,
    env: &BTreeMap<String, String>,
) -> Result<Infallible, Error> {
    let found = env.get("PATH").and_then(|path| program(path, "uwsgi"));
    let private = available.with_file_name("uwsgi").join("venv/bin/uwsgi");
    let uwsgi = found.unwrap_or(private);
    let source = Command::new(&uwsgi).args(["--ini", name]).env_clear().envs(env).exec();
    Err(Error::Start { program: uwsgi.into_string(), source })
}

/// The first program of that name in the folders of `path`, which are divided by colons.
fn program(path: &str, name: &str) -> Option<Utf8PathBuf> {
    let runs = |file: &Utf8PathBuf| file.is_file() && access(file.as_std_path(), Access::EXEC_OK).is_ok();
    path.split(':').map(|folder| Utf8Path::new(folder).join(name)).find(runs)
}
