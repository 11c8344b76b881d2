//! Times and lengths of time for people: in the zone of this machine, which is named.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// The clock that a listing tells its times by.
#[derive(Debug)]
pub(crate) struct Clock {
    zone: TimeZone,
    now: Timestamp,
}

impl Clock {
    /// The clock of this machine.
    pub(crate) fn here() -> Self {
        Self { zone: TimeZone::system(), now: Timestamp::now() }
    }

    /// Formats as `2026-11-25 09:30:00 CET`.
    pub(crate) fn second(&self, time: Timestamp) -> String {
        self.at(time).strftime("%F %T %Z").to_string()
    }

    /// Formats as `2026-11-25 09:30 CET`.
    pub(crate) fn minute(&self, time: Timestamp) -> String {
        self.at(time).strftime("%F %H:%M %Z").to_string()
    }

    /// Formats as `2026-11-25`.
    pub(crate) fn day(&self, time: Timestamp) -> String {
        self.at(time).strftime("%F").to_string()
    }

    /// How long ago it was.
    pub(crate) fn age(&self, time: Timestamp) -> String {
        length(self.seconds_since(time))
    }

    /// The seconds since then; 0 for a time to come.
    pub(crate) fn seconds_since(&self, time: Timestamp) -> u64 {
        u64::try_from(self.now.duration_since(time).as_secs()).unwrap_or(0)
    }

    /// Now, in seconds since 1970.
    pub(crate) fn seconds(&self) -> u64 {
        u64::try_from(self.now.as_second()).unwrap_or(0)
    }

    fn at(&self, time: Timestamp) -> Zoned {
        time.to_zoned(self.zone.clone())
    }
}

/// Formats seconds in the largest unit that fits: `59s`, `12m`, `3h`, `40d`.
pub(crate) fn length(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_the_zone_of_the_machine_which_is_named() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let clock = Clock { zone, now: at("2026-11-25T08:30:00Z") };
        assert_eq!(clock.second(at("2026-11-25T08:29:00Z")), "2026-11-25 09:29:00 CET");
        assert_eq!(clock.minute(at("2026-07-01T22:30:59Z")), "2026-07-02 00:30 CEST");
        assert_eq!(clock.day(at("2026-07-01T22:30:59Z")), "2026-07-02");
        let ages =
            ["2026-11-25T08:29:01Z", "2026-11-25T07:31:00Z", "2026-11-23T08:30:00Z", "2027-01-01T00:00:00Z"];
        assert_eq!(ages.map(|time| clock.age(at(time))), ["59s", "59m", "2d", "0s"]);
        assert_eq!([59, 60, 7300, 200_000].map(length), ["59s", "1m", "2h", "2d"]);
    }
}
