//! What runs on the machine, as `/proc` tells it.

use std::collections::BTreeSet;
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::process::{Pid, Signal, kill_process};

/// A running process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Running {
    /// Its number.
    pub id: u32,
    /// The number of the process that started it.
    pub parent: u32,
    /// Its words, joined by blanks.
    pub command: String,
}

impl Running {
    fn read(id: u32) -> Option<Self> {
        let command = fs::read(format!("/proc/{id}/cmdline")).ok()?;
        let command = String::from_utf8_lossy(&command).trim_end_matches('\0').replace('\0', " ");
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The name in parentheses may hold anything, so count from behind it.
        let mut behind = stat.rsplit_once(") ")?.1.split(' ');
        (behind.next()? != "Z").then_some(())?;
        Some(Self { id, parent: behind.next()?.parse().ok()?, command })
    }

    /// The program file, if it may be seen.
    #[must_use]
    pub fn program(&self) -> Option<Utf8PathBuf> {
        Utf8PathBuf::from_path_buf(fs::read_link(format!("/proc/{}/exe", self.id)).ok()?).ok()
    }

    /// The environment it was started with, byte for byte.
    #[must_use]
    pub fn environment(&self) -> Vec<Vec<u8>> {
        let bytes = fs::read(format!("/proc/{}/environ", self.id)).unwrap_or_default();
        bytes.split(|byte| *byte == 0).filter(|one| !one.is_empty()).map(<[u8]>::to_vec).collect()
    }

    /// Kills it: SIGKILL.
    pub fn kill(&self) {
        if let Some(id) = i32::try_from(self.id).ok().and_then(Pid::from_raw) {
            let _ = kill_process(id, Signal::KILL);
        }
    }
}

/// Every process, by number.
#[must_use]
pub fn all() -> Vec<Running> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut found: Vec<Running> = ids.filter_map(Running::read).collect();
    found.sort();
    found
}

/// The processes that have to do with `folder`: named in their words or environment, or where they are.
///
/// Not this process, nor any of which it is a descendant.
#[must_use]
pub fn of_folder(folder: &Utf8Path) -> Vec<Running> {
    let all = all();
    let mut ours = BTreeSet::new();
    let mut next = std::process::id();
    while let Some(process) = all.iter().find(|process| process.id == next) {
        ours.insert(process.id);
        next = process.parent;
    }
    all.into_iter().filter(|process| !ours.contains(&process.id) && belongs(process, folder)).collect()
}

fn belongs(process: &Running, folder: &Utf8Path) -> bool {
    let name = folder.as_str();
    let named = |text: &str| text.match_indices(name).any(|(at, _)| !goes_on(&text[at + name.len()..]));
    named(&process.command)
        || process.environment().iter().any(|one| named(&String::from_utf8_lossy(one)))
        || fs::read_link(format!("/proc/{}/cwd", process.id)).is_ok_and(|cwd| cwd.starts_with(folder))
}

/// Whether a name goes on: `/tmp/pk-ab` is not `/tmp/pk-abc`.
fn goes_on(rest: &str) -> bool {
    rest.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// The process and all that it started, directly or not.
#[must_use]
pub fn tree_of(id: u32) -> Vec<Running> {
    let all = all();
    let mut ids = BTreeSet::from([id]);
    loop {
        let before = ids.len();
        ids.extend(
            all.iter()
                .filter(|process| ids.contains(&process.parent))
                .map(|process| process.id)
                .collect::<Vec<_>>(),
        );
        if ids.len() == before {
            return all.into_iter().filter(|process| ids.contains(&process.id)).collect();
        }
    }
}

/// The processes from `id` up to the first of all.
#[must_use]
pub fn ancestors_of(id: u32) -> Vec<Running> {
    std::iter::successors(Running::read(id), |process| Running::read(process.parent)).skip(1).collect()
}
