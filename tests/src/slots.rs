//! Limits how many servers run at once, and records for how long each did.

use std::env;
use std::fs;
use std::io::Write;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::SystemTime;

/// Servers with a home folder of their own.
pub(crate) static SERVERS: Slots = Slots::of(4);

/// Servers booted by systemd.
pub(crate) static BOOTED: Slots = Slots::of(3);

/// The number of servers that may run at once.
#[derive(Debug)]
pub(crate) struct Slots {
    most: usize,
    taken: Mutex<usize>,
    freed: Condvar,
}

impl Slots {
    const fn of(most: usize) -> Self {
        Self { most, taken: Mutex::new(0), freed: Condvar::new() }
    }

    /// Waits until fewer servers of this process are running.
    pub(crate) fn take(&'static self) -> Slot {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken =
            self.freed.wait_while(taken, |taken| *taken >= self.most).unwrap_or_else(PoisonError::into_inner);
        *taken += 1;
        let test = thread::current().name().unwrap_or("a test").to_owned();
        Slot { slots: self, test, begin: SystemTime::now() }
    }
}

/// The right to run a server; returned when dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    slots: &'static Slots,
    test: String,
    begin: SystemTime,
}

impl Slot {
    /// Records when it was taken and returned, for `cargo xtask test`: waiting for it is not the test's own time.
    fn note(&self) {
        let Some(list) = env::var_os("PIKU_TESTS_TIMES") else { return };
        let seconds =
            |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let line = format!("{:.1} {:.1} {}\n", seconds(self.begin), seconds(SystemTime::now()), self.test);
        let file = fs::OpenOptions::new().create(true).append(true).open(list);
        drop(file.and_then(|mut file| file.write_all(line.as_bytes())));
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.note();
        *self.slots.taken.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.slots.freed.notify_one();
    }
}
