//! The lines of several logs in the order in which they were written. Each log keeps its own order, even if the clock
//! was set back.

use super::backward::go_to_last;
use super::line::{Line, Wanted};
use super::lines::Lines;

/// A log with what it is called.
#[derive(Debug)]
struct Source<T> {
    name: T,
    lines: Lines,
    /// The next line.
    head: Option<Line>,
    /// Whether there is none yet.
    at_end: bool,
}

/// Reads several logs.
#[derive(Debug)]
pub(crate) struct Merged<T> {
    sources: Vec<Source<T>>,
}

impl<T> Merged<T> {
    /// Nothing to read yet.
    pub(crate) fn new() -> Self {
        Self { sources: Vec::new() }
    }

    /// Reads this log too. Of lines of the same time, those of the log that was added first come first.
    pub(crate) fn add(&mut self, name: T, lines: Lines) {
        self.sources.push(Source { name, lines, head: None, at_end: false });
    }

    /// The names of the logs.
    pub(crate) fn names(&self) -> impl Iterator<Item = &T> {
        self.sources.iter().map(|source| &source.name)
    }

    /// Goes to the last `count` lines that are wanted, of all these logs together; without a count, to the first one.
    /// Logs that are not `read` are left at their ends.
    pub(crate) fn go_to_last(
        &mut self,
        count: Option<usize>,
        wanted: &Wanted<'_>,
        read: impl Fn(&T) -> bool,
    ) {
        let mut all = Vec::new();
        for source in &mut self.sources {
            match (read(&source.name), count, wanted.since) {
                (false, ..) => source.lines.go_to_end(),
                (true, Some(_), _) => all.push(&mut source.lines),
                (true, None, since) => source.lines.go_to_first(since),
            }
        }
        go_to_last(&mut all, count.unwrap_or(0), wanted);
    }

    /// The next line, if there is one yet.
    pub(crate) fn next(&mut self, wanted: &Wanted<'_>) -> Option<(&T, Line)> {
        for source in self.sources.iter_mut().filter(|source| source.head.is_none() && !source.at_end) {
            source.head = source.lines.next(wanted);
            source.at_end = source.head.is_none();
        }
        let heads = self.sources.iter().enumerate();
        let (_, first) = heads.filter_map(|(at, source)| Some((source.head.as_ref()?.order, at))).min()?;
        let source = &mut self.sources[first];
        source.head.take().map(|line| (&source.name, line))
    }

    /// Looks for what was written since the last line, also to new files.
    pub(crate) fn renew(&mut self) {
        for source in &mut self.sources {
            source.lines.renew();
            source.at_end = false;
        }
    }
}
