//! Time: the clock, and waiting for a condition with a timeout.

use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

/// The current time.
pub(crate) fn now() -> Timestamp {
    Timestamp::try_from(SystemTime::now()).unwrap_or_default()
}

/// Measures elapsed time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Since(Instant);

impl Since {
    /// Starts measuring.
    pub(crate) fn now() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The deadline of a timeout that starts now.
pub(crate) fn end_of(patience: Duration) -> Instant {
    Instant::now() + patience
}

/// Sleeps between two checks of something that can't be waited for.
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// How long to wait in silence.
const SILENCE: Duration = Duration::from_secs(1);

/// Like [`until`], and calls `tell` once if it takes longer than a second.
pub(crate) fn until_telling<T>(
    limit: Duration,
    tell: impl FnOnce(),
    mut condition: impl FnMut() -> Option<T>,
) -> Option<T> {
    let (begin, mut tell) = (Instant::now(), Some(tell));
    until(limit, || {
        let answer = condition();
        if answer.is_none()
            && begin.elapsed() >= SILENCE
            && let Some(tell) = tell.take()
        {
            tell();
        }
        answer
    })
}

/// Polls `condition` until it returns a value, for at most `limit`.
///
/// The first polls are four milliseconds apart, since most vassals are up after about thirty. Intervals then grow, so
/// that the wait is at most an eighth longer than necessary.
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
