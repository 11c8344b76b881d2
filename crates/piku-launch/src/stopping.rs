//! The way from the order to stop to the end of the last descendant.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use crate::connections::has_connections;

/// How long a draining program may wait for its last connection.
pub const LONGEST_DRAIN: Duration = Duration::from_secs(60);

/// How often to check whether the last connection has ended.
const LOOK: Duration = Duration::from_millis(50);

/// How often to kill what is left. When a parent is killed we inherit its children, so once is not enough.
const KILL: Duration = Duration::from_millis(20);

/// How long a supervised program may take to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long it keeps serving after the order to stop, until requests go to its successor.
    pub drain: Duration,
    /// The port whose last connection it then waits for, for at most [`LONGEST_DRAIN`].
    pub drain_port: Option<u16>,
    /// The time between the stop signal and the kill.
    pub grace: Duration,
}

impl Patience {
    /// Stops at once, and kills after `grace`.
    #[must_use]
    pub fn short(grace: Duration) -> Self {
        Self { drain: Duration::ZERO, drain_port: None, grace }
    }
}

/// How far the stop is.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Serves until then.
    Drains(Instant),
    /// Serves until its last connection has ended, or until then.
    Closes(Instant),
    /// Was asked to stop, and may take until then.
    Asked(Instant),
    /// Is killed.
    Killed,
}

/// Stops a program and all other descendants of this process.
#[derive(Debug)]
pub(crate) struct Stopping {
    leader: Pid,
    patience: Patience,
    stage: Stage,
}

impl Stopping {
    /// Begins to stop the program whose process group is that of `leader`.
    pub(crate) fn new(leader: Pid, patience: Patience) -> Self {
        Self { leader, patience, stage: Stage::Drains(Instant::now() + patience.drain) }
    }

    /// Does what is due, and says when to call again.
    pub(crate) fn advance(&mut self) -> Duration {
        let now = Instant::now();
        match self.stage {
            Stage::Drains(end) | Stage::Asked(end) if now < end => end - now,
            Stage::Closes(end) if now < end && self.patience.drain_port.is_some_and(has_connections) => LOOK,
            Stage::Drains(_) => {
                self.stage = Stage::Closes(now + LONGEST_DRAIN);
                self.advance()
            }
            Stage::Closes(_) => {
                self.ask();
                self.stage = Stage::Asked(now + self.patience.grace);
                self.patience.grace
            }
            Stage::Asked(_) | Stage::Killed => {
                self.stage = Stage::Killed;
                for pid in descendants() {
                    let _ = rustix::process::kill_process(pid, Signal::KILL);
                }
                KILL
            }
        }
    }

    fn ask(&self) {
        let _ = rustix::process::kill_process_group(self.leader, Signal::TERM);
        for pid in descendants() {
            if rustix::process::getpgid(Some(pid)) != Ok(self.leader) {
                let _ = rustix::process::kill_process(pid, Signal::TERM);
            }
        }
    }
}

/// Every process below this one.
fn descendants() -> Vec<Pid> {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    let all = procfs::process::all_processes().into_iter().flatten().flatten();
    for stat in all.filter_map(|process| process.stat().ok()) {
        children.entry(stat.ppid).or_default().push(stat.pid);
    }
    let mut found = Vec::new();
    let mut ask = vec![rustix::process::getpid().as_raw_nonzero().get()];
    while let Some(parent) = ask.pop() {
        let below = children.remove(&parent).unwrap_or_default();
        found.extend(below.iter().copied().filter_map(Pid::from_raw));
        ask.extend(below);
    }
    found
}
