//! Waits for conditions instead of sleeping.

use std::thread;
use std::time::{Duration, Instant};

/// How long a condition may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

const PAUSE: Duration = Duration::from_millis(20);

/// Waits until `condition` returns a value, and returns it.
///
/// # Panics
///
/// When there is none after 20 seconds; `what` describes the condition: "the worker has written its file".
#[track_caller]
pub fn eventually<T>(what: &str, condition: impl FnMut() -> Option<T>) -> T {
    eventually_within(PATIENCE, what, condition)
}

/// Like [`eventually`], for conditions that take longer.
///
/// # Panics
///
/// When there is no value in time.
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
