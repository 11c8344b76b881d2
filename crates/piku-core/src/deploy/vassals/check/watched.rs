//! Processes whose start is watched.

use camino::Utf8PathBuf;

use crate::deploy::plan::{Process, Work};
use crate::host::logs;
use crate::root::Root;

/// A process to watch, and the length of its log before it started.
#[derive(Debug)]
pub(crate) struct Watched<'a> {
    pub(super) process: &'a Process,
    pub(super) log: Utf8PathBuf,
    pub(super) from: u64,
}

impl<'a> Watched<'a> {
    /// Records the lengths of the logs of all of them.
    pub(crate) fn all(root: &Root, processes: &[&'a Process]) -> Vec<Self> {
        processes.iter().map(|process| Self::new(root, process)).collect()
    }

    /// The process.
    pub(crate) fn process(&self) -> &'a Process {
        self.process
    }

    /// Records the length of the log. Call it before the process is started.
    fn new(root: &Root, process: &'a Process) -> Self {
        let log = match process.work {
            Work::Cron { .. } => root.scheduler_log(&process.name.app),
            _ => root.log(&process.name.app, &process.name.kind, process.name.index),
        };
        Self { process, from: logs::length(&log), log }
    }
}
