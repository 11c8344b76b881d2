//! The five fields together, and the rules between them.

use std::fmt;
use std::str::FromStr;

use super::field::{DAY, Field, HOUR, MINUTE, MONTH, WEEKDAY, field};
use crate::diagnostic::Diagnostic;
use crate::piece::Piece;

/// Minutes, hours, days of the month, months, and days of the week.
///
/// Read from crontab's five fields or from `@hourly`, `@daily` (`@midnight`), `@weekly`, `@monthly`, or `@yearly`
/// (`@annually`); displayed as five fields with numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    minute: Field,
    hour: Field,
    day: Field,
    month: Field,
    weekday: Field,
}

impl Schedule {
    /// Whether the schedule includes a minute.
    ///
    /// `minute` and `hour` count from 0, `day` (of the month) and `month` from 1, `weekday` from Sunday, which is 0 or 7.
    /// When both day fields are restricted, either is enough; a field that begins with `*` is not restricted, even
    /// when it is `*/2` (crontab(5)).
    #[must_use]
    pub fn matches(&self, minute: u8, hour: u8, day: u8, month: u8, weekday: u8) -> bool {
        let (day, weekday) = (self.day.has(day), self.weekday.has(if weekday == 7 { 0 } else { weekday }));
        let days = if self.either_day() { day || weekday } else { day && weekday };
        self.minute.has(minute) && self.hour.has(hour) && self.month.has(month) && days
    }

    pub(super) fn either_day(&self) -> bool {
        !self.day.is_starred() && !self.weekday.is_starred()
    }

    /// Whether the schedule includes any day of any year.
    fn has_a_date(&self) -> bool {
        let in_month = |month| (1..=longest(month)).any(|day| self.day.has(day));
        self.either_day() || (1..=12).filter(|month| self.month.has(*month)).any(in_month)
    }
}

impl FromStr for Schedule {
    type Err = Diagnostic;

    /// Returns the first error. An odd but readable schedule, such as one for 30 February, is accepted.
    fn from_str(text: &str) -> Result<Self, Diagnostic> {
        let mut found = Vec::new();
        let read = schedule(Piece::from(text), &mut found);
        match (read, found.into_iter().find(Diagnostic::is_error)) {
            (Some(schedule), None) => Ok(schedule),
            (_, Some(error)) => Err(error),
            (None, None) => Err(not_a_schedule(Piece::from(text))),
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { minute, hour, day, month, weekday } = self;
        minute.write(f, &MINUTE)?;
        f.write_str(" ")?;
        hour.write(f, &HOUR)?;
        f.write_str(" ")?;
        day.write(f, &DAY)?;
        f.write_str(" ")?;
        month.write(f, &MONTH)?;
        f.write_str(" ")?;
        weekday.write(f, &WEEKDAY)
    }
}

/// Reads a schedule and reports every mistake in it; `None` after an error.
pub(super) fn schedule(text: Piece<'_>, found: &mut Vec<Diagnostic>) -> Option<Schedule> {
    let text = text.trim();
    if text.text.starts_with('@') {
        let Some(fields) = nickname(text.text) else {
            found.push(not_a_schedule(text));
            return None;
        };
        return schedule(Piece { text: fields, ..text }, found);
    }
    let words: Vec<_> = text.words().collect();
    let [minute, hour, day, month, weekday] = words[..] else {
        found.push(not_a_schedule(text));
        return None;
    };
    // Read all five before giving up, so that every mistake is reported.
    let fields = (
        field(&MINUTE, minute, found),
        field(&HOUR, hour, found),
        field(&DAY, day, found),
        field(&MONTH, month, found),
        field(&WEEKDAY, weekday, found),
    );
    let read =
        Schedule { minute: fields.0?, hour: fields.1?, day: fields.2?, month: fields.3?, weekday: fields.4? };
    if !read.has_a_date() {
        let span = day.start..month.span().end;
        found.push(
            Diagnostic::warning(
                "procfile::impossible-date",
                span,
                "no month of these has such a day: it never runs",
            )
            .with_help("choose a day that the month has"),
        );
    }
    Some(read)
}

fn not_a_schedule(text: Piece<'_>) -> Diagnostic {
    const CODE: &str = "procfile::bad-schedule";
    if text.text.starts_with('@') {
        return Diagnostic::error(CODE, text.span(), format!("`{}` is not a schedule", text.text))
            .with_help("use `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`, or five fields");
    }
    let count = text.words().count();
    Diagnostic::error(CODE, text.span(), format!("a schedule has five fields, not {count}")).with_help(
        "write minute, hour, day of month, month, and day of week, such as `0 4 * * *` for every day at 4:00",
    )
}

fn nickname(text: &str) -> Option<&'static str> {
    Some(match text.to_ascii_lowercase().as_str() {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        _ => return None,
    })
}

/// The most days that a month can have.
fn longest(month: u8) -> u8 {
    match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
