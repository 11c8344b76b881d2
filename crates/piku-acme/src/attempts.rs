//! When to order again: back-off after failures, and the limits of authorities.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The most certificates for the same names in a week. Let's Encrypt refuses the sixth.
const MOST_IN_A_WEEK: usize = 5;

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long to wait after the first failure, the second, and so on, in minutes; after the last, always that long.
///
/// Let's Encrypt refuses a name for an hour after five failed proofs, so the first hour has three attempts.
const WAITS: [i64; 7] = [5, 15, 60, 3 * 60, 6 * 60, 12 * 60, 24 * 60];

/// What is remembered of the orders for one certificate.
///
/// ```
/// use jiff::{SignedDuration, Timestamp};
/// use piku_acme::{Attempts, Failure, Verdict};
///
/// let now: Timestamp = "2026-11-26T12:00:00Z".parse()?;
/// let mut attempts = Attempts::default();
/// assert_eq!(attempts.verdict(now), Verdict::Now);
///
/// let failure = Failure { code: "acme::refused".into(), message: "no".into(), help: None, at: now };
/// attempts.fail(failure, None, 1);
/// assert!(matches!(attempts.verdict(now), Verdict::Later { .. }));
/// assert_eq!(attempts.verdict(now + SignedDuration::from_mins(6)), Verdict::Now);
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attempts {
    /// How many orders failed since the last that did not.
    pub failures: u32,
    /// Before this there is no order.
    pub next: Option<Timestamp>,
    /// Whether the authority asked for that wait.
    pub limited: bool,
    /// The last failure, unless an order succeeded since.
    pub last_failure: Option<Failure>,
    /// When certificates were issued, of the last week.
    pub issued: Vec<Timestamp>,
}

/// An order that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The error's name for other programs.
    pub code: String,
    /// What went wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Whether to order now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is in the way.
    Now,
    /// Not before then.
    Later {
        /// When it is possible again.
        at: Timestamp,
        /// Why not now.
        why: Wait,
    },
}

/// Why to wait before an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wait {
    /// Orders failed before.
    Failures,
    /// The authority named the time.
    RateLimited,
    /// There were as many certificates this week as authorities allow.
    IssuedThisWeek,
}

impl Attempts {
    /// Decides whether to order now.
    #[must_use]
    pub fn verdict(&self, now: Timestamp) -> Verdict {
        let why = if self.limited { Wait::RateLimited } else { Wait::Failures };
        let after_failures = self.next.filter(|next| *next > now).map(|at| Verdict::Later { at, why });
        let recent: Vec<Timestamp> = self.within_a_week(now);
        let full = recent.len().checked_sub(MOST_IN_A_WEEK).map(|first| Verdict::Later {
            at: recent[first].saturating_add(WEEK).unwrap_or(Timestamp::MAX),
            why: Wait::IssuedThisWeek,
        });
        match (after_failures, full) {
            (Some(Verdict::Later { at: one, .. }), Some(Verdict::Later { at: other, .. })) if other > one => {
                full.unwrap_or(Verdict::Now)
            }
            (Some(later), _) | (None, Some(later)) => later,
            (None, None) => Verdict::Now,
        }
    }

    /// Records that an order failed, or was not sent because it would have.
    ///
    /// The wait grows with each failure; it ends no earlier than `retry_at`, if the authority named a time. `seed`
    /// moves it by up to a tenth, always by the same for the same seed: many servers should not come back at once.
    pub fn fail(&mut self, failure: Failure, retry_at: Option<Timestamp>, seed: u64) {
        let step = usize::try_from(self.failures).unwrap_or(usize::MAX).min(WAITS.len() - 1);
        let wait =
            spread(SignedDuration::from_mins(WAITS[step]), seed.wrapping_add(u64::from(self.failures)));
        let own = failure.at.saturating_add(wait).unwrap_or(Timestamp::MAX);
        let asked = retry_at.filter(|asked| *asked > own);
        self.failures = self.failures.saturating_add(1);
        self.limited = asked.is_some();
        self.next = Some(asked.unwrap_or(own));
        self.last_failure = Some(failure);
    }

    /// Records that an order succeeded.
    pub fn succeed(&mut self, now: Timestamp) {
        let mut issued = self.within_a_week(now);
        issued.push(now);
        *self = Self { issued, ..Self::default() };
    }

    /// Forgets failures, since what was wrong may be mended; what the authority asked for stays.
    pub fn forgive(&mut self) {
        if !self.limited {
            self.next = None;
        }
        self.failures = 0;
    }

    /// The certificates that count, the oldest first. Those of the future, by a clock that was wrong, count as of now.
    fn within_a_week(&self, now: Timestamp) -> Vec<Timestamp> {
        let start = now.saturating_sub(WEEK).unwrap_or(Timestamp::MIN);
        let mut recent: Vec<Timestamp> =
            self.issued.iter().filter(|issued| **issued > start).map(|issued| (*issued).min(now)).collect();
        recent.sort();
        recent
    }
}

/// Moves a wait by up to a tenth of it, earlier or later.
fn spread(wait: SignedDuration, seed: u64) -> SignedDuration {
    // splitmix64: neighbouring seeds give unrelated numbers.
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    let per_mille = i64::try_from(mixed % 201).unwrap_or(100) - 100;
    wait + SignedDuration::from_millis(wait.as_secs() * per_mille)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn noon() -> Timestamp {
        "2026-11-26T12:00:00Z".parse().unwrap()
    }

    fn failure(at: Timestamp) -> Failure {
        Failure { code: "acme::dns".into(), message: "does not resolve".into(), help: None, at }
    }

    #[test]
    fn each_failure_waits_longer_up_to_a_day() {
        let (mut attempts, mut now) = (Attempts::default(), noon());
        let mut waits = Vec::new();
        for _ in 0..9 {
            attempts.fail(failure(now), None, 7);
            let Verdict::Later { at, why: Wait::Failures } = attempts.verdict(now) else { panic!("no wait") };
            waits.push(at.duration_since(now).as_mins());
            now = at;
            assert_eq!(attempts.verdict(now), Verdict::Now);
        }
        for (waited, planned) in waits.iter().zip(WAITS.iter().chain([&(24 * 60), &(24 * 60)])) {
            assert!((planned * 9 / 10..=planned * 11 / 10).contains(waited), "{waits:?}");
        }
        attempts.succeed(now);
        assert_eq!(attempts, Attempts { issued: vec![now], ..Attempts::default() });
    }

    #[test]
    fn the_authoritys_time_is_kept_even_when_failures_are_forgiven() {
        let mut attempts = Attempts::default();
        let later = noon() + SignedDuration::from_hours(30);
        attempts.fail(failure(noon()), Some(later), 0);
        assert_eq!(attempts.verdict(noon()), Verdict::Later { at: later, why: Wait::RateLimited });
        attempts.forgive();
        assert_eq!(attempts.verdict(noon()), Verdict::Later { at: later, why: Wait::RateLimited });
        assert_eq!(attempts.verdict(later), Verdict::Now);

        // A time that is sooner than our own wait changes nothing.
        let mut attempts = Attempts::default();
        attempts.fail(failure(noon()), Some(noon() + SignedDuration::from_secs(1)), 0);
        assert!(matches!(attempts.verdict(noon()), Verdict::Later { why: Wait::Failures, .. }));
        attempts.forgive();
        assert_eq!(attempts.verdict(noon()), Verdict::Now);
        assert!(attempts.last_failure.is_some(), "what went wrong is still told");
    }

    #[test]
    fn five_certificates_are_the_most_of_a_week() {
        let mut attempts = Attempts::default();
        for day in 0..5 {
            let now = noon() + SignedDuration::from_hours(24 * day);
            assert_eq!(attempts.verdict(now), Verdict::Now);
            attempts.succeed(now);
        }
        let sixth = noon() + SignedDuration::from_hours(24 * 5);
        let week = noon() + WEEK;
        assert_eq!(attempts.verdict(sixth), Verdict::Later { at: week, why: Wait::IssuedThisWeek });
        assert_eq!(attempts.verdict(week), Verdict::Now);
        // The longer of two waits is told, whichever it is.
        attempts.fail(failure(sixth), None, 0);
        assert_eq!(attempts.verdict(sixth), Verdict::Later { at: week, why: Wait::IssuedThisWeek });
        let asked = week + WEEK;
        attempts.fail(failure(sixth), Some(asked), 0);
        assert_eq!(attempts.verdict(sixth), Verdict::Later { at: asked, why: Wait::RateLimited });
    }

    #[test]
    fn failures_do_not_count_as_certificates() {
        let (mut attempts, mut now) = (Attempts::default(), noon());
        for _ in 0..20 {
            attempts.fail(failure(now), None, 1);
            now += SignedDuration::from_hours(2);
        }
        attempts.forgive();
        assert_eq!(attempts.verdict(now), Verdict::Now);
    }

    #[test]
    fn certificates_of_a_clock_that_was_wrong_do_not_count_for_ever() {
        let mut attempts = Attempts::default();
        for _ in 0..4 {
            attempts.succeed("2090-01-01T00:00:00Z".parse().unwrap());
        }
        attempts.succeed(noon());
        assert!(matches!(attempts.verdict(noon()), Verdict::Later { at, .. } if at == noon() + WEEK));
        assert!(attempts.issued.iter().all(|issued| *issued <= noon()));
    }

    #[test]
    fn what_is_remembered_survives_its_file() {
        let mut attempts = Attempts::default();
        attempts.succeed(noon());
        attempts.fail(failure(noon()), Some(noon() + WEEK), 3);
        let text = serde_json::to_string(&attempts).unwrap();
        assert_eq!(serde_json::from_str::<Attempts>(&text).unwrap(), attempts);
        assert_eq!(serde_json::from_str::<Attempts>("{}").unwrap(), Attempts::default());
    }

    proptest! {
        #[test]
        fn a_wait_is_moved_by_a_tenth_at_most_and_always_by_the_same(seed: u64, mins in 1i64..2000) {
            let wait = SignedDuration::from_mins(mins);
            let moved = spread(wait, seed);
            prop_assert!(moved * 10 >= wait * 9 && moved * 10 <= wait * 11);
            prop_assert_eq!(moved, spread(wait, seed));
        }
    }
}
