//! Reads the logs of processes, across rotation.

mod chatter;

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::OFlags;

pub(crate) use chatter::Chatter;

use super::{HostError, files};

/// How far back to look for the last lines, in bytes.
const FURTHEST: u64 = 256 * 1024;

/// Opens a log for reading. An app could put a link to another file in its place, or a pipe, which would be waited for.
fn open(path: &Utf8Path) -> std::io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(ErrorKind::InvalidInput.into()) }
}

/// The current length of a file; 0 if it does not exist.
pub(crate) fn length(path: &Utf8Path) -> u64 {
    path.metadata().map_or(0, |metadata| metadata.len())
}

/// The lines written to `path` since it was `from` bytes long.
pub(crate) fn lines_since(path: &Utf8Path, from: u64) -> Vec<String> {
    let Ok(mut file) = open(path) else { return Vec::new() };
    let length = length(path);
    // If it is shorter than before, it was rotated, and everything in it is new.
    let from = if length < from { 0 } else { from };
    let from = from.max(length.saturating_sub(FURTHEST));
    let mut bytes = Vec::new();
    if file.seek(SeekFrom::Start(from)).and_then(|_| file.read_to_end(&mut bytes)).is_err() {
        return Vec::new();
    }
    String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
}

/// The file that a log becomes when it is rotated.
pub(crate) fn older(path: &Utf8Path) -> Utf8PathBuf {
    Utf8PathBuf::from(format!("{path}.1"))
}

/// Reads the older log, unless it is the one that was followed: then there was a log between it and the current one.
fn read_between(older: &Utf8Path, followed: u64, bytes: &mut Vec<u8>) {
    if let Ok(mut file) = open(older)
        && file.metadata().is_ok_and(|metadata| metadata.ino() != followed)
    {
        // The next log is more important than why this one can't be read.
        drop(file.read_to_end(bytes));
    }
}

/// Like [`lines_since`], without uWSGI's own startup and shutdown lines.
pub(crate) fn own_lines_since(path: &Utf8Path, from: u64) -> Vec<String> {
    let mut chatter = Chatter::default();
    lines_since(path, from).into_iter().filter(|line| !chatter.is(line)).collect()
}

/// Follows a log across rotation: each call returns the lines written since the last one.
#[derive(Debug)]
pub(crate) struct Follower {
    path: Utf8PathBuf,
    open: Option<(File, u64)>,
    half: Vec<u8>,
}

impl Follower {
    /// Starts at the current end of the file, or at the beginning if it is created later.
    pub(crate) fn at_end(path: Utf8PathBuf) -> Self {
        let open = open(&path).ok().and_then(|mut file| {
            file.seek(SeekFrom::End(0)).ok()?;
            let inode = file.metadata().ok()?.ino();
            Some((file, inode))
        });
        Self { path, open, half: Vec::new() }
    }

    /// Starts at the first line.
    pub(crate) fn from_start(path: Utf8PathBuf) -> Self {
        Self { path, open: None, half: Vec::new() }
    }

    /// Complete lines since the last call.
    pub(crate) fn lines(&mut self) -> Result<Vec<String>, HostError> {
        let mut bytes = std::mem::take(&mut self.half);
        if let Some((file, inode)) = &mut self.open {
            let length = file.metadata().map_or(0, |metadata| metadata.len());
            if file.stream_position().is_ok_and(|position| position > length) {
                drop(file.seek(SeekFrom::Start(0)));
            }
            file.read_to_end(&mut bytes).map_err(HostError::file("read", &self.path))?;
            // The file was rotated: read what was written before that, then continue with the new one.
            if self.path.metadata().is_ok_and(|metadata| metadata.ino() != *inode) {
                file.read_to_end(&mut bytes).map_err(HostError::file("read", &self.path))?;
                read_between(&older(&self.path), *inode, &mut bytes);
                self.open = None;
            }
        }
        if self.open.is_none()
            && files::exists(&self.path)
            && let Ok(mut file) = open(&self.path)
        {
            file.read_to_end(&mut bytes).map_err(HostError::file("read", &self.path))?;
            let inode = file.metadata().map_err(HostError::file("look at", &self.path))?.ino();
            self.open = Some((file, inode));
        }
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        self.half = bytes.split_off(whole);
        Ok(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::rename;
    use std::io::Write;

    #[test]
    fn a_follower_survives_rotation_and_half_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("web.1.log")).unwrap();
        let append = |text: &str| {
            let mut file = OpenOptions::new().append(true).create(true).open(&path).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        };
        append("old\n");
        let mut follower = Follower::at_end(path.clone());
        append("one\ntw");
        assert_eq!(follower.lines().unwrap(), ["one"]);
        append("o\n");
        assert_eq!(follower.lines().unwrap(), ["two"]);
        append("last\n");
        rename(&path, path.with_extension("log.1")).unwrap();
        append("first\n");
        assert_eq!(follower.lines().unwrap(), ["last", "first"]);
        for line in ["second\n", "third\n"] {
            rename(&path, older(&path)).unwrap();
            append(line);
        }
        assert_eq!(follower.lines().unwrap(), ["second", "third"], "rotated twice between two looks");
        std::fs::write(&path, "first\n").unwrap();
        assert_eq!(lines_since(&path, 0), ["first"]);
        assert_eq!(lines_since(&path, 100), ["first"]);
        assert!(lines_since(&path, 6).is_empty());
    }

    #[test]
    fn a_link_or_a_pipe_in_place_of_a_log_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        std::fs::write(at("secret"), "secret\n").unwrap();
        std::os::unix::fs::symlink(at("secret"), at("link.log")).unwrap();
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe.log").as_std_path(), mode).unwrap();
        for name in ["link.log", "pipe.log"] {
            assert!(lines_since(&at(name), 0).is_empty());
            assert!(Follower::from_start(at(name)).lines().unwrap().is_empty());
        }
        assert_eq!(lines_since(&at("secret"), 0), ["secret"]);
    }
}
