//! Keeps a program and all its descendants together: the launcher's part in daemons, jobs, and builds.
//!
//! A killed shell leaves its children behind. A supervisor becomes the reaper of its descendants
//! (`PR_SET_CHILD_SUBREAPER`, see prctl(2)), asks them to stop when it is asked to or its parent dies, and kills those
//! that remain. It also writes their log, if they have one.

use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use crate::emperor::{Emperor, Order};
use crate::log::LogRecord;
use crate::output::{LATE, Output, Read};
use crate::stopping::Stopping;
use crate::wait::{Signals, wait};
use crate::{Error, Patience, Status};

/// How long descendants may take to stop when the program itself has ended.
const ORPHANS: Duration = Duration::from_secs(2);

/// Asks the kernel to send the order to stop when the parent process dies, for whatever reason.
pub(crate) fn end_with_parent() {
    follow_parent(Signal::TERM);
}

/// Asks the kernel to send this signal when the parent process dies, for whatever reason.
pub(crate) fn follow_parent(signal: Signal) {
    let _ = rustix::process::set_parent_process_death_signal(Some(signal));
    // If the parent died before we asked, we have another one already.
    if rustix::process::getppid().is_none_or(Pid::is_init) {
        let _ = rustix::process::kill_process(rustix::process::getpid(), signal);
    }
}

/// Runs `command` until it and all its descendants have ended.
///
/// `patience` is called when the order to stop arrives.
///
/// # Errors
/// [`Error::Start`] when the program can't be started or signal handlers can't be installed.
pub fn supervise(command: Command, patience: &dyn Fn() -> Patience) -> Result<Status, Error> {
    let mut supervisor = Supervisor::new(None)?;
    end_with_parent();
    supervisor.run(command, None, patience)
}

/// Runs programs, one after the other.
#[derive(Debug)]
pub(crate) struct Supervisor {
    signals: Signals,
    emperor: Option<Emperor>,
    is_asked_to_stop: bool,
}

impl Supervisor {
    /// Takes over the signals of this process. `emperor` can order it to stop as well.
    pub(crate) fn new(emperor: Option<Emperor>) -> Result<Self, Error> {
        let failed = |source| Error::Start { program: "the supervisor".to_owned(), source };
        let signals = Signals::catch(&[SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGCHLD]).map_err(failed)?;
        Ok(Self { signals, emperor, is_asked_to_stop: false })
    }

    /// Whether the order to stop has arrived.
    pub(crate) fn is_asked_to_stop(&self) -> bool {
        self.is_asked_to_stop
    }

    /// Tells the emperor that the vassal runs well.
    pub(crate) fn tell_loyalty(&self) {
        self.emperor.iter().for_each(Emperor::tell_loyalty);
    }

    /// Runs `command` until it and all its descendants have ended, and writes what they print into `log`.
    pub(crate) fn run(
        &mut self,
        mut command: Command,
        log: Option<&LogRecord>,
        patience: &dyn Fn() -> Patience,
    ) -> Result<Status, Error> {
        use std::os::unix::process::CommandExt;
        let program = command.get_program().to_string_lossy().into_owned();
        let failed = |source| Error::Start { program: program.clone(), source };
        let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
        let mut output = log.map(|log| logged(&mut command, log)).transpose().map_err(failed)?;
        // A separate group: who signals ours, as a shell does, reaches the program only through us.
        let child = command.process_group(0).spawn().map_err(failed)?;
        // It holds writing ends of the pipe.
        drop(command);
        let Some(leader) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else {
            return Ok(Status::Code(1));
        };
        let (mut ended, mut stopping) = (None, None::<Stopping>);
        loop {
            let look = stopping.as_mut().map(Stopping::advance);
            let late = output.as_ref().filter(|output| output.is_inside_a_line()).map(|_| LATE);
            let events = self.wait(output.as_ref(), look.into_iter().chain(late).min());
            read(&mut output);
            if events.child_ended && reap(leader, &mut ended) {
                break;
            }
            let ends_itself = ended.is_some() && stopping.is_none();
            if (events.asked || self.is_asked_to_stop) && stopping.is_none() {
                stopping = Some(Stopping::new(leader, patience()));
            } else if ends_itself {
                stopping = Some(Stopping::new(leader, Patience::short(ORPHANS)));
            }
        }
        output.iter_mut().for_each(Output::finish);
        Ok(ended.unwrap_or(Status::Code(1)))
    }

    /// Waits for `time`, unless the order to stop arrives before.
    pub(crate) fn pause(&mut self, time: Duration) {
        let end = std::time::Instant::now() + time;
        while !self.is_asked_to_stop {
            let left = end.saturating_duration_since(std::time::Instant::now());
            if left.is_zero() || self.wait(None, Some(left)).asked {
                return;
            }
        }
    }

    /// Waits until something happens, or for `time`.
    pub(crate) fn wait(&mut self, output: Option<&Output>, time: Option<Duration>) -> Events {
        let sources =
            [Some(self.signals.as_fd()), self.emperor.as_ref().map(AsFd::as_fd), output.map(AsFd::as_fd)];
        wait(sources.into_iter().flatten(), time);
        let mut events = Events::default();
        for signal in self.signals.pending() {
            if signal == SIGCHLD {
                events.child_ended = true;
            } else {
                self.is_asked_to_stop = true;
            }
        }
        match self.emperor.as_ref().and_then(Emperor::order) {
            Some(Order::End) => {
                self.is_asked_to_stop = true;
                // Nothing more will come; a closed socket would never let us rest.
                self.emperor = None;
            }
            Some(Order::Reload) => events.asked = true,
            None => {}
        }
        events.asked |= self.is_asked_to_stop;
        events
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Events {
    /// A child ended.
    pub(crate) child_ended: bool,
    /// The program is to stop, for good or to be started anew.
    pub(crate) asked: bool,
}

/// Gives the program the writing end of a pipe as its output.
pub(crate) fn logged(command: &mut Command, log: &LogRecord) -> std::io::Result<Output> {
    let (output, writer) = Output::new(log.clone())?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    Ok(output)
}

/// Reads what there is. At the end of the output it is dropped: there is nothing to wait for any more.
pub(crate) fn read(output: &mut Option<Output>) {
    let Some(reading) = output else { return };
    match reading.read() {
        Read::Bytes(_) => {}
        Read::Nothing => reading.flush(),
        Read::End => {
            reading.flush();
            *output = None;
        }
    }
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
