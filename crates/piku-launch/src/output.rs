//! The output of a program, from a pipe into its log.
//!
//! The pipe blocks: a program that writes faster than the log takes it waits, and nothing is lost. Only the reading
//! end, which is an open file of its own, does not block.

use std::io::{PipeReader, PipeWriter};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::log::{LONGEST_LINE, Log, LogRecord};

/// How much is read at once, in bytes: as much as a pipe holds.
const CHUNK: usize = 64 * 1024;

/// How long the end of a line may be late before the rest of it is written without.
pub(crate) const LATE: Duration = Duration::from_millis(100);

/// The reading end of a program's output, and its log.
#[derive(Debug)]
pub(crate) struct Output {
    pipe: PipeReader,
    log: Log,
    /// What was read and is not in the log yet: the beginning of a line.
    pending: Vec<u8>,
}

/// What reading once gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// So many bytes.
    Bytes(usize),
    /// Nothing yet.
    Nothing,
    /// Nobody can write any more.
    End,
}

impl Output {
    /// Makes a pipe; the program gets its other end.
    pub(crate) fn new(place: LogRecord) -> std::io::Result<(Self, PipeWriter)> {
        let (pipe, writer) = std::io::pipe()?;
        let flags = rustix::fs::fcntl_getfl(&pipe)?;
        rustix::fs::fcntl_setfl(&pipe, flags | OFlags::NONBLOCK)?;
        Ok((Self { pipe, log: Log::new(place), pending: Vec::new() }, writer))
    }

    /// Reads once and writes the whole lines of it.
    pub(crate) fn read(&mut self) -> Read {
        self.pending.reserve(CHUNK);
        let before = self.pending.len();
        let count = match rustix::io::read(&self.pipe, spare_capacity(&mut self.pending)) {
            Ok(0) => return Read::End,
            Ok(count) => count,
            Err(Errno::AGAIN | Errno::INTR) => return Read::Nothing,
            Err(_) => return Read::End,
        };
        let end = self.pending[before..].iter().rposition(|byte| *byte == b'\n').map(|at| before + at + 1);
        let whole = end.or_else(|| (self.pending.len() >= LONGEST_LINE).then_some(self.pending.len()));
        if let Some(whole) = whole {
            self.log.write(&self.pending[..whole]);
            self.pending.drain(..whole);
        }
        if self.pending.is_empty() {
            // At rest it holds no memory.
            self.pending = Vec::new();
        }
        Read::Bytes(count)
    }

    /// Whether it waits for the end of a line.
    pub(crate) fn is_inside_a_line(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Writes the beginning of a line whose end is late.
    pub(crate) fn flush(&mut self) {
        self.log.write(&self.pending);
        self.pending = Vec::new();
    }

    /// Writes what the program left in the pipe when it ended. Its descendants may still write; they are not waited for.
    pub(crate) fn finish(&mut self) {
        let mut left = rustix::io::ioctl_fionread(&self.pipe).unwrap_or(0);
        while left > 0
            && let Read::Bytes(count) = self.read()
        {
            left = left.saturating_sub(count as u64);
        }
        self.flush();
    }
}

impl AsFd for Output {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}
