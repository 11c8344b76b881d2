//! When a schedule comes round.

use croner::parser::CronParser;
use jiff::Zoned;

use super::Schedule;

impl Schedule {
    /// Returns the first matching moment after `moment`, in its time zone; `None` when there is none, as for 30
    /// February.
    ///
    /// When the clock goes forward, a job at a skipped fixed time runs right after the change; when it goes back, a
    /// job at a fixed time runs once. A job with `*` for its minute or hour follows the clock: skipped times do not
    /// run, and those that come twice run twice. Debian's cron(8) does the same.
    #[must_use]
    pub fn next_after(&self, moment: &Zoned) -> Option<Zoned> {
        // By default, croner treats `*/2` in a day field as a restriction; crontab(5) does not.
        let parser = CronParser::builder().dom_and_dow(!self.either_day()).build();
        parser.parse(&self.to_string()).ok()?.find_next_occurrence(moment, false).ok()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::DateTime;
    use jiff::tz::TimeZone;
    use jiff::{ToSpan, Unit};
    use proptest::prelude::*;

    use super::*;

    /// Forward at 2:00 on the last Sunday of March, back at 3:00 on the last Sunday of October.
    fn berlin(moment: &str) -> Zoned {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        moment.parse::<DateTime>().unwrap().to_zoned(zone).unwrap()
    }

    fn runs(schedule: &str, from: &str, count: usize) -> Vec<String> {
        let schedule: Schedule = schedule.parse().unwrap();
        let mut moment = berlin(from);
        let next = || {
            moment = schedule.next_after(&moment)?;
            Some(moment.strftime("%d %H:%M %z").to_string())
        };
        std::iter::from_fn(next).take(count).collect()
    }

    #[test]
    fn a_schedule_comes_round() {
        assert_eq!(
            runs("*/20 4 * * *", "2026-11-23 04:20", 3),
            ["23 04:40 +0100", "24 04:00 +0100", "24 04:20 +0100"]
        );
        assert_eq!(runs("0 0 30 2 *", "2026-11-23 04:20", 1), [""; 0]);
        assert_eq!(runs("0 12 29 feb *", "2026-11-23 04:20", 1), ["29 12:00 +0100"]);
        assert_eq!(runs("@weekly", "2026-11-23 04:20", 1), ["29 00:00 +0100"]);
    }

    #[test]
    fn a_job_at_a_fixed_time_runs_once_in_the_night_when_the_clock_changes() {
        let forward = runs("30 2 * * *", "2026-03-28 12:00", 2);
        assert_eq!(forward, ["29 03:00 +0200", "30 02:30 +0200"]);
        let back = runs("30 2 * * *", "2026-10-24 12:00", 2);
        assert_eq!(back, ["25 02:30 +0200", "26 02:30 +0100"]);
    }

    #[test]
    fn a_job_of_every_hour_follows_the_clock() {
        let forward = runs("30 * * * *", "2026-03-29 01:00", 2);
        assert_eq!(forward, ["29 01:30 +0100", "29 03:30 +0200"]);
        let back = runs("30 * * * *", "2026-10-25 01:45", 3);
        assert_eq!(back, ["25 02:30 +0200", "25 02:30 +0100", "25 03:30 +0100"]);
    }

    proptest! {
        /// [`Schedule::matches`] must give the same answer as the search.
        #[test]
        fn the_next_moment_is_the_first_minute_that_matches(
            minute in prop_oneof![Just("*".to_owned()), (0..60u8).prop_map(|n| n.to_string()), Just("*/7".to_owned()), Just("3-20/4".to_owned())],
            hour in prop_oneof![Just("*".to_owned()), (0..24u8).prop_map(|n| n.to_string()), Just("*/5".to_owned())],
            day in prop_oneof![Just("*".to_owned()), (1..29u8).prop_map(|n| n.to_string()), Just("*/2".to_owned()), Just("1,15".to_owned())],
            weekday in prop_oneof![Just("*".to_owned()), (0..8u8).prop_map(|n| n.to_string()), Just("*/3".to_owned()), Just("mon-fri".to_owned()), Just("5-7".to_owned())],
            hours in 0..10_000i64,
        ) {
            let schedule: Schedule = format!("{minute} {hour} {day} * {weekday}").parse().unwrap();
            let start = "2026-01-01 00:00".parse::<DateTime>().unwrap().to_zoned(TimeZone::UTC).unwrap();
            let start = start.checked_add(hours.hours()).unwrap();
            let matches = |at: &Zoned| {
                let number = |value: i8| u8::try_from(value).unwrap();
                let weekday = at.weekday().to_sunday_zero_offset();
                schedule.matches(number(at.minute()), number(at.hour()), number(at.day()), number(at.month()), number(weekday))
            };
            let minutes = (1..=60 * 24 * 45).map(|n: i64| start.checked_add(n.minutes()).unwrap());
            let first = minutes.into_iter().find(matches);
            let next = schedule.next_after(&start).filter(|next| next.since((Unit::Day, &start)).unwrap().get_days() < 45);
            prop_assert_eq!(next, first, "{}", schedule);
        }
    }
}
