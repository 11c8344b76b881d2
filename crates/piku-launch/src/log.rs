//! The log of a process: whole lines, appended, and rotated before it exceeds its limit.
//!
//! Two processes may write to the same log while one replaces the other, and people move and delete logs. So the file
//! is looked up before each write, and a lock decides who renames it. When lines were written is in another file, see
//! [`Times`].

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use crate::times::{self, Times};

/// A line longer than this may be cut in two, in bytes: whoever writes it would otherwise fill the memory.
pub(crate) const LONGEST_LINE: usize = 1 << 20;

/// Where the output of a process goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRecord {
    /// The file. One older file is kept beside it, with `.1` added to its name.
    pub path: Utf8PathBuf,
    /// The size in bytes that a file does not exceed, unless by a single line.
    pub max_size: u64,
}

impl LogRecord {
    /// The file that the log becomes when it is rotated.
    #[must_use]
    pub fn older(&self) -> Utf8PathBuf {
        Utf8PathBuf::from(format!("{}.1", self.path))
    }
}

/// A log that is written.
#[derive(Debug)]
pub struct Log {
    place: LogRecord,
    open: Option<Opened>,
    /// Whether the last line written has no end yet.
    inside: bool,
    /// How many bytes could not be written, and why the first could not.
    lost: Option<(usize, String)>,
}

/// The file that is the log now, and its times.
#[derive(Debug)]
struct Opened {
    file: File,
    times: Times,
}

/// What a write came to.
enum Written {
    /// So many bytes.
    Bytes(usize),
    /// The log was rotated instead.
    Rotated,
}

impl Log {
    /// The log at this place. Its file is made by the first write.
    #[must_use]
    pub fn new(place: LogRecord) -> Self {
        Self { place, open: None, inside: false, lost: None }
    }

    /// Makes the file, so that there is a log of a process that prints nothing.
    pub(crate) fn make(&mut self) {
        drop(self.find());
    }

    /// Appends lines. If that fails, they are lost, and the next ones that are not say so: nobody should have to stop
    /// because a log can't be written.
    pub fn write(&mut self, lines: &[u8]) {
        if lines.is_empty() {
            return;
        }
        if let Some((bytes, why)) = self.lost.take() {
            let end = if self.inside { "\n" } else { "" };
            let note = format!("{end}piku: {bytes} bytes of output are missing here: {why}\n");
            if let Err((error, _)) = self.write_all(note.as_bytes()) {
                self.lost = Some((bytes + lines.len(), error.to_string()));
                return;
            }
        }
        if let Err((error, left)) = self.write_all(lines) {
            self.lost = Some((left, error.to_string()));
        }
    }

    /// Also says how many bytes were not written.
    fn write_all(&mut self, mut bytes: &[u8]) -> Result<(), (io::Error, usize)> {
        while !bytes.is_empty() {
            match self.write_some(bytes) {
                Ok(Written::Bytes(count)) => bytes = &bytes[count..],
                Ok(Written::Rotated) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err((error, bytes.len())),
            }
        }
        Ok(())
    }

    fn write_some(&mut self, bytes: &[u8]) -> io::Result<Written> {
        let size = self.find()?;
        let room = usize::try_from(self.place.max_size.saturating_sub(size)).unwrap_or(usize::MAX);
        let count = fitting(bytes, room, self.inside);
        let is_full = if self.inside {
            room == 0 && size > LONGEST_LINE as u64
        } else {
            count.is_none() || self.open.as_ref().is_some_and(|open| open.times.are_long(self.place.max_size))
        };
        if is_full && size > 0 && self.rotate()? {
            self.inside = false;
            return Ok(Written::Rotated);
        }
        let part = &bytes[..count.unwrap_or_else(|| first_line(bytes))];
        let open = self.open.as_mut().ok_or(ErrorKind::NotFound)?;
        // The rest of a line has the time of its beginning.
        if !self.inside {
            open.times.note(size);
        }
        // One write for all of it, so that lines of another process come before or after.
        let written = open.file.write(part)?;
        self.inside = part[..written].last().is_some_and(|byte| *byte != b'\n');
        Ok(Written::Bytes(written))
    }

    /// Opens the file that is the log now, and returns its size. The one that was open may have been renamed or deleted,
    /// even with its folder.
    fn find(&mut self) -> io::Result<u64> {
        if let Some(open) = &self.open
            && let Some(size) = size_of(&self.place.path, &open.file)
        {
            return Ok(size);
        }
        self.inside = false;
        self.open = None;
        let open = || {
            let mut options = OpenOptions::new();
            // A link in place of the log could lead to any file, and a pipe has no reader.
            let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
            options.append(true).create(true).mode(0o640).custom_flags(flags).open(&self.place.path)
        };
        let file = match (open(), self.place.path.parent()) {
            (Err(error), Some(folder)) if error.kind() == ErrorKind::NotFound => {
                DirBuilder::new().mode(0o700).create(folder)?;
                open()?
            }
            (opened, _) => opened?,
        };
        let size = file.metadata()?.len();
        self.open = Some(Opened { file, times: Times::of(&self.place.path) });
        Ok(size)
    }

    /// Renames the log, unless another process is doing so. The next write finds or makes the new one.
    fn rotate(&mut self) -> io::Result<bool> {
        let Some(open) = self.open.take() else { return Ok(true) };
        if open.file.try_lock().is_err() {
            self.open = Some(open);
            return Ok(false);
        }
        // Who held the lock before us has renamed it.
        if size_of(&self.place.path, &open.file).is_some() {
            times::rotate(&self.place.path, &self.place.older());
            std::fs::rename(&self.place.path, self.place.older())?;
        }
        Ok(true)
    }
}

/// The size of the file at `path`; `None` if it is not this open file.
fn size_of(path: &Utf8Path, file: &File) -> Option<u64> {
    let (there, ours) = (path.metadata().ok()?, file.metadata().ok()?);
    ((there.dev(), there.ino()) == (ours.dev(), ours.ino())).then_some(there.len())
}

/// How many bytes of whole lines there is room for; `None` if not even for one. Within a line, the rest of that line.
fn fitting(bytes: &[u8], room: usize, inside: bool) -> Option<usize> {
    if inside {
        return Some(first_line(bytes));
    }
    if bytes.len() <= room {
        return Some(bytes.len());
    }
    let end = bytes[..room].iter().rposition(|byte| *byte == b'\n')?;
    Some(end + 1)
}

/// The length of the first line with its end, or of everything if it has none.
fn first_line(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(max_size: u64) -> (tempfile::TempDir, Log) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("web.1.log");
        (folder, Log::new(LogRecord { path, max_size }))
    }

    fn both(log: &Log) -> (String, String) {
        let text = |path: &Utf8Path| std::fs::read_to_string(path).unwrap_or_default();
        (text(&log.place.older()), text(&log.place.path))
    }

    #[test]
    fn a_log_is_rotated_between_lines_and_neither_file_exceeds_the_limit() {
        let (_folder, mut log) = log(20);
        for number in 0..5 {
            log.write(format!("line {number}\nand {number}\n").as_bytes());
        }
        assert_eq!(both(&log), ("line 3\nand 3\nline 4\n".to_owned(), "and 4\n".to_owned()));
        log.write(b"1\n2\n3\n4\n5\n6\n7\n8\n9\n");
        assert_eq!(both(&log), ("and 4\n1\n2\n3\n4\n5\n6\n7\n".to_owned(), "8\n9\n".to_owned()));
        // A line that is longer than the limit is alone in its file.
        log.write(format!("{}\nshort\n", "x".repeat(50)).as_bytes());
        assert_eq!(both(&log), (format!("{}\n", "x".repeat(50)), "short\n".to_owned()));
    }

    #[test]
    fn the_rest_of_a_line_stays_with_its_beginning_unless_it_has_no_end() {
        let (_folder, mut log) = log(10);
        log.write(b"12345678");
        log.write(b"90123\nnext\n");
        assert_eq!(both(&log), ("1234567890123\n".to_owned(), "next\n".to_owned()));
        let part = vec![b'x'; 64 * 1024];
        for _ in 0..200 {
            log.write(&part);
        }
        let (older, now) = both(&log);
        assert!(older.len() + now.len() < 2 * (LONGEST_LINE + 2 * part.len()), "{}", older.len() + now.len());
    }

    #[test]
    fn two_writers_of_one_log_lose_no_line_when_it_is_rotated() {
        let (_folder, mut one) = log(50);
        let mut two = Log::new(one.place.clone());
        for number in 10..17 {
            one.write(format!("one {number}\n").as_bytes());
            two.write(format!("two {number}\n").as_bytes());
        }
        let (older, now) = both(&one);
        let all: Vec<&str> = older.lines().chain(now.lines()).collect();
        let written: Vec<String> =
            (10..17).flat_map(|number| [format!("one {number}"), format!("two {number}")]).collect();
        assert_eq!(all, written);
        assert_eq!((older.len(), now.len()), (49, 49));
    }

    /// The offsets of the times of both files.
    fn times(log: &Log) -> (Vec<u64>, Vec<u64>) {
        let offsets = |path: &Utf8Path| {
            let text = std::fs::read_to_string(times::times_path(path)).unwrap_or_default();
            text.lines().map(|line| times::TimeEntry::parse(line.as_bytes()).unwrap().offset).collect()
        };
        (offsets(&log.place.older()), offsets(&log.place.path))
    }

    #[test]
    fn times_go_with_their_log_when_it_is_rotated_emptied_and_deleted() {
        let (_folder, mut log) = log(20);
        let pause = || std::thread::sleep(std::time::Duration::from_millis(3));
        for text in ["one\n", "two ", "and the rest\n", "three\n", "four\n"] {
            log.write(text.as_bytes());
            pause();
        }
        assert_eq!(both(&log), ("one\ntwo and the rest\n".to_owned(), "three\nfour\n".to_owned()));
        assert_eq!(times(&log), (vec![0, 4], vec![0, 6]));
        File::create(&log.place.path).unwrap();
        log.write(b"five\n");
        assert_eq!(times(&log), (vec![0, 4], vec![0]), "emptied");
        pause();
        // Times that are gone are not those of another log.
        std::fs::remove_file(times::times_path(&log.place.path)).unwrap();
        log.write(b"a long sixth line\n");
        assert_eq!(times(&log), (vec![], vec![0]));
        std::fs::remove_file(&log.place.path).unwrap();
        log.write(b"seven\n");
        assert_eq!((both(&log).1.as_str(), times(&log).1), ("seven\n", vec![0]), "deleted");
    }

    #[test]
    fn a_log_that_was_deleted_is_made_again_and_one_that_cannot_be_written_says_later_what_is_missing() {
        let (folder, mut log) = log(1000);
        log.write(b"one\n");
        std::fs::remove_file(&log.place.path).unwrap();
        log.write(b"two\n");
        assert_eq!(both(&log).1, "two\n");
        std::fs::remove_file(&log.place.path).unwrap();
        let elsewhere = folder.path().join("elsewhere");
        std::fs::write(&elsewhere, "not a log").unwrap();
        std::os::unix::fs::symlink(&elsewhere, &log.place.path).unwrap();
        log.write(b"three\n");
        log.write(b"four\n");
        std::fs::remove_file(&log.place.path).unwrap();
        log.write(b"five\n");
        assert_eq!(
            both(&log).1,
            "piku: 11 bytes of output are missing here: Too many levels of symbolic links (os error 40)\nfive\n"
        );
        assert_eq!(std::fs::read_to_string(&elsewhere).unwrap(), "not a log");
        let gone = folder.path().to_owned();
        drop(folder);
        log.write(b"six\n");
        assert_eq!(both(&log).1, "six\n");
        std::fs::remove_dir_all(gone).unwrap();
    }
}
