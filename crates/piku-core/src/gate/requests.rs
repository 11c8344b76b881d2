//! Counts of the requests to a site, by minute and by second, from the lines of its log. Pure.
//!
//! A minute takes a few hundred bytes, however many requests it had, so an hour of a site fits into a few pages of
//! memory.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// The minutes that are kept.
const KEPT: usize = 60;
/// The seconds that are kept: more than are shown, since a line may come late.
const KEPT_SECONDS: usize = 90;
/// The buckets of durations: four for each doubling, from 1 ms to about a day.
const BUCKETS: usize = 4 * 27;

/// The requests of the last hour, by minute, and of the last minute, by second.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Requests {
    /// Each minute with requests, by its number since the Unix epoch.
    minutes: BTreeMap<i64, Minute>,
    /// Each second with requests, since the Unix epoch.
    seconds: BTreeMap<i64, Second>,
}

/// The requests of one second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Second {
    /// How many there were.
    pub(crate) requests: u64,
    /// Those with a status from 500.
    pub(crate) failed: u64,
}

/// The requests of one minute.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Minute {
    /// How many there were.
    pub requests: u64,
    /// Those with a status from 400 to 499.
    pub refused: u64,
    /// Those with a status from 500.
    pub failed: u64,
    /// How many took how long.
    durations: [u32; BUCKETS],
}

/// A request, as a line of the log tells it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Request {
    /// When it was answered, in seconds since the Unix epoch.
    at: i64,
    status: u16,
    /// How long the answer took, in seconds.
    took: f64,
}

impl Request {
    /// Reads the first three words of a line; `None` if nginx did not write it.
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let (time, status, took) = (words.next()?, words.next()?, words.next()?);
        let took: f64 = took.parse().ok()?;
        let known = took.is_finite() && took >= 0.0;
        let at = time.parse::<Timestamp>().ok()?.as_second();
        known.then_some(Self { at, status: status.parse().ok()?, took })
    }

    fn minute(self) -> i64 {
        self.at.div_euclid(60)
    }
}

impl Requests {
    /// Counts the requests of these lines of a log.
    pub fn of<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = Self::default();
        lines.into_iter().for_each(|line| all.count(line));
        all
    }

    /// Counts the request of a line. Lines that are no requests do not count, and neither do those of a minute that is
    /// older than all that are kept.
    pub fn count(&mut self, line: &str) {
        let Some(request) = Request::read(line) else { return };
        self.minutes.entry(request.minute()).or_default().count(request);
        if self.minutes.len() > KEPT {
            self.minutes.pop_first();
        }
        let second = self.seconds.entry(request.at).or_default();
        second.requests += 1;
        second.failed += u64::from(request.status >= 500);
        if self.seconds.len() > KEPT_SECONDS {
            self.seconds.pop_first();
        }
    }

    /// Each minute with requests, by its beginning, oldest first.
    pub fn minutes(&self) -> impl Iterator<Item = (Timestamp, &Minute)> {
        let begin = |minute: i64| Timestamp::from_second(minute.saturating_mul(60)).unwrap_or_default();
        self.minutes.iter().map(move |(minute, counts)| (begin(*minute), counts))
    }

    /// The requests of the minutes that began from `first` to `last`, together.
    pub(crate) fn between(&self, first: Timestamp, last: Timestamp) -> Minute {
        let mut sum = Minute::default();
        self.minutes().filter(|(begin, _)| (first..=last).contains(begin)).for_each(|(_, it)| sum.add(it));
        sum
    }

    /// The requests of one second since the Unix epoch.
    pub(crate) fn second(&self, at: i64) -> Second {
        self.seconds.get(&at).copied().unwrap_or_default()
    }

    /// Forgets the oldest minute, whose first lines were not counted, unless there is no other.
    pub(crate) fn forget_oldest(&mut self) {
        if self.minutes.len() > 1 {
            self.minutes.pop_first();
        }
    }
}

impl Default for Minute {
    fn default() -> Self {
        Self { requests: 0, refused: 0, failed: 0, durations: [0; BUCKETS] }
    }
}

impl Minute {
    fn count(&mut self, request: Request) {
        self.requests += 1;
        match request.status {
            400..500 => self.refused += 1,
            500.. => self.failed += 1,
            _ => {}
        }
        let bucket = &mut self.durations[bucket(request.took)];
        *bucket = bucket.saturating_add(1);
    }

    fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.refused += other.refused;
        self.failed += other.failed;
        for (sum, count) in self.durations.iter_mut().zip(other.durations) {
            *sum = sum.saturating_add(count);
        }
    }

    /// The duration that half of the requests did not exceed, in seconds; at most a fifth too long.
    #[must_use]
    pub fn p50(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The duration that 95 of 100 requests did not exceed, in seconds; at most a fifth too long.
    #[must_use]
    pub fn p95(&self) -> f64 {
        self.quantile(0.95)
    }

    fn quantile(&self, share: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of a count is no more than the count, and a count that large is never reached"
        )]
        let wanted = (self.requests as f64 * share).ceil() as u64;
        let mut seen = 0;
        let found = self.durations.iter().position(|count| {
            seen += u64::from(*count);
            seen >= wanted.max(1)
        });
        found.map_or(0.0, upper)
    }
}

/// The bucket of a duration.
fn bucket(seconds: f64) -> usize {
    (0..BUCKETS - 1).find(|bucket| seconds <= upper(*bucket)).unwrap_or(BUCKETS - 1)
}

/// The longest duration of a bucket, in seconds. Not by `exp2`, for which every start of the program would load libm.
fn upper(bucket: usize) -> f64 {
    const QUARTERS: [f64; 4] = [1.0, 1.189_207_115, std::f64::consts::SQRT_2, 1.681_792_831];
    0.001 * QUARTERS[bucket % 4] * f64::from(1_u32 << (bucket / 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(minute: &str, status: u16, seconds: &str) -> String {
        format!("2026-11-26T{minute}:30+00:00 {status} {seconds} 512 192.0.2.7 \"GET http://b.org/\" -")
    }

    #[test]
    fn requests_are_counted_by_minute() {
        let lines = [
            line("10:00", 200, "0.010"),
            line("10:00", 404, "0.000"),
            line("10:01", 502, "3.000"),
            "no request at all".to_owned(),
            "2026-11-26T10:01:30+00:00 abc 0.1".to_owned(),
            "2026-11-26T10:01:30+00:00 200 NaN".to_owned(),
            String::new(),
        ];
        let requests = Requests::of(lines.iter().map(String::as_str));
        let shown: Vec<_> =
            requests.minutes().map(|(at, it)| (at.to_string(), it.requests, it.refused, it.failed)).collect();
        let begin = |minute: &str| format!("2026-11-26T{minute}:00Z");
        assert_eq!(shown, [(begin("10:00"), 2, 1, 0), (begin("10:01"), 1, 0, 1)]);
        let second = "2026-11-26T10:01:30Z".parse::<Timestamp>().unwrap().as_second();
        assert_eq!(requests.second(second), Second { requests: 1, failed: 1 });
        assert_eq!(requests.second(second + 1), Second::default());

        let mut cut = requests.clone();
        cut.forget_oldest();
        cut.forget_oldest();
        assert_eq!(cut.minutes().count(), 1, "the only one stays");
    }

    #[test]
    fn a_minute_is_the_same_in_any_time_zone() {
        let lines = ["2026-11-26T10:00:30+00:00 200 0.1", "2026-11-26T11:30:31+01:30 200 0.1"];
        assert_eq!(Requests::of(lines).minutes().map(|(_, it)| it.requests).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn durations_are_told_to_a_fifth() {
        let lines: Vec<String> = (1..=100).map(|n| line("10:00", 200, &format!("0.{n:03}"))).collect();
        let requests = Requests::of(lines.iter().map(String::as_str));
        let (_, minute) = requests.minutes().next().unwrap();
        for (is, exact) in [(minute.p50(), 0.050), (minute.p95(), 0.095)] {
            assert!(exact <= is && is <= exact * 1.2, "{is} for {exact}");
        }
        let long = Requests::of([line("10:00", 200, "90000000.0").as_str()]);
        assert!(long.minutes().next().unwrap().1.p50() > 80_000.0);
    }

    #[test]
    fn an_hour_is_kept_and_no_more() {
        let mut requests = Requests::default();
        for minute in 0..200 {
            requests.count(&line(&format!("{:02}:{:02}", minute / 60, minute % 60), 200, "0.1"));
        }
        assert_eq!(requests.minutes().count(), 60);
        assert_eq!(requests.minutes().next().unwrap().0.to_string(), "2026-11-26T02:20:00Z");
        assert_eq!(requests.seconds.len(), KEPT_SECONDS);
        assert!(size_of::<Minute>() < 512);
    }
}
