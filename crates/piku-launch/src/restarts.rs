//! When a daemon that ended starts again. Pure.

use std::time::Duration;

/// The shortest pause between an end and the next start.
const SHORTEST: Duration = Duration::from_secs(2);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(60);
/// A daemon that ran this long ended by accident, whatever happened before.
const RAN_WELL: Duration = Duration::from_secs(60);

/// The pauses before the next starts of one daemon.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Restarts {
    /// How often it ended soon after its start.
    failures: u32,
}

impl Restarts {
    /// The pause after a run of this length: it grows while the daemon keeps ending soon.
    pub(crate) fn pause_after(&mut self, run: Duration) -> Duration {
        self.failures = if run >= RAN_WELL { 1 } else { self.failures.saturating_add(1) };
        // Twice the shortest, since whoever starts a daemon watches for a second end.
        let doublings = self.failures.saturating_sub(2).min(16);
        SHORTEST.saturating_mul(1 << doublings).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_while_a_daemon_keeps_ending_and_start_over_when_it_ran_for_a_while() {
        let mut restarts = Restarts::default();
        let mut pauses = |run| restarts.pause_after(Duration::from_secs(run)).as_secs();
        assert_eq!([0; 9].map(&mut pauses), [2, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!([3600, 59, 0].map(&mut pauses), [2, 2, 4]);
    }
}
