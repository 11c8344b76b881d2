//! One of the five fields of a schedule.

use std::fmt;

use crate::diagnostic::Diagnostic;
use crate::piece::Piece;

/// What a field counts.
pub(super) struct Unit {
    what: &'static str,
    first: u8,
    last: u8,
    /// The greatest number that can be written: a week has a second Sunday.
    greatest: u8,
    /// Names of the values, beginning with that of `first`.
    names: &'static [&'static str],
}

pub(super) const MINUTE: Unit = Unit { what: "a minute", first: 0, last: 59, greatest: 59, names: &[] };
pub(super) const HOUR: Unit = Unit { what: "an hour", first: 0, last: 23, greatest: 23, names: &[] };
pub(super) const DAY: Unit =
    Unit { what: "a day of the month", first: 1, last: 31, greatest: 31, names: &[] };
pub(super) const MONTH: Unit = Unit {
    what: "a month",
    first: 1,
    last: 12,
    greatest: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
pub(super) const WEEKDAY: Unit = Unit {
    what: "a day of the week",
    first: 0,
    last: 6,
    greatest: 7,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

impl Unit {
    fn is_week(&self) -> bool {
        self.greatest > self.last
    }
}

/// The values of a field, and whether it was written with `*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Bit n is value n.
    values: u64,
    /// The step of a `*` at its start: 1 for `*` alone.
    star: Option<u8>,
}

impl Field {
    pub(super) fn has(&self, value: u8) -> bool {
        value < 64 && self.values & (1 << value) != 0
    }

    pub(super) fn is_starred(&self) -> bool {
        self.star.is_some()
    }

    /// Writes the shortest list of numbers and ranges that parses to this field.
    pub(super) fn write(&self, f: &mut fmt::Formatter<'_>, unit: &Unit) -> fmt::Result {
        let mut separator = "";
        let mut covered = 0;
        if let Some(step) = self.star {
            covered = values(unit.first, unit.last, step);
            f.write_str("*")?;
            if step > 1 {
                write!(f, "/{step}")?;
            }
            separator = ",";
        }
        let rest = Self { values: self.values & !covered, star: None };
        let mut value = unit.first;
        while value <= unit.last {
            if !rest.has(value) {
                value += 1;
                continue;
            }
            let run = (value..=unit.last).take_while(|next| rest.has(*next)).count() as u8;
            // Two neighbours read better as a list than as a range.
            let (end, step) = if run > 2 { (value + run - 1, run) } else { (value, 1) };
            f.write_str(separator)?;
            if end > value {
                write!(f, "{value}-{end}")?
            } else {
                write!(f, "{value}")?
            }
            separator = ",";
            value += step;
        }
        Ok(())
    }
}

/// Reads a field and reports every mistake in it; `None` after an error.
pub(super) fn field(unit: &Unit, text: Piece<'_>, found: &mut Vec<Diagnostic>) -> Option<Field> {
    let known = |character: char| character.is_ascii_alphanumeric() || "*,-/".contains(character);
    if text.text.starts_with('/') || !text.text.chars().all(known) {
        // A command such as `./run` stands here because a field is missing: do not report its parts.
        found.push(not_a_value(unit, text));
        return None;
    }
    let mut read = Field { values: 0, star: None };
    let mut complete = true;
    for (item, index) in text.split(',').zip(0..) {
        match values_of(unit, item, found) {
            Ok((values, star)) => {
                read.values |= values;
                read.star = if index == 0 { star } else { read.star };
            }
            Err(error) => {
                complete = false;
                found.push(error);
            }
        }
    }
    complete.then_some(read)
}

/// Reads `*`, a number, a name, or a range, with an optional step. Also returns the step of a `*`.
fn values_of(
    unit: &Unit,
    item: Piece<'_>,
    found: &mut Vec<Diagnostic>,
) -> Result<(u64, Option<u8>), Diagnostic> {
    let (range, step_text) = match item.split_once('/') {
        Some((range, step)) => (range, Some(step)),
        None => (item, None),
    };
    let star = range.text == "*";
    let (low, high) = if star {
        (unit.first, unit.last)
    } else if let Some((low_text, high_text)) = range.split_once('-') {
        limits(unit, range, low_text, high_text)?
    } else {
        let low = value(unit, range)?;
        if let Some(step) = step_text {
            return Err(error(item, format!("`{}` has a step and no range", item.text)).with_help(format!(
                "write `{}-{}/{}` or `*/{}`",
                range.text, unit.last, step.text, step.text
            )));
        }
        (low, low)
    };
    let step = step_text.map_or(Ok(1), |text| step(unit, text))?;
    if let Some(text) = step_text
        && step > (high - low).max(1)
    {
        let message = format!("the step `{}` goes past the end: only {low} is left", text.text);
        let help = format!("write `{low}`, or a step of {} at most", (high - low).max(1));
        found.push(Diagnostic::warning("procfile::long-step", text.span(), message).with_help(help));
    }
    let mut values = values(low, high, step);
    if unit.is_week() && values & (1 << unit.greatest) != 0 {
        values = values & !(1 << unit.greatest) | 1 << unit.first;
    }
    Ok((values, star.then_some(step)))
}

fn limits(unit: &Unit, range: Piece<'_>, low: Piece<'_>, high: Piece<'_>) -> Result<(u8, u8), Diagnostic> {
    let (low_text, high_text) = (low.text, high.text);
    let (low, mut high) = (value(unit, low)?, value(unit, high)?);
    // A range of weekdays may end with `sun`.
    if unit.is_week() && high_text.eq_ignore_ascii_case("sun") && low > high {
        high = unit.greatest;
    }
    if low <= high {
        return Ok((low, high));
    }
    // Answer in the form that was used: names or numbers.
    let (first, last) = match unit.names {
        [first, .., last] if number(low_text).is_none() => ((*first).to_owned(), (*last).to_owned()),
        _ => (unit.first.to_string(), unit.last.to_string()),
    };
    let before = if low > unit.last { String::new() } else { format!("{low_text}-{last},") };
    let after = if high == unit.first { high_text.to_owned() } else { format!("{first}-{high_text}") };
    let help = format!("write `{before}{after}`");
    Err(error(range, format!("the range `{}` goes backwards", range.text)).with_help(help))
}

fn value(unit: &Unit, text: Piece<'_>) -> Result<u8, Diagnostic> {
    let named = unit.names.iter().zip(unit.first..).find(|(name, _)| name.eq_ignore_ascii_case(text.text));
    let number = number(text.text).filter(|number| (unit.first..=unit.greatest).contains(number));
    named.map(|(_, value)| value).or(number).ok_or_else(|| not_a_value(unit, text))
}

fn not_a_value(unit: &Unit, text: Piece<'_>) -> Diagnostic {
    let numbers = format!("use a number from {} to {}", unit.first, unit.greatest);
    let help = match unit.names {
        // When a field is missing, the command stands in the place of the last one.
        [first, .., last] if unit.is_week() => {
            format!("{numbers}, or `{first}` to `{last}`, and put the command after it")
        }
        [first, .., last] => format!("{numbers}, or `{first}` to `{last}`"),
        _ => numbers,
    };
    let message = match text.text {
        "" => format!("{} is missing", unit.what),
        other => format!("`{other}` is not {}", unit.what),
    };
    error(text, message).with_help(help)
}

fn step(unit: &Unit, text: Piece<'_>) -> Result<u8, Diagnostic> {
    number(text.text).filter(|step| *step > 0).ok_or_else(|| {
        let message = match text.text {
            "" => "a step is missing".to_owned(),
            other => format!("`{other}` is not a step"),
        };
        error(text, message).with_help(format!("use a number from 1 to {}", unit.last))
    })
}

/// Accepts digits only; the standard parser also accepts a sign.
fn number(text: &str) -> Option<u8> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Every `step`th value from `low` to `high`.
fn values(low: u8, high: u8, step: u8) -> u64 {
    (low..=high).step_by(usize::from(step.max(1))).fold(0, |values, value| values | 1 << value)
}

fn error(text: Piece<'_>, message: String) -> Diagnostic {
    Diagnostic::error("procfile::bad-schedule", text.span(), message)
}
