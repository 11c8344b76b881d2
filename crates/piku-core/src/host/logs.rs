//! Reads the logs of processes, across rotation.

mod backward;
mod chatter;
mod line;
mod lines;
mod merged;
mod part;
#[cfg(test)]
mod tests;
mod times;

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use piku_launch::times_path;
use rustix::fs::OFlags;

use chatter::Chatter;
pub(crate) use line::Wanted;
pub(crate) use lines::Lines;
pub(crate) use merged::Merged;
pub(crate) use part::Form;

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

/// The files that a log may have: itself, the older one, and their times.
pub(crate) fn files(path: &Utf8Path) -> [Utf8PathBuf; 4] {
    let older = older(path);
    [path.to_owned(), times_path(path), times_path(&older), older]
}

/// Like [`lines_since`], without uWSGI's own startup and shutdown lines.
pub(crate) fn own_lines_since(path: &Utf8Path, from: u64) -> Vec<String> {
    let mut chatter = Chatter::default();
    lines_since(path, from).into_iter().filter(|line| !chatter.is(line)).collect()
}
