//! Reads when the lines of a log were written, from the file beside it (see [`piku_launch::Times`]).

use std::fs::File;
use std::os::unix::fs::FileExt;

use camino::Utf8Path;
use piku_launch::{TimeEntry, times_path};

/// How many entries are read at once.
const AT_ONCE: u64 = 64;

/// The times of a log, read for ascending offsets.
#[derive(Debug)]
pub(super) struct Times {
    file: File,
    /// Where in the file the bytes after `block` are.
    at: u64,
    block: Vec<u8>,
    current: Option<i64>,
    next: Option<TimeEntry>,
}

impl Times {
    /// The times of this log; `None` if it has none.
    pub(super) fn of(log: &Utf8Path) -> Option<Self> {
        let file = super::open(&times_path(log)).ok()?;
        Some(Self { file, at: 0, block: Vec::new(), current: None, next: None })
    }

    /// When the log was written at `offset`, which is not before that of the last call, or of [`Times::seek`]. `None` if
    /// that is before the first entry.
    pub(super) fn at(&mut self, offset: u64) -> Option<i64> {
        loop {
            self.next = self.next.or_else(|| self.read());
            let Some(next) = self.next.filter(|next| next.offset <= offset) else { return self.current };
            (self.current, self.next) = (Some(next.time), None);
        }
    }

    /// Goes to the entry for `offset`.
    pub(super) fn seek(&mut self, offset: u64) {
        let after = self.partition(|entry| entry.offset <= offset);
        self.at = after.saturating_sub(1) * TimeEntry::LENGTH;
        self.block.clear();
        (self.current, self.next) = (None, None);
    }

    /// The time of the first entry.
    pub(super) fn first(&self) -> Option<i64> {
        self.near(0).map(|entry| entry.time)
    }

    /// Where in the log begins what was written at `time` or later; `None` if nothing was.
    pub(super) fn since(&self, time: i64) -> Option<u64> {
        self.near(self.partition(|entry| entry.time < time)).map(|entry| entry.offset)
    }

    /// The next entry of the file, without incomplete ones.
    fn read(&mut self) -> Option<TimeEntry> {
        loop {
            if let Some(end) = self.block.iter().position(|byte| *byte == b'\n') {
                let entry = TimeEntry::parse(&self.block[..end]);
                self.block.drain(..=end);
                if entry.is_some() {
                    return entry;
                }
                continue;
            }
            let mut more = vec![0; usize::try_from(TimeEntry::LENGTH * AT_ONCE).unwrap_or_default()];
            let count = self.file.read_at(&mut more, self.at).unwrap_or(0);
            if count == 0 {
                return None;
            }
            self.at += count as u64;
            self.block.extend_from_slice(&more[..count]);
        }
    }

    /// How many entries satisfy `before`, which those at the beginning do.
    fn partition(&self, before: impl Fn(TimeEntry) -> bool) -> u64 {
        let (mut low, mut high) =
            (0, self.file.metadata().map_or(0, |found| found.len()) / TimeEntry::LENGTH);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.near(middle).is_some_and(&before) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The entry with this number, or the next complete one.
    fn near(&self, number: u64) -> Option<TimeEntry> {
        let mut block = [0; 4 * TimeEntry::LENGTH as usize];
        let count = self.file.read_at(&mut block, number * TimeEntry::LENGTH).ok()?;
        block[..count].split(|byte| *byte == b'\n').find_map(TimeEntry::parse)
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;

    use super::*;

    #[test]
    fn times_are_found_by_place_and_by_time_and_half_entries_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let log = Utf8PathBuf::from_path_buf(folder.path().join("web.1.log")).unwrap();
        assert!(Times::of(&log).is_none());
        let entry = |number: i64| {
            TimeEntry { offset: 100 * u64::try_from(number).unwrap(), time: 5000 + number }.to_string()
        };
        let mut lines: Vec<String> = (1..1000).map(entry).collect();
        lines[500].truncate(9);
        std::fs::write(times_path(&log), lines.join("\n") + "\n").unwrap();
        let mut times = Times::of(&log).unwrap();
        assert_eq!(times.first(), Some(5001));
        assert_eq!(
            [0, 99, 100, 250, 99_950].map(|at| times.at(at)),
            [None, None, Some(5001), Some(5002), Some(5999)]
        );
        for offset in [400, 49_999, 50_000, 50_150, 50_250, 99_999] {
            times.seek(offset);
            let last = if (50_100..50_200).contains(&offset) { 500 } else { offset / 100 };
            assert_eq!(times.at(offset), Some(5000 + i64::try_from(last).unwrap()), "{offset}");
        }
        assert_eq!(
            [0, 5002, 5999, 6000].map(|time| times.since(time)),
            [Some(100), Some(200), Some(99_900), None]
        );
    }
}
