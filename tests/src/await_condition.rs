//! Waiting for a condition, never for a time.

use std::thread;
use std::time::{Duration, Instant};

/// How long a condition may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

const PAUSE: Duration = Duration::from_millis(20);

/// Waits until `condition` gives a value, and gives that.
///
/// # Panics
///
/// When it hasn't after 20 seconds; `what` is what was waited for: "the worker has written its file".
#[track_caller]
pub fn eventually<T>(what: &str, condition: impl FnMut() -> Option<T>) -> T {
    eventually_within(PATIENCE, what, condition)
}

/// As [`eventually`], for things that take longer.
///
/// # Panics
///
/// When the condition gave no value in time.
#[track_caller]
pub fn eventually_within<T>(patience: Duration, what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(begin.elapsed() < patience, "waited {} seconds, but not: {what}", patience.as_secs());
        thread::sleep(PAUSE);
    }
}
