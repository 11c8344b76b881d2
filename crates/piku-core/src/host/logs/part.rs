//! One file of a log: the current one, or the older one.

use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::time::UNIX_EPOCH;

use camino::Utf8Path;
use jiff::Timestamp;

use super::line::Line;
use super::times::Times;

/// Where the time of a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Beside the log, which is the output of a program.
    Beside,
    /// At the beginning of each line, as nginx writes them.
    Within,
}

/// An open file of a log.
#[derive(Debug)]
pub(super) struct Part {
    file: File,
    pub(super) inode: u64,
    form: Form,
    times: Option<Times>,
    /// Stands for the time of lines without one, to tell what comes before them.
    about: i64,
}

impl Part {
    /// Opens a file with its times. `None` if it can't be read.
    pub(super) fn open(path: &Utf8Path, form: Form) -> Option<Self> {
        let file = super::open(path).ok()?;
        let found = file.metadata().ok()?;
        let modified = found.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let about = i64::try_from(modified.unwrap_or_default().as_millis()).unwrap_or(i64::MAX);
        let mut part = Self { file, inode: found.ino(), form, times: None, about };
        part.find_times(path);
        Some(part)
    }

    /// Opens the times, unless they are open, or the log was replaced: then they are those of another.
    pub(super) fn find_times(&mut self, path: &Utf8Path) {
        if self.form == Form::Within || self.times.is_some() {
            return;
        }
        let times = Times::of(path);
        if inode(path) == Some(self.inode)
            && let Some(times) = times
        {
            self.about = times.first().unwrap_or(self.about);
            self.times = Some(times);
        }
    }

    /// The length of the file.
    pub(super) fn length(&self) -> u64 {
        self.file.metadata().map_or(0, |found| found.len())
    }

    /// Appends at most `count` bytes of the file from `offset` on to `bytes`; returns how many.
    pub(super) fn read(&self, offset: u64, count: usize, bytes: &mut Vec<u8>) -> usize {
        let before = bytes.len();
        bytes.resize(before + count, 0);
        // What can't be read is the end of what there is to show.
        let read = self.file.read_at(&mut bytes[before..], offset).unwrap_or(0);
        bytes.truncate(before + read);
        read
    }

    /// Prepares for lines from `offset` on.
    pub(super) fn seek(&mut self, offset: u64) {
        self.times.iter_mut().for_each(|times| times.seek(offset));
    }

    /// Where lines since `time` begin; lines before may be there, those without a time among them.
    pub(super) fn since(&self, time: i64) -> u64 {
        match (&self.times, self.form) {
            (Some(times), _) => times.since(time).unwrap_or_else(|| self.length()),
            (None, Form::Beside) => self.length(),
            (None, Form::Within) => 0,
        }
    }

    /// Where lines until `time` end; later ones may be there.
    pub(super) fn until(&self, time: i64) -> u64 {
        self.times.as_ref().and_then(|times| times.since(time + 1)).unwrap_or_else(|| self.length())
    }

    /// The line at `offset`, without its end.
    pub(super) fn line(&mut self, offset: u64, bytes: &[u8]) -> Line {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let (time, text) = match self.form {
            Form::Beside => (self.times.as_mut().and_then(|times| times.at(offset)), text),
            Form::Within => {
                match text.split_once(' ').map(|(time, rest)| (time.parse::<Timestamp>(), rest)) {
                    Some((Ok(time), rest)) => (Some(time.as_millisecond()), rest.to_owned()),
                    _ => (None, text),
                }
            }
        };
        Line { time, order: time.unwrap_or(self.about), text }
    }
}

/// Which file is at this path, if any.
pub(super) fn inode(path: &Utf8Path) -> Option<u64> {
    path.symlink_metadata().ok().map(|found| found.ino())
}
