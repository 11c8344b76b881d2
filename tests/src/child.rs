//! A process of the fixture, stopped when dropped.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::eventually;
use crate::processes::{Processes, Running};

/// A child that ends with its owner: asked to stop, waited for, and killed if it does not stop.
#[derive(Debug)]
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    /// The process that matters, if the child only waits for it.
    inside: Option<Running>,
}

impl Process {
    pub(crate) fn start(name: &'static str, command: &mut Command) -> Self {
        let child =
            command.spawn().unwrap_or_else(|error| panic!("{name} can't be started: {error}: {command:?}"));
        Self { name, child, inside: None }
    }

    /// Starts a command that enters a PID namespace through a child of its own, as `nsenter` does.
    pub(crate) fn start_inside(name: &'static str, command: &mut Command) -> Self {
        let mut process = Self::start(name, command);
        let inside = || {
            let child = Processes::of_machine().child_of(process.child.id());
            (child.is_some() || process.ended().is_some()).then_some(child)
        };
        process.inside = eventually(&format!("{name} enters its namespace"), inside);
        process
    }

    /// The exit status, if it has ended.
    pub(crate) fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// The pid in its own namespace.
    pub(crate) fn id(&self) -> u32 {
        self.inside.as_ref().map_or_else(|| self.child.id(), Running::id_inside)
    }

    /// Sends a signal to the process that matters.
    pub(crate) fn send(&self, signal: Signal) {
        match &self.inside {
            Some(inside) => inside.send(signal),
            None => drop(kill_process(Pid::from_child(&self.child), signal)),
        }
    }

    /// Stops it: SIGTERM, up to 15 seconds, SIGKILL.
    pub(crate) fn stop(&mut self) {
        if self.ended().is_some() {
            return;
        }
        let begin = Instant::now();
        self.send(Signal::TERM);
        while self.ended().is_none() {
            if begin.elapsed() > Duration::from_secs(15) {
                eprintln!("{} did not stop within 15 seconds and is killed", self.name);
                self.send(Signal::KILL);
                drop(self.child.wait());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}
