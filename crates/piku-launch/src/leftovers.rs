//! What a launcher that was killed left behind.
//!
//! The program itself is killed with its launcher (see [`following`](crate::follow::following)); what the program
//! had started is not. So a launcher leaves a mark while its program runs, and the next one for the same vassal that
//! finds a mark ends what is left.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use procfs::process::Process;
use rustix::process::{Pid, Signal};

use crate::record::read;
use crate::{LAUNCHER, LaunchRecord};

/// Variables by which the processes of a daemon know what they are part of.
const IDENTITY: [&str; 3] = ["APP", "DATA_ROOT", "PROC_TYPE"];

/// Changes when the machine starts, and no process is left.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";

/// How long killed processes may take to end.
const END: Duration = Duration::from_secs(2);

/// The file that lies beside a record while the program of the daemon runs.
#[derive(Debug)]
pub(crate) struct Mark {
    path: Utf8PathBuf,
}

impl Mark {
    pub(crate) fn of(record: &Utf8Path) -> Self {
        Self { path: record.with_extension("runs") }
    }

    pub(crate) fn set(&self) {
        // Without it, the worst is that leftovers are not looked for.
        drop(std::fs::write(&self.path, boot()));
    }

    pub(crate) fn remove(&self) {
        drop(std::fs::remove_file(&self.path));
    }

    /// Ends what a killed launcher left of the processes with this environment.
    pub(crate) fn end_leftovers(&self, env: &BTreeMap<String, String>) {
        if std::fs::read(&self.path).is_ok_and(|marked| marked == boot()) {
            end_processes(env);
        }
    }
}

/// Ends what the launcher of this record left behind, if it was killed.
pub fn end_leftovers(record: &Utf8Path) {
    let mark = Mark::of(record);
    if mark.path.exists()
        && let Ok(LaunchRecord { env, .. }) = read(record)
    {
        mark.end_leftovers(&env);
    }
}

fn boot() -> Vec<u8> {
    std::fs::read(BOOT).unwrap_or_default()
}

/// Kills the processes that are of the app and kind that `env` says, and that no launcher supervises.
fn end_processes(env: &BTreeMap<String, String>) {
    let variables = IDENTITY.map(|key| env.get(key).map(|value| format!("{key}={value}")));
    let Some(wanted) = variables.into_iter().collect::<Option<Vec<String>>>() else { return };
    let end = Instant::now() + END;
    loop {
        let left = leftovers(&wanted);
        if left.is_empty() || Instant::now() > end {
            return;
        }
        for pid in left {
            let _ = rustix::process::kill_process(pid, Signal::KILL);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn leftovers(wanted: &[String]) -> Vec<Pid> {
    let all = procfs::process::all_processes().into_iter().flatten().flatten();
    let parents: BTreeMap<i32, i32> = all
        .filter_map(|process| process.stat().ok())
        .filter(|stat| stat.state != 'Z')
        .map(|stat| (stat.pid, stat.ppid))
        .collect();
    let mut supervised = BTreeMap::new();
    let found = parents.keys().filter(|pid| belongs(**pid, wanted));
    let found: Vec<i32> =
        found.copied().filter(|pid| !is_supervised(*pid, &parents, &mut supervised)).collect();
    found.into_iter().filter_map(Pid::from_raw).collect()
}

/// Whether the environment of the process has all of these variables. That of other users is not visible.
fn belongs(pid: i32, wanted: &[String]) -> bool {
    let Ok(environment) = std::fs::read(format!("/proc/{pid}/environ")) else { return false };
    let has: BTreeSet<&[u8]> = environment.split(|byte| *byte == 0).collect();
    wanted.iter().all(|variable| has.contains(variable.as_bytes()))
}

/// Whether the process or one above it is a launcher.
fn is_supervised(pid: i32, parents: &BTreeMap<i32, i32>, launchers: &mut BTreeMap<i32, bool>) -> bool {
    let mut at = pid;
    while at > 0 {
        if *launchers.entry(at).or_insert_with(|| is_launcher(at)) {
            return true;
        }
        at = parents.get(&at).copied().unwrap_or(0);
    }
    false
}

fn is_launcher(pid: i32) -> bool {
    let command = Process::new(pid).and_then(|process| process.cmdline()).unwrap_or_default();
    let program = command.first().map(PathBuf::from).unwrap_or_default();
    program.file_name() == Path::new(LAUNCHER).file_name()
}
