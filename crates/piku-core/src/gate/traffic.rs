//! What the counts of requests say at one moment. Pure.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::requests::{Minute, Requests};

/// How many seconds and how many minutes are told.
const TOLD: usize = 60;
/// The seconds whose requests make the rate.
const RATE: i64 = 10;
/// nginx writes a line up to a second late, so the newest second is not complete.
const LATE: i64 = 1;
const MINUTE: SignedDuration = SignedDuration::from_secs(60);

/// The requests to a site until now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Traffic {
    /// Requests a second, of the last ten seconds.
    pub per_second: f64,
    /// Requests a second that the server failed to answer (status 500 and above), of the last ten seconds.
    pub failed_per_second: f64,
    /// The requests of this minute and of the one before it together.
    pub lately: MinuteTraffic,
    /// The requests of each of the last 60 seconds, oldest first.
    pub seconds: Vec<u64>,
    /// Those of the last 60 minutes that had requests, oldest first.
    pub minutes: Vec<MinuteTraffic>,
}

/// The requests of one minute.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MinuteTraffic {
    /// When the minute began.
    pub begin: Timestamp,
    /// How many requests there were.
    pub requests: u64,
    /// Those with a status from 400 to 499.
    pub refused: u64,
    /// Those with a status from 500.
    pub failed: u64,
    /// The duration that half of the requests did not exceed, in milliseconds; at most a fifth too long. 0 without
    /// requests.
    pub p50_ms: u64,
    /// The duration that 95 of 100 requests did not exceed, in milliseconds; at most a fifth too long.
    pub p95_ms: u64,
}

impl MinuteTraffic {
    fn new(begin: Timestamp, minute: &Minute) -> Self {
        Self {
            begin,
            requests: minute.requests,
            refused: minute.refused,
            failed: minute.failed,
            p50_ms: milliseconds(minute.p50()),
            p95_ms: milliseconds(minute.p95()),
        }
    }
}

impl Traffic {
    /// What was counted, as of `now`.
    pub(crate) fn of(requests: &Requests, now: Timestamp) -> Self {
        let last = now.as_second() - LATE;
        let first = last - i64::try_from(TOLD).unwrap_or_default();
        let rate = |count: u64| {
            #[expect(clippy::cast_precision_loss, reason = "a count that large is never reached")]
            let rate = count as f64 / RATE as f64;
            rate
        };
        let lately = || (last - RATE..last).map(|second| requests.second(second));
        let minute = now.as_second().div_euclid(60);
        let earliest = minute - i64::try_from(TOLD).unwrap_or_default();
        let before = Timestamp::from_second((minute - 1) * 60).unwrap_or_default();
        Self {
            per_second: rate(lately().map(|second| second.requests).sum()),
            failed_per_second: rate(lately().map(|second| second.failed).sum()),
            lately: MinuteTraffic::new(before, &requests.between(before, before + MINUTE)),
            seconds: (first..last).map(|second| requests.second(second).requests).collect(),
            minutes: requests
                .minutes()
                .filter(|(begin, _)| begin.as_second() > earliest * 60 && *begin <= now)
                .map(|(begin, minute)| MinuteTraffic::new(begin, minute))
                .collect(),
        }
    }
}

fn milliseconds(seconds: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a duration is positive, and at most about a day"
    )]
    let milliseconds = (seconds * 1000.0).round() as u64;
    milliseconds
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        format!("2026-11-26T{time}Z").parse().unwrap()
    }

    fn line(time: &str, status: u16) -> String {
        format!("2026-11-26T{time}+00:00 {status} 0.010 512 192.0.2.7 \"GET http://b.org/\" -")
    }

    #[test]
    fn rates_are_of_the_last_ten_complete_seconds() {
        let times = ["10:00:48", "10:00:49", "10:00:58", "10:00:58", "10:00:59", "10:01:00"];
        let lines = times.map(|time| line(time, if time == "10:00:49" { 502 } else { 200 }));
        let requests = Requests::of(lines.iter().map(String::as_str));
        let traffic = Traffic::of(&requests, at("10:01:00"));
        assert_eq!((traffic.per_second, traffic.failed_per_second), (0.3, 0.1));
        assert_eq!(traffic.seconds.len(), 60);
        assert_eq!(traffic.seconds[58..], [0, 2], "the newest second is not complete yet");
        let later = Traffic::of(&requests, at("10:05:00"));
        assert_eq!((later.per_second, later.seconds.iter().sum::<u64>()), (0.0, 0));
    }

    #[test]
    fn an_hour_is_told_and_nothing_of_a_clock_that_was_wrong() {
        let lines =
            [line("10:00:00", 200), line("10:01:00", 404), line("11:00:30", 500), line("23:00:00", 200)];
        let requests = Requests::of(lines.iter().map(String::as_str));
        let traffic = Traffic::of(&requests, at("11:00:59"));
        let told: Vec<_> = traffic.minutes.iter().map(|it| (it.begin, it.refused, it.failed)).collect();
        assert_eq!(told, [(at("10:01:00"), 1, 0), (at("11:00:00"), 0, 1)]);
        assert_eq!((traffic.lately.requests, traffic.lately.failed), (1, 1));
        let next = Traffic::of(&requests, at("11:01:10")).lately;
        assert_eq!((next.requests, next.begin), (1, at("11:00:00")));
        assert_eq!(Traffic::of(&requests, at("11:02:00")).lately.requests, 0);
        assert!((10..=12).contains(&traffic.minutes[0].p95_ms));
    }
}
