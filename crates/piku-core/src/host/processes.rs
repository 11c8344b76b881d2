//! Which process is whose child, by proc(5).

use std::collections::BTreeMap;

use camino::Utf8Path;

/// Every process at one moment, by its parent.
#[derive(Debug, Default)]
pub(crate) struct ProcessTree {
    children: BTreeMap<i32, Vec<i32>>,
    work: BTreeMap<i32, Work>,
}

/// What a process was doing, and how much it had done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Work {
    waits: bool,
    /// Time on a processor, in ticks of the kernel's clock.
    ticks: u64,
}

impl ProcessTree {
    /// Looks now. A process that ends meanwhile is left out.
    pub(crate) fn read() -> Self {
        let mut tree = Self::default();
        let all = procfs::process::all_processes().into_iter().flatten().flatten();
        for stat in all.filter_map(|process| process.stat().ok()) {
            tree.add(&stat);
        }
        tree
    }

    /// Looks at the processes below `ancestor` alone, which asks for few files on a machine with many processes.
    pub(crate) fn read_below(ancestor: i32) -> Self {
        let mut tree = Self::default();
        let mut ask = vec![ancestor];
        while let Some(parent) = ask.pop() {
            // A kernel without these lists (CONFIG_PROC_CHILDREN) is asked for everything.
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
        self.work.insert(stat.pid, Work { waits: stat.state == 'S', ticks: stat.utime + stat.stime });
    }

    /// Every process below `ancestor`, itself left out.
    pub(crate) fn below(&self, ancestor: i32) -> Vec<i32> {
        let mut found = Vec::new();
        let mut ask = vec![ancestor];
        while let Some(parent) = ask.pop() {
            let children = self.children.get(&parent).map_or(&[][..], Vec::as_slice);
            found.extend(children);
            ask.extend(children);
        }
        found
    }

    /// Which processes are below `ancestor`, and how much they have done, when none of them is doing anything: each
    /// waits for something other than a disk.
    pub(crate) fn at_rest(&self, ancestor: i32) -> Option<(Vec<i32>, u64)> {
        let below = self.below(ancestor);
        let work: Option<Vec<&Work>> = below.iter().map(|pid| self.work.get(pid)).collect();
        let work = work.filter(|work| work.iter().all(|one| one.waits))?;
        let ticks = work.iter().map(|one| one.ticks).sum();
        Some((below, ticks))
    }
}

/// The children of a process, of all of its threads; none when it has ended.
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

/// Whether a process is there; one that only waits to be collected by its parent is not.
pub(crate) fn is_alive(pid: i32) -> bool {
    let stat = procfs::process::Process::new(pid).and_then(|process| process.stat());
    stat.is_ok_and(|stat| stat.state != 'Z')
}

/// Whether any process works in this folder or below it, as far as we may know.
pub(crate) fn work_in(folder: &Utf8Path) -> bool {
    let all = procfs::process::all_processes().into_iter().flatten().flatten();
    all.filter_map(|process| process.cwd().ok()).any(|cwd| cwd.starts_with(folder))
}

/// Whether this is a running process of that program, and not another that has its number by now.
pub(crate) fn is_program(pid: i32, program: &str) -> bool {
    let process = procfs::process::Process::new(pid);
    is_alive(pid)
        && process.and_then(|process| process.stat()).is_ok_and(|stat| stat.comm.starts_with(program))
}

/// The parent of a process of uWSGI's, when that is one too: its master.
pub(crate) fn master_of(pid: i32) -> Option<i32> {
    let parent = procfs::process::Process::new(pid).and_then(|process| process.stat()).ok()?.ppid;
    let command = procfs::process::Process::new(parent).and_then(|process| process.cmdline()).ok()?;
    command.iter().any(|word| word.contains("uwsgi")).then_some(parent)
}

/// A process for people: `nginx (process 123)`.
pub(crate) fn name(pid: i32) -> String {
    let stat = procfs::process::Process::new(pid).and_then(|process| process.stat());
    stat.map_or_else(|_| format!("process {pid}"), |stat| format!("{} (process {pid})", stat.comm))
}

#[cfg(test)]
mod tests {
    use super::*;

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
