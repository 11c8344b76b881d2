//! Time: what it is, and waiting for a condition, with an end.

use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

/// The time now, to the microsecond.
pub(crate) fn now() -> Timestamp {
    Timestamp::try_from(SystemTime::now()).unwrap_or_default()
}

/// How long ago something was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Since(Instant);

impl Since {
    /// Begins to count.
    pub(crate) fn now() -> Self {
        Self(Instant::now())
    }

    /// The time since then.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The moment at which a patience that begins now is over.
pub(crate) fn end_of(patience: Duration) -> Instant {
    Instant::now() + patience
}

/// Does nothing for a while, between two looks at something that has no other way to tell.
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// Asks `condition` until it answers, for at most `limit`.
///
/// The questions come four milliseconds apart at first, since most vassals are up after some thirty, and then ever less
/// often: the answer is known at most an eighth later than it could have been.
pub(crate) fn until<T>(limit: Duration, mut condition: impl FnMut() -> Option<T>) -> Option<T> {
    let begin = Instant::now();
    let end = begin + limit;
    loop {
        if let Some(answer) = condition() {
            return Some(answer);
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        let pause = (begin.elapsed() / 8).clamp(Duration::from_millis(4), Duration::from_millis(100));
        std::thread::sleep(pause.min(left));
    }
}
