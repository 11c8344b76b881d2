//! What processes hold and do, and the machine below them, from proc(5).

use std::time::Duration;

use procfs::process::Process;
use procfs::{Current, LoadAverage, Meminfo};

use super::processes::ProcessTree;

/// What a process and all its descendants use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Bytes of memory: the proportional share of what several processes use together (PSS); where the kernel does not
    /// tell, all that is resident (RSS).
    pub(crate) memory: u64,
    /// CPU time since they started, with that of children that have ended.
    pub(crate) cpu: Duration,
}

/// The machine.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Machine {
    /// Processors that programs may use.
    pub(crate) cores: u32,
    /// The load average of the last minute.
    pub(crate) load: f32,
    /// Bytes of memory.
    pub(crate) memory: u64,
    /// Bytes of memory that programs can still get.
    pub(crate) available: u64,
}

/// What a process and its descendants use; `None` if it has ended.
pub(crate) fn of_tree(tree: &ProcessTree, pid: u32) -> Option<Usage> {
    let pid = i32::try_from(pid).ok()?;
    let mut whole = Usage { memory: memory(pid)?, cpu: cpu(tree, pid) };
    for below in tree.below(pid) {
        whole.memory += memory(below).unwrap_or_default();
        whole.cpu += cpu(tree, below);
    }
    Some(whole)
}

fn cpu(tree: &ProcessTree, pid: i32) -> Duration {
    let ticks = tree.ticks_in_all(pid);
    Duration::from_millis(ticks.saturating_mul(1000) / procfs::ticks_per_second().max(1))
}

fn memory(pid: i32) -> Option<u64> {
    let process = Process::new(pid).ok()?;
    let shared = process.smaps_rollup().ok().and_then(|rollup| {
        let map = rollup.memory_map_rollup.0.into_iter().next()?;
        map.extension.map.get("Pss").copied()
    });
    shared.or_else(|| process.statm().ok().map(|statm| statm.resident * procfs::page_size()))
}

/// The machine now. What the kernel does not tell is 0.
pub(crate) fn machine() -> Machine {
    let memory = Meminfo::current().ok();
    Machine {
        cores: std::thread::available_parallelism()
            .map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(1)),
        load: LoadAverage::current().map_or(0.0, |load| load.one),
        memory: memory.as_ref().map_or(0, |memory| memory.mem_total),
        available: memory.and_then(|memory| memory.mem_available).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_and_its_children_hold_memory() {
        let me = std::process::id();
        let of = || of_tree(&ProcessTree::read(), me).unwrap();
        let alone = of();
        assert!(alone.memory > 100_000, "{alone:?}");
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = child.id();
        let tree = ProcessTree::read();
        assert!(of_tree(&tree, pid).unwrap().memory > 0);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(of_tree(&ProcessTree::read(), pid), None, "it has ended");
        let machine = machine();
        assert!(machine.cores > 0 && machine.memory > machine.available, "{machine:?}");
    }
}
