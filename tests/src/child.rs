//! A process of the fixture, stopped when it is dropped.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// A child that ends with its owner: asked to stop, waited for, and killed when it doesn't listen.
#[derive(Debug)]
pub(crate) struct Process {
    name: &'static str,
    child: Child,
}

impl Process {
    pub(crate) fn start(name: &'static str, command: &mut Command) -> Self {
        let child =
            command.spawn().unwrap_or_else(|error| panic!("{name} can't be started: {error}: {command:?}"));
        Self { name, child }
    }

    /// The status if it has ended.
    pub(crate) fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Stops it: SIGTERM, up to 15 seconds, SIGKILL.
    pub(crate) fn stop(&mut self) {
        if self.ended().is_some() {
            return;
        }
        let begin = Instant::now();
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        while self.ended().is_none() {
            if begin.elapsed() > Duration::from_secs(15) {
                eprintln!("{} did not stop within 15 seconds and is killed", self.name);
                drop(self.child.kill());
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
