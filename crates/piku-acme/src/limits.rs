//! How long work may take, and whether somebody has called it off.

#![allow(clippy::disallowed_methods, reason = "an order waits for the authority")]

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How often to ask whether the work was called off.
const GLANCE: Duration = Duration::from_millis(50);

/// Whether the work was called off.
pub(crate) type IsCancelled = Arc<dyn Fn() -> bool + Send + Sync>;

/// A deadline, and who may call the work off.
#[derive(Clone)]
pub(crate) struct Limits {
    until: Instant,
    cancelled: IsCancelled,
}

/// Why to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Cancelled,
    TimedOut,
}

impl Limits {
    pub(crate) fn new(patience: Duration, cancelled: IsCancelled) -> Self {
        Self { until: Instant::now() + patience, cancelled }
    }

    /// The time that is left.
    pub(crate) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    pub(crate) fn check(&self) -> Result<(), Stop> {
        if (self.cancelled)() {
            return Err(Stop::Cancelled);
        }
        if self.left().is_zero() { Err(Stop::TimedOut) } else { Ok(()) }
    }

    /// Waits, unless there is a reason to stop before.
    pub(crate) fn sleep(&self, time: Duration) -> Result<(), Stop> {
        let end = Instant::now() + time;
        loop {
            self.check()?;
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(GLANCE));
        }
    }

    /// Does the work in a thread, and waits for it. If there is a reason to stop, the thread is left to its own limit.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Stop> {
        self.check()?;
        let (done, wait) = mpsc::channel();
        thread::spawn(move || drop(done.send(work())));
        self.receive(&wait)
    }

    /// Waits for a value of a thread.
    pub(crate) fn receive<T>(&self, wait: &mpsc::Receiver<T>) -> Result<T, Stop> {
        loop {
            match wait.recv_timeout(GLANCE) {
                Ok(value) => return Ok(value),
                Err(RecvTimeoutError::Timeout) => self.check()?,
                // The thread panicked.
                Err(RecvTimeoutError::Disconnected) => return Err(Stop::TimedOut),
            }
        }
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits").field("until", &self.until).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn work_that_takes_too_long_is_not_waited_for() {
        let limits = Limits::new(Duration::from_millis(120), Arc::new(|| false));
        let (_open, blocked) = mpsc::channel::<()>();
        assert_eq!(limits.run(move || blocked.recv()), Err(Stop::TimedOut));
        assert_eq!(limits.run(|| 1), Err(Stop::TimedOut));
        assert_eq!(limits.sleep(Duration::from_secs(9)), Err(Stop::TimedOut));
    }

    #[test]
    fn work_that_is_called_off_ends_at_once() {
        let off = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&off);
        let limits = Limits::new(Duration::from_secs(60), Arc::new(move || asked.load(Ordering::Relaxed)));
        assert_eq!(limits.run(|| 7), Ok(7));
        let began = Instant::now();
        thread::spawn(move || off.store(true, Ordering::Relaxed));
        assert_eq!(limits.sleep(Duration::from_secs(30)), Err(Stop::Cancelled));
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}
