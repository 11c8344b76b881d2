//! The process tree, from proc(5).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use camino::Utf8Path;
use procfs::process::{FDPermissions, FDTarget};

use super::journals::database_of;

/// A snapshot of processes by parent.
#[derive(Debug, Default)]
pub(crate) struct ProcessTree {
    children: BTreeMap<i32, Vec<i32>>,
    work: BTreeMap<i32, Work>,
}

/// The state of a process and the work it has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Work {
    waits: bool,
    /// CPU time, in clock ticks.
    ticks: u64,
    /// The same with that of children that have ended.
    ticks_in_all: u64,
}

impl ProcessTree {
    /// Reads all processes. Skips those that end meanwhile.
    pub(crate) fn read() -> Self {
        let mut tree = Self::default();
        let all = procfs::process::all_processes().into_iter().flatten().flatten();
        for stat in all.filter_map(|process| process.stat().ok()) {
            tree.add(&stat);
        }
        tree
    }

    /// Reads only the processes below `ancestor`, which is faster on a machine with many processes.
    pub(crate) fn read_below(ancestor: i32) -> Self {
        let mut tree = Self::default();
        let mut ask = vec![ancestor];
        while let Some(parent) = ask.pop() {
            // A kernel without CONFIG_PROC_CHILDREN has no such lists.
            let Ok(children) = children(parent) else { return Self::read() };
            for child in &children {
                let stat = procfs::process::Process::new(*child).and_then(|process| process.stat());
                if let Ok(stat) = stat {
                    tree.add(&stat);
                }
            }
            ask.extend(children);
        }
        tree
    }

    fn add(&mut self, stat: &procfs::process::Stat) {
        self.children.entry(stat.ppid).or_default().push(stat.pid);
        let ticks = stat.utime + stat.stime;
        let of_children = u64::try_from(stat.cutime.saturating_add(stat.cstime)).unwrap_or_default();
        let work = Work { waits: stat.state == 'S', ticks, ticks_in_all: ticks.saturating_add(of_children) };
        self.work.insert(stat.pid, work);
    }

    /// Every descendant of `ancestor`.
    pub(crate) fn below(&self, ancestor: i32) -> Vec<i32> {
        let mut found = Vec::new();
        let mut ask = vec![ancestor];
        while let Some(parent) = ask.pop() {
            let children = self.children(parent);
            found.extend(children);
            ask.extend(children);
        }
        found
    }

    /// The children of a process.
    pub(crate) fn children(&self, parent: i32) -> &[i32] {
        self.children.get(&parent).map_or(&[][..], Vec::as_slice)
    }

    /// The CPU time of a process and of its children that have ended, in clock ticks; 0 if it is not there.
    pub(crate) fn ticks_in_all(&self, pid: i32) -> u64 {
        self.work.get(&pid).map_or(0, |work| work.ticks_in_all)
    }

    /// The descendants of `ancestor` and their total CPU time, if all of them are sleeping, which excludes waiting for
    /// a disk.
    pub(crate) fn at_rest(&self, ancestor: i32) -> Option<(Vec<i32>, u64)> {
        let below = self.below(ancestor);
        let work: Option<Vec<&Work>> = below.iter().map(|pid| self.work.get(pid)).collect();
        let work = work.filter(|work| work.iter().all(|one| one.waits))?;
        let ticks = work.iter().map(|one| one.ticks).sum();
        Some((below, ticks))
    }
}

/// The children of all threads of a process; empty if it has ended.
fn children(pid: i32) -> Result<Vec<i32>, procfs::ProcError> {
    let Ok(threads) = procfs::process::Process::new(pid).and_then(|process| process.tasks()) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for thread in threads.flatten() {
        match thread.children() {
            Ok(children) => found.extend(children.into_iter().filter_map(|child| i32::try_from(child).ok())),
            Err(_) if !is_alive(pid) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Whether a process exists and is not a zombie.
pub(crate) fn is_alive(pid: i32) -> bool {
    let stat = procfs::process::Process::new(pid).and_then(|process| process.stat());
    stat.is_ok_and(|stat| stat.state != 'Z')
}

/// Whether any process has its working folder in `folder` or below. Processes of other users are not visible.
pub(crate) fn work_in(folder: &Utf8Path) -> bool {
    let all = procfs::process::all_processes().into_iter().flatten().flatten();
    all.filter_map(|process| process.cwd().ok()).any(|cwd| cwd.starts_with(folder))
}

/// A process that has one of these files open for writing, or a journal beside it. Processes of other users are not
/// visible.
pub(crate) fn writer_of(files: &[PathBuf]) -> Option<i32> {
    let is_one = |open: &Path| {
        files.iter().any(|file| open == file) || database_of(open).is_some_and(|open| files.contains(&open))
    };
    let all = procfs::process::all_processes().into_iter().flatten().flatten();
    let writes = |process: &procfs::process::Process| {
        let open = process.fd().into_iter().flatten().flatten();
        let mut written = open.filter(|one| one.mode().contains(FDPermissions::WRITE));
        written.any(|one| matches!(&one.target, FDTarget::Path(path) if is_one(path)))
    };
    all.into_iter().find(writes).map(|process| process.pid)
}

/// Whether the process is running this program. Its number may have been reused.
pub(crate) fn is_program(pid: i32, program: &str) -> bool {
    let process = procfs::process::Process::new(pid);
    is_alive(pid)
        && process.and_then(|process| process.stat()).is_ok_and(|stat| stat.comm.starts_with(program))
}

/// The uWSGI master of a uWSGI process: its parent, if that is uWSGI too.
pub(crate) fn master_of(pid: i32) -> Option<i32> {
    let parent = procfs::process::Process::new(pid).and_then(|process| process.stat()).ok()?.ppid;
    let command = procfs::process::Process::new(parent).and_then(|process| process.cmdline()).ok()?;
    command.iter().any(|word| word.contains("uwsgi")).then_some(parent)
}

/// A readable name: `nginx (process 123)`.
pub(crate) fn name(pid: i32) -> String {
    let stat = procfs::process::Process::new(pid).and_then(|process| process.stat());
    stat.map_or_else(|_| format!("process {pid}"), |stat| format!("{} (process {pid})", stat.comm))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_writes_to_a_file_or_to_its_journal_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("db");
        let files = std::slice::from_ref(&database);
        std::fs::write(&database, "").unwrap();
        let _reader = std::fs::File::open(&database).unwrap();
        assert_eq!(writer_of(files), None);
        let writer = std::fs::File::create(folder.path().join("db-wal")).unwrap();
        assert_eq!(writer_of(files), i32::try_from(std::process::id()).ok());
        drop(writer);
    }

    #[test]
    fn a_child_is_below_its_parent_until_it_has_ended() {
        let me = i32::try_from(std::process::id()).unwrap();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        for tree in [ProcessTree::read(), ProcessTree::read_below(me)] {
            assert!(tree.below(me).contains(&pid));
        }
        let rests = || ProcessTree::read_below(pid).at_rest(pid) == Some((Vec::new(), 0));
        assert!(rests(), "a process with nothing below it has nothing to do there");
        assert!(is_alive(pid));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!is_alive(pid));
    }
}
