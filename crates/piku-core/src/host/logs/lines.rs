//! The lines of a log, one after the other, over its rotated file and across rotation.

use std::collections::VecDeque;
use std::fs::File;

use camino::{Utf8Path, Utf8PathBuf};

use super::chatter::Chatter;
use super::line::{Line, Wanted};
use super::part::{Form, Part, inode};
use super::{older, open};

/// How much is read at once, in bytes.
const CHUNK: usize = 32 * 1024;

/// A longer line is shown in pieces, in bytes: whoever reads it would otherwise fill the memory.
pub(super) const LONGEST: usize = 1 << 20;

/// A place in a log: the number of its file, the oldest first, and an offset.
pub(super) type Place = (usize, u64);

/// Reads the lines of a log.
#[derive(Debug)]
pub(crate) struct Lines {
    path: Utf8PathBuf,
    form: Form,
    /// The file that is read, and newer ones.
    pub(super) parts: VecDeque<Part>,
    /// The older file, which is known: as long as it is open, no other one has its number.
    known: Option<(u64, File)>,
    /// Where the bytes in `buffer` from `begin` on are in that file.
    at: u64,
    buffer: Vec<u8>,
    begin: usize,
    /// How many of them have no end of a line.
    searched: usize,
    /// Where the last file ends for this reader, unless it goes on.
    end: Option<u64>,
    chatter: Chatter,
    latest: i64,
    ended: bool,
}

impl Lines {
    /// The log at `path`, from its first line on. Unless it `goes_on`, up to its present end.
    pub(crate) fn open(path: Utf8PathBuf, form: Form, goes_on: bool) -> Self {
        let parts = parts(&path, form);
        let known = hold(&older(&path));
        let end = parts.back().map_or(0, Part::length);
        Self {
            path,
            form,
            parts,
            known,
            at: 0,
            buffer: Vec::new(),
            begin: 0,
            searched: 0,
            end: (!goes_on).then_some(end),
            chatter: Chatter::default(),
            latest: i64::MIN,
            ended: false,
        }
    }

    /// The place after the last line.
    pub(super) fn end(&self) -> Place {
        (self.parts.len().saturating_sub(1), self.parts.back().map_or(0, Part::length))
    }

    /// Goes to the first line, or to the first one that may be of that time or later.
    pub(super) fn go_to_first(&mut self, since: Option<i64>) {
        let Some(time) = since else { return };
        let begins = self.parts.iter().map(|part| (part.since(time), part.length()));
        let first = begins.enumerate().find(|(_, (begin, length))| begin < length);
        self.go_to(first.map_or_else(|| self.end(), |(part, (begin, _))| (part, begin)));
    }

    /// Goes to a place of the files that were there when the log was opened.
    pub(super) fn go_to(&mut self, (part, offset): Place) {
        self.parts.drain(..part.min(self.parts.len()));
        self.leave(offset);
    }

    /// Goes to the end.
    pub(crate) fn go_to_end(&mut self) {
        self.go_to(self.end());
    }

    /// The next line that is wanted; `None` if there is none yet. A line without an end is one if the log does not go
    /// on.
    pub(crate) fn next(&mut self, wanted: &Wanted<'_>) -> Option<Line> {
        while !self.ended {
            let (offset, bytes) = self.next_bytes()?;
            let mut line = self.parts.front_mut()?.line(offset, &bytes);
            self.ended = wanted.ends_before(&line);
            let is_wanted = wanted.takes(&line, &mut self.chatter);
            line.order = line.order.max(self.latest);
            self.latest = line.order;
            if is_wanted {
                return Some(line);
            }
        }
        None
    }

    /// Notices that the log was rotated, emptied, or made.
    pub(crate) fn renew(&mut self) {
        let read = self.at + (self.buffer.len() - self.begin) as u64;
        match self.parts.make_contiguous() {
            [part] if part.length() < read => self.leave(0),
            [part] => part.find_times(&self.path),
            _ => {}
        }
        let current = self.parts.back().map(|part| part.inode);
        if inode(&self.path).is_none_or(|now| current == Some(now)) {
            return;
        }
        let mut new = parts(&self.path, self.form);
        // If what was read became the older file, it is known; if not, there was a log in between.
        let before = self.known.as_ref().map(|(inode, _)| *inode);
        new.retain(|part| ![current, before].contains(&Some(part.inode)));
        self.known = hold(&older(&self.path));
        self.parts.extend(new);
    }

    /// The next line with its offset in the first file.
    fn next_bytes(&mut self) -> Option<(u64, Vec<u8>)> {
        loop {
            let pending = &self.buffer[self.begin..];
            let end = pending[self.searched..].iter().position(|byte| *byte == b'\n');
            if let Some(end) = end.map(|end| self.searched + end) {
                return Some(self.take(end, 1));
            }
            self.searched = pending.len();
            if pending.len() >= LONGEST {
                return Some(self.take(LONGEST, 0));
            }
            if self.read_more() {
                continue;
            }
            let rest = self.buffer.len() - self.begin;
            let is_last = self.parts.len() <= 1;
            if rest > 0 && (!is_last || self.end.is_some()) {
                return Some(self.take(rest, 0));
            }
            if is_last {
                return None;
            }
            self.parts.pop_front();
            self.leave(0);
        }
    }

    fn read_more(&mut self) -> bool {
        let Some(part) = self.parts.front() else { return false };
        self.buffer.drain(..self.begin);
        self.begin = 0;
        let from = self.at + self.buffer.len() as u64;
        let end = self.end.filter(|_| self.parts.len() == 1).unwrap_or(u64::MAX);
        let room = usize::try_from(end.saturating_sub(from)).unwrap_or(CHUNK).min(CHUNK);
        room > 0 && part.read(from, room, &mut self.buffer) > 0
    }

    /// Takes so many bytes of the buffer, and passes over so many after them.
    fn take(&mut self, count: usize, passed: usize) -> (u64, Vec<u8>) {
        let taken = (self.at, self.buffer[self.begin..self.begin + count].to_vec());
        self.begin += count + passed;
        self.at += (count + passed) as u64;
        self.searched = 0;
        if self.begin == self.buffer.len() {
            // At rest it holds no memory.
            (self.buffer, self.begin) = (Vec::new(), 0);
        }
        taken
    }

    /// Forgets what was read, and goes on at `offset` of the first file.
    fn leave(&mut self, offset: u64) {
        (self.at, self.begin, self.searched) = (offset, 0, 0);
        self.buffer.clear();
        self.parts.iter_mut().take(1).for_each(|part| part.seek(offset));
    }
}

/// The files of a log, the older one first.
fn parts(path: &Utf8Path, form: Form) -> VecDeque<Part> {
    loop {
        let current = Part::open(path, form);
        let previous = Part::open(&older(path), form);
        let same = |one: &Part| previous.as_ref().is_some_and(|other| one.inode == other.inode);
        // It was rotated between the two looks.
        if current.as_ref().is_some_and(same) {
            continue;
        }
        return previous.into_iter().chain(current).collect();
    }
}

fn hold(path: &Utf8Path) -> Option<(u64, File)> {
    let file = open(path).ok()?;
    Some((inode(path)?, file))
}
