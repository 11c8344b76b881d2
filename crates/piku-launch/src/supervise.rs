//! Keeps a program and all its descendants together: the launcher's part in daemons and builds.
//!
//! uWSGI sends a daemon its stop signal and forgets its grandchildren; a killed shell leaves its children behind. A
//! supervisor becomes the reaper of its descendants (`PR_SET_CHILD_SUBREAPER`, see prctl(2)), asks them to stop when
//! it is asked to or its parent dies, and kills those that remain.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::connections::has_connections;
use crate::{Error, Status};

/// How long a draining program may wait for its last connection.
pub const LONGEST_DRAIN: Duration = Duration::from_secs(60);

/// How often to check whether the last connection has ended.
const LOOK: Duration = Duration::from_millis(50);

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

/// Asks the kernel to send the order to stop when the parent process dies, for whatever reason.
pub(crate) fn end_with_parent() {
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::TERM));
    // If the parent died before we asked, we have another one already.
    if rustix::process::getppid().is_none_or(Pid::is_init) {
        let _ = rustix::process::kill_process(rustix::process::getpid(), Signal::TERM);
    }
}

/// Runs `command` until it and all its descendants have ended.
///
/// `patience` is called when the order to stop arrives.
///
/// # Errors
/// [`Error::Start`] when the program can't be started or signal handlers can't be installed.
pub fn supervise(mut command: Command, patience: &dyn Fn() -> Patience) -> Result<Status, Error> {
    use std::os::unix::process::CommandExt;
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |source| Error::Start { program: program.clone(), source };
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGCHLD]).map_err(failed)?;
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    end_with_parent();

    // A separate group: who signals ours, as uWSGI does once a second, reaches the app only through us.
    let child = command.process_group(0).spawn().map_err(failed)?;
    let Some(leader) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else {
        return Ok(Status::Code(1));
    };
    let mut ended = None;
    let mut stopping = false;
    for signal in signals.forever() {
        if signal == SIGCHLD {
            if reap(leader, &mut ended) {
                break;
            }
            if ended.is_some() && !stopping {
                stopping = true;
                stop_in_background(leader, Patience::short(Duration::from_secs(2)));
            }
        } else if !stopping {
            stopping = true;
            stop_in_background(leader, patience());
        }
    }
    Ok(ended.unwrap_or(Status::Code(1)))
}

/// Reaps every child that has ended; true if none is left.
fn reap(leader: Pid, ended: &mut Option<Status>) -> bool {
    loop {
        match rustix::process::wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) if pid == leader => *ended = Some(read_status(status)),
            Ok(Some(_)) => {}
            Ok(None) => return false,
            Err(Errno::INTR) => {}
            Err(_) => return true,
        }
    }
}

fn read_status(status: WaitStatus) -> Status {
    status
        .exit_status()
        .map_or_else(|| Status::Signal(status.terminating_signal().unwrap_or(0)), Status::Code)
}

/// Stops the group of `leader` and all our descendants: by SIGTERM after the drain, by SIGKILL after the grace.
fn stop_in_background(leader: Pid, patience: Patience) {
    std::thread::spawn(move || {
        std::thread::sleep(patience.drain);
        if let Some(port) = patience.drain_port {
            let end = Instant::now() + LONGEST_DRAIN;
            while has_connections(port) && Instant::now() < end {
                std::thread::sleep(LOOK);
            }
        }
        let _ = rustix::process::kill_process_group(leader, Signal::TERM);
        for pid in descendants() {
            if rustix::process::getpgid(Some(pid)) != Ok(leader) {
                let _ = rustix::process::kill_process(pid, Signal::TERM);
            }
        }
        std::thread::sleep(patience.grace);
        // When a parent is killed we inherit its children, so repeat until the process ends with the last of them.
        loop {
            for pid in descendants() {
                let _ = rustix::process::kill_process(pid, Signal::KILL);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    });
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
