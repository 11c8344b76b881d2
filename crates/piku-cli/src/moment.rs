//! Moments as people write them: `1h`, `yesterday`, `10:00`, `2026-11-26 10:00`.

use std::str::FromStr;

use jiff::civil::{DateTime, Time};
use jiff::{Span, Timestamp, ToSpan, Zoned};

/// A moment, which may depend on what time it is.
#[derive(Clone, Debug)]
pub(crate) enum Moment {
    /// So long ago.
    Ago(Span),
    /// The beginning of the day so many days ago.
    Day(i64),
    /// The last time that a clock showed this.
    Clock(Time),
    /// A date, and a time of the day.
    Date(DateTime),
    /// Whatever the time zone.
    At(Timestamp),
}

/// The text is not a moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a time such as 1h, 30m, 2d, today, yesterday, 10:00, 2026-11-26, 2026-11-26T10:00, or 2026-11-26T10:00:00Z"
)]
pub(crate) struct NotAMoment;

impl FromStr for Moment {
    type Err = NotAMoment;

    fn from_str(text: &str) -> Result<Self, NotAMoment> {
        let text = text.trim();
        match text {
            "now" => return Ok(Self::Ago(Span::new())),
            "today" => return Ok(Self::Day(0)),
            "yesterday" => return Ok(Self::Day(1)),
            _ => {}
        }
        if let Ok(time) = text.parse() {
            return Ok(Self::At(time));
        }
        if let Ok(date) = text.parse() {
            return Ok(Self::Date(date));
        }
        // `1030` would be one too.
        if let Some(Ok(time)) = text.contains(':').then(|| text.parse()) {
            return Ok(Self::Clock(time));
        }
        text.parse::<Span>().map(|span| Self::Ago(span.abs())).map_err(|_| NotAMoment)
    }
}

impl Moment {
    /// The moment, if it is `now`, in the time zone of that.
    pub(crate) fn at(&self, now: &Zoned) -> Result<Timestamp, jiff::Error> {
        let zone = now.time_zone().clone();
        let zoned = match self {
            Self::Ago(span) => now.checked_sub(*span)?,
            Self::Day(days) => now.checked_sub(days.days())?.start_of_day()?,
            Self::Clock(time) => {
                let today = now.date().to_datetime(*time).to_zoned(zone.clone())?;
                if today <= *now {
                    today
                } else {
                    now.date().yesterday()?.to_datetime(*time).to_zoned(zone)?
                }
            }
            Self::Date(date) => date.to_zoned(zone)?,
            Self::At(time) => return Ok(*time),
        };
        Ok(zoned.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_people_write_them() {
        let now: Zoned = "2026-11-26T10:30:00+01:00[+01:00]".parse().unwrap();
        for (text, moment) in [
            ("now", "2026-11-26T09:30:00Z"),
            ("1h", "2026-11-26T08:30:00Z"),
            ("1h30m", "2026-11-26T08:00:00Z"),
            ("90s", "2026-11-26T09:28:30Z"),
            ("2d", "2026-11-24T09:30:00Z"),
            ("1w", "2026-11-19T09:30:00Z"),
            ("2 hours ago", "2026-11-26T07:30:00Z"),
            ("-1h", "2026-11-26T08:30:00Z"),
            ("today", "2026-11-25T23:00:00Z"),
            ("yesterday", "2026-11-24T23:00:00Z"),
            ("10:00", "2026-11-26T09:00:00Z"),
            ("10:29:59", "2026-11-26T09:29:59Z"),
            ("22:15", "2026-11-25T21:15:00Z"),
            ("2026-11-20", "2026-11-19T23:00:00Z"),
            ("2026-11-20 10:00", "2026-11-20T09:00:00Z"),
            ("2026-11-20T10:00", "2026-11-20T09:00:00Z"),
            ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z"),
            ("2026-11-20T10:00:00.123+05:00", "2026-11-20T05:00:00.123Z"),
        ] {
            let read = text.parse::<Moment>().unwrap_or_else(|_| panic!("{text}")).at(&now).unwrap();
            assert_eq!(read.to_string(), moment, "{text}");
        }
        for text in ["", "soon", "10", "25:00", "2026-13-01", "1x", "tomorrow"] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
        assert!("9999999999y".parse::<Moment>().is_err());
        assert!("19000y".parse::<Moment>().unwrap().at(&now).is_err());
    }
}
