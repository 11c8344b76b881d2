//! Reads the log of requests to a site, and then what nginx adds to it.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::OFlags;

use super::logs;

/// How much is read at once, in bytes.
const PORTION: usize = 64 * 1024;
/// The longest line that is kept until its end is there, in bytes. nginx writes none that is longer.
const LONGEST: usize = 64 * 1024;

/// A log of requests, read from near its end on.
#[derive(Debug)]
pub(crate) struct RequestLog {
    path: Utf8PathBuf,
    open: Option<File>,
    half: Vec<u8>,
    /// How many bytes to read of what there already is; `None` once that was read.
    back: Option<u64>,
}

impl RequestLog {
    /// The log at `path`, of which the last `back` bytes are read first, the older log included.
    pub(crate) fn new(path: Utf8PathBuf, back: u64) -> Self {
        Self { path, open: None, half: Vec::new(), back: Some(back) }
    }

    /// Calls `heard` with each line since the last call. Returns whether earlier lines were left out.
    ///
    /// A log that is not there or can't be read has no lines.
    pub(crate) fn read(&mut self, heard: &mut dyn FnMut(&str)) -> bool {
        let mut is_cut = false;
        if let Some(back) = self.back.take() {
            is_cut = self.begin(back, heard);
        }
        if self.open.is_none() {
            self.open = open(&self.path);
        }
        let Some(mut file) = self.open.take() else { return is_cut };
        let at = file.stream_position().unwrap_or(0);
        if file.metadata().is_ok_and(|about| about.len() < at) {
            drop(file.rewind());
        }
        self.lines_of(&mut file, heard);
        // nginx writes to the log that was renamed until it opens the new one.
        let same = |now: &std::fs::Metadata| file.metadata().is_ok_and(|old| old.ino() == now.ino());
        if self.path.metadata().is_ok_and(|now| !same(&now)) {
            self.lines_of(&mut file, heard);
            self.half.clear();
            let next = open(&self.path);
            if let Some(mut next) = next {
                self.lines_of(&mut next, heard);
                self.open = Some(next);
            }
        } else {
            self.open = Some(file);
        }
        is_cut
    }

    /// Reads the end of what there is.
    fn begin(&mut self, back: u64, heard: &mut dyn FnMut(&str)) -> bool {
        let length = logs::length(&self.path);
        let mut is_cut = false;
        if length < back
            && let Some(mut older) = open(&logs::older(&self.path))
        {
            is_cut |= skip_to_last(&mut older, back - length);
            self.half = skip_rest_of_line(is_cut);
            self.lines_of(&mut older, heard);
            self.half.clear();
        }
        if let Some(mut file) = open(&self.path) {
            if skip_to_last(&mut file, back) {
                is_cut = true;
                self.half = skip_rest_of_line(true);
            }
            self.lines_of(&mut file, heard);
            self.open = Some(file);
        }
        is_cut
    }

    /// Reads a file to its end.
    fn lines_of(&mut self, file: &mut File, heard: &mut dyn FnMut(&str)) {
        let mut portion = vec![0; PORTION];
        while let Ok(count @ 1..) = file.read(&mut portion) {
            for line in portion[..count].split_inclusive(|byte| *byte == b'\n') {
                self.half.extend_from_slice(line);
                if line.ends_with(b"\n") {
                    heard(String::from_utf8_lossy(&self.half).trim_end_matches('\n'));
                    self.half.clear();
                }
            }
            if self.half.len() > LONGEST {
                self.half.clear();
            }
        }
    }
}

/// What makes a line of which the beginning is missing one that nginx did not write.
fn skip_rest_of_line(is_cut: bool) -> Vec<u8> {
    if is_cut { b"- ".to_vec() } else { Vec::new() }
}

/// Goes to the last bytes of a file, unless it has no more than those.
fn skip_to_last(file: &mut File, bytes: u64) -> bool {
    let length = file.metadata().map_or(0, |about| about.len());
    length > bytes && file.seek(SeekFrom::Start(length - bytes)).is_ok()
}

fn open(path: &Utf8Path) -> Option<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    file.metadata().is_ok_and(|about| about.is_file()).then_some(file)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    fn read(log: &mut RequestLog) -> (Vec<String>, bool) {
        let mut lines = Vec::new();
        let is_cut = log.read(&mut |line| lines.push(line.to_owned()));
        (lines, is_cut)
    }

    fn append(path: &Utf8Path, text: &str) {
        let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn a_log_is_read_with_the_older_one_and_followed_across_rotation() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("blog.log")).unwrap();
        let mut log = RequestLog::new(path.clone(), 1000);
        assert_eq!(read(&mut log), (vec![], false), "there is none yet");
        append(&path, "one\ntw");
        assert_eq!(read(&mut log).0, ["one"]);
        append(&path, "o\n");
        assert_eq!(read(&mut log).0, ["two"]);
        fs::rename(&path, logs::older(&path)).unwrap();
        append(&logs::older(&path), "three\n");
        assert_eq!(read(&mut log).0, ["three"], "nginx has not opened the new one yet");
        append(&logs::older(&path), "four\n");
        append(&path, "five\n");
        assert_eq!(read(&mut log).0, ["four", "five"]);
        assert_eq!(read(&mut log).0, [""; 0]);

        let mut all = RequestLog::new(path.clone(), 1000);
        assert_eq!(
            read(&mut all),
            (["one", "two", "three", "four", "five"].map(str::to_owned).into(), false)
        );
        let mut some = RequestLog::new(path.clone(), 12);
        assert_eq!(read(&mut some), (["- e", "four", "five"].map(str::to_owned).into(), true));
        let mut few = RequestLog::new(path, 2);
        assert_eq!(read(&mut few), (vec!["- e".to_owned()], true));
    }

    #[test]
    fn a_link_in_place_of_a_log_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        append(&at("secret"), "secret\n");
        std::os::unix::fs::symlink(at("secret"), at("blog.log")).unwrap();
        assert_eq!(read(&mut RequestLog::new(at("blog.log"), 1000)).0, [""; 0]);
    }
}
