//! A line of a log, and which ones are wanted.

use super::chatter::Chatter;

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// When it was written, in milliseconds since the Unix epoch, if that is known.
    pub(crate) time: Option<i64>,
    /// Its place among the lines of other logs: the time, or what is known of it.
    pub(super) order: i64,
    /// The text, without the end of the line.
    pub(crate) text: String,
}

/// Which lines are wanted. Times are in milliseconds since the Unix epoch; lines without one were written at no time.
#[derive(Clone, Copy, Default)]
pub(crate) struct Wanted<'a> {
    /// Those written then or later.
    pub(crate) since: Option<i64>,
    /// Those written then or earlier.
    pub(crate) until: Option<i64>,
    /// Also uWSGI's own startup and shutdown lines.
    pub(crate) chatter: bool,
    /// Those whose text this accepts.
    pub(crate) matching: Option<&'a dyn Fn(&str) -> bool>,
}

impl Wanted<'_> {
    /// Whether this line, the next one of its log, is wanted.
    pub(super) fn takes(&self, line: &Line, chatter: &mut Chatter) -> bool {
        let is_chatter = chatter.is(&line.text);
        (self.chatter || !is_chatter)
            && self.since.is_none_or(|since| line.time.is_some_and(|time| time >= since))
            && self.until.is_none_or(|until| line.time.is_some_and(|time| time <= until))
            && self.matching.is_none_or(|matches| matches(&line.text))
    }

    /// Whether no later line of its log is wanted.
    pub(super) fn ends_before(&self, line: &Line) -> bool {
        self.until.zip(line.time).is_some_and(|(until, time)| time > until)
    }
}
