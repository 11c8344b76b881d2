//! Which process is whose child, by proc(5).

use std::collections::BTreeMap;

/// Every process at one moment, by its parent.
#[derive(Debug, Default)]
pub(crate) struct ProcessTree {
    children: BTreeMap<i32, Vec<i32>>,
}

impl ProcessTree {
    /// Looks now. A process that ends meanwhile is left out.
    pub(crate) fn read() -> Self {
        let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
        let all = procfs::process::all_processes().into_iter().flatten().flatten();
        for stat in all.filter_map(|process| process.stat().ok()) {
            children.entry(stat.ppid).or_default().push(stat.pid);
        }
        Self { children }
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
}

/// Whether a process is there; one that only waits to be collected by its parent is not.
pub(crate) fn is_alive(pid: i32) -> bool {
    let stat = procfs::process::Process::new(pid).and_then(|process| process.stat());
    stat.is_ok_and(|stat| stat.state != 'Z')
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
        assert!(ProcessTree::read().below(me).contains(&pid));
        assert!(is_alive(pid));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!is_alive(pid));
    }
}
