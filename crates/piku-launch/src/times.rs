//! When the lines of a log were written.
//!
//! The log itself is what the program printed, byte for byte, for whoever reads it. The times are in a file beside it,
//! `.web.1.log.times` for `web.1.log`, with an entry for each millisecond in which something was written: where in the
//! log that begins, and when it was, in milliseconds since the Unix epoch. An entry is a line of 27 bytes, so that the
//! one for a place or a time is found without reading them all:
//!
//! ```text
//! 000000004711 1795687200123
//! ```
//!
//! An entry is written before what it is about: a crash between the two gives no line the time of an earlier one. A log
//! that is empty when it is written begins its times anew, whoever emptied or removed it. If an entry can't be written,
//! its lines have the time of those before.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::time::{SystemTime, UNIX_EPOCH};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::OFlags;

/// How long the times of a log may become before it is rotated, in bytes, unless the log itself may be longer: a program
/// that prints a few letters now and then would otherwise fill the disk with times.
const LONGEST: u64 = 4 << 20;

/// What was written to a log from `offset` on, until the offset of the next entry, was written at `time`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeEntry {
    /// Where it begins, in bytes.
    pub offset: u64,
    /// When it was written, in milliseconds since the Unix epoch.
    pub time: i64,
}

impl TimeEntry {
    /// The length of an entry in bytes, with the end of its line.
    pub const LENGTH: u64 = 27;

    /// Reads an entry without the end of its line; `None` if it is not a whole one.
    #[must_use]
    pub fn parse(line: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok().filter(|line| line.len() as u64 + 1 == Self::LENGTH)?;
        let (offset, time) = line.split_once(' ').filter(|(offset, _)| offset.len() == 12)?;
        Some(Self { offset: offset.parse().ok()?, time: time.parse().ok()? })
    }
}

impl fmt::Display for TimeEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012} {:013}", self.offset, self.time)
    }
}

/// The file with the times of a log.
#[must_use]
pub fn times_path(log: &Utf8Path) -> Utf8PathBuf {
    log.with_file_name(format!(".{}.times", log.file_name().unwrap_or_default()))
}

/// Writes the times of a log. Failing to do so fails nothing.
#[derive(Debug)]
pub struct Times {
    file: Option<File>,
    last: Option<i64>,
    length: u64,
}

impl Times {
    /// Continues the times of a log.
    #[must_use]
    pub fn of(log: &Utf8Path) -> Self {
        // As for the log: a link could lead to any file, and a pipe has no reader.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let mut options = OpenOptions::new();
        options.append(true).create(true).mode(0o640).custom_flags(flags);
        let file = options.open(times_path(log)).ok();
        let length = file.as_ref().and_then(|file| file.metadata().ok()).map_or(0, |found| found.len());
        Self { file, last: None, length }
    }

    /// Notes that what is written next to the log begins at `offset`.
    pub fn note(&mut self, offset: u64) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        self.note_at(offset, i64::try_from(now).unwrap_or(i64::MAX));
    }

    fn note_at(&mut self, offset: u64, time: i64) {
        let Some(file) = &mut self.file else { return };
        if offset == 0 {
            drop(file.set_len(0));
            (self.length, self.last) = (0, None);
        }
        if self.last != Some(time) {
            // An entry that is cut off, on a full disk, is not one.
            drop(file.write(format!("{}\n", TimeEntry { offset, time }).as_bytes()));
            self.last = Some(time);
            self.length += TimeEntry::LENGTH;
        }
    }

    /// Whether the log should be rotated because of its times.
    pub(crate) fn are_long(&self, max_size: u64) -> bool {
        self.length >= LONGEST.max(max_size)
    }
}

/// Keeps the times of a log that is about to be renamed.
///
/// They move before the log: who opens the log in between continues times that begin anew with the next log.
pub(crate) fn rotate(log: &Utf8Path, older: &Utf8Path) {
    let (from, to) = (times_path(log), times_path(older));
    if std::fs::rename(from, &to).is_err() {
        // What is there is about the older log of now.
        drop(std::fs::remove_file(to));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(log: &Utf8Path) -> Vec<Option<TimeEntry>> {
        let text = std::fs::read(times_path(log)).unwrap();
        text.split_inclusive(|byte| *byte == b'\n')
            .map(|line| TimeEntry::parse(&line[..line.len() - 1]))
            .collect()
    }

    #[test]
    fn an_entry_is_read_as_it_was_written_and_half_a_one_is_none() {
        let entry = TimeEntry { offset: 4711, time: 1_795_687_200_123 };
        let text = entry.to_string();
        assert_eq!(text, "000000004711 1795687200123");
        assert_eq!(text.len() as u64 + 1, TimeEntry::LENGTH);
        assert_eq!(TimeEntry::parse(text.as_bytes()), Some(entry));
        // Cut off on a full disk, and followed by the next.
        for bad in [
            "",
            "000000004711 17956872",
            "0000000000000000004711 1795687200123",
            "00000000471x 1795687200123",
        ] {
            assert_eq!(TimeEntry::parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_millisecond_has_one_entry_and_an_empty_log_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let log = Utf8Path::from_path(folder.path()).unwrap().join("web.1.log");
        let mut times = Times::of(&log);
        for (offset, time) in [(0, 1000), (10, 1000), (20, 1001), (30, 1002)] {
            times.note_at(offset, time);
        }
        let all = [(0, 1000), (20, 1001), (30, 1002)].map(|(offset, time)| Some(TimeEntry { offset, time }));
        assert_eq!(entries(&log), all);
        Times::of(&log).note_at(40, 1002);
        assert_eq!(entries(&log).len(), 4, "another writer goes on");
        times.note_at(0, 1002);
        assert_eq!(entries(&log), [Some(TimeEntry { offset: 0, time: 1002 })]);
        times.length = LONGEST;
        assert!(times.are_long(10) && !times.are_long(LONGEST + 1));
    }
}
