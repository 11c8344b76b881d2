//! Counts of the requests to a site, by minute, from the lines of its log. Pure.
//!
//! A minute takes a few hundred bytes, however many requests it had, so an hour of a site fits into a page of memory
//! or two.

use std::collections::BTreeMap;

/// The minutes that are kept.
const KEPT: usize = 60;
/// The buckets of durations: four for each doubling, from 1 ms to about a day.
const BUCKETS: usize = 4 * 27;

/// The requests of the last hour, by minute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Requests {
    /// Each minute with requests, by its beginning, such as `2026-11-26T10:00`, in the time zone of the log.
    minutes: BTreeMap<String, Minute>,
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
#[derive(Clone, Debug, PartialEq)]
struct Request<'a> {
    minute: &'a str,
    status: u16,
    seconds: f64,
}

impl<'a> Request<'a> {
    /// Reads the first three words of a line; `None` if nginx did not write it.
    fn read(line: &'a str) -> Option<Self> {
        let mut words = line.split(' ');
        let (time, status, seconds) = (words.next()?, words.next()?, words.next()?);
        let minute = time.get(..16).filter(|minute| minute.as_bytes().get(10) == Some(&b'T'))?;
        let seconds: f64 = seconds.parse().ok()?;
        let known = seconds.is_finite() && seconds >= 0.0;
        known.then_some(Self { minute, status: status.parse().ok()?, seconds })
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
        self.minutes.entry(request.minute.to_owned()).or_default().count(&request);
        if self.minutes.len() > KEPT {
            self.minutes.pop_first();
        }
    }

    /// Each minute with requests, oldest first.
    pub fn minutes(&self) -> impl Iterator<Item = (&str, &Minute)> {
        self.minutes.iter().map(|(begin, minute)| (begin.as_str(), minute))
    }
}

impl Default for Minute {
    fn default() -> Self {
        Self { requests: 0, refused: 0, failed: 0, durations: [0; BUCKETS] }
    }
}

impl Minute {
    fn count(&mut self, request: &Request<'_>) {
        self.requests += 1;
        match request.status {
            400..500 => self.refused += 1,
            500.. => self.failed += 1,
            _ => {}
        }
        let bucket = &mut self.durations[bucket(request.seconds)];
        *bucket = bucket.saturating_add(1);
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

/// The longest duration of a bucket, in seconds.
fn upper(bucket: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "there are few buckets")]
    let doublings = bucket as f64 / 4.0;
    0.001 * doublings.exp2()
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
            requests.minutes().map(|(begin, it)| (begin, it.requests, it.refused, it.failed)).collect();
        assert_eq!(shown, [("2026-11-26T10:00", 2, 1, 0), ("2026-11-26T10:01", 1, 0, 1)]);
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
        assert_eq!(requests.minutes().next().unwrap().0, "2026-11-26T02:20");
        assert!(size_of::<Minute>() < 512);
    }
}
