//! Finds where the last lines of several logs begin, from their ends: most of a long log is never read.

use super::chatter::Chatter;
use super::line::Wanted;
use super::lines::{Lines, Place};
use super::part::Part;

/// How much is read at once, in bytes. With two lines that are longer, twice as much, up to [`LARGEST`].
const BLOCK: u64 = 64 * 1024;
const LARGEST: u64 = 4 << 20;

/// Goes to where the last `count` lines of all these logs together begin, those that are wanted.
pub(crate) fn go_to_last(logs: &mut [&mut Lines], count: usize, wanted: &Wanted<'_>) {
    let mut readers: Vec<Backward> = logs.iter().map(|log| Backward::of(log, wanted)).collect();
    let mut begins: Vec<Place> = logs.iter().map(|log| log.end()).collect();
    for _ in 0..count {
        let orders = readers.iter_mut().zip(logs.iter_mut()).map(|(reader, log)| reader.peek(log, wanted));
        // Of lines of the same time, those of the first log come first.
        let last = orders.enumerate().filter_map(|(at, order)| Some((order?, at))).max();
        let Some((_, at)) = last else { break };
        begins[at] = readers[at].take();
    }
    logs.iter_mut().zip(begins).for_each(|(log, begin)| log.go_to(begin));
}

/// The lines of one log that are wanted, the last one first.
struct Backward {
    /// The file, and where its lines that were not looked at yet begin and end.
    part: usize,
    begin: u64,
    end: u64,
    /// Lines that were, with what tells their order.
    found: Vec<(i64, Place)>,
    earliest: i64,
    ended: bool,
}

impl Backward {
    fn of(log: &Lines, wanted: &Wanted<'_>) -> Self {
        let (part, _) = log.end();
        let mut reader = Self {
            part,
            begin: 0,
            end: 0,
            found: Vec::new(),
            earliest: i64::MAX,
            ended: log.parts.is_empty(),
        };
        log.parts.back().into_iter().for_each(|part| reader.enter(part, wanted));
        reader
    }

    /// Goes to the end of a file, as far as lines of the wanted times may be there.
    fn enter(&mut self, part: &Part, wanted: &Wanted<'_>) {
        self.begin = wanted.since.map_or(0, |since| part.since(since));
        self.end = wanted.until.map_or_else(|| part.length(), |until| part.until(until));
    }

    /// What tells the order of the next line.
    fn peek(&mut self, log: &mut Lines, wanted: &Wanted<'_>) -> Option<i64> {
        while self.found.is_empty() && !self.ended {
            if self.end > self.begin {
                self.look(&mut log.parts[self.part], wanted);
            } else if self.part > 0 {
                self.part -= 1;
                self.enter(&log.parts[self.part], wanted);
            } else {
                self.ended = true;
            }
        }
        self.found.last().map(|(order, _)| (*order).min(self.earliest))
    }

    fn take(&mut self) -> Place {
        let (order, place) = self.found.pop().unwrap_or((i64::MIN, (self.part, self.end)));
        self.earliest = order.min(self.earliest);
        place
    }

    /// Looks at the lines of a block before the end.
    fn look(&mut self, part: &mut Part, wanted: &Wanted<'_>) {
        let block = Block::before(part, self.end);
        part.seek(block.offset);
        let (mut chatter, mut offset) = (Chatter::default(), block.offset);
        for bytes in block.bytes.split_inclusive(|byte| *byte == b'\n') {
            let line = part.line(offset, bytes.strip_suffix(b"\n").unwrap_or(bytes));
            if wanted.takes(&line, &mut chatter) && offset >= block.first {
                self.found.push((line.order, (self.part, offset)));
            }
            offset += bytes.len() as u64;
        }
        self.end = block.first;
    }
}

/// Some lines of a file.
struct Block {
    offset: u64,
    bytes: Vec<u8>,
    /// Where the first one begins. The one before it is there too: it may tell whose a line is.
    first: u64,
}

impl Block {
    fn before(part: &Part, end: u64) -> Self {
        let mut size = BLOCK;
        loop {
            let offset = end.saturating_sub(size);
            let mut bytes = Vec::new();
            part.read(offset, usize::try_from(end - offset).unwrap_or_default(), &mut bytes);
            if offset == 0 {
                return Self { offset, bytes, first: 0 };
            }
            let mut ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
            if let (Some(line), Some(first)) = (ends.next(), ends.next())
                && first < bytes.len()
            {
                bytes.drain(..line);
                return Self { offset: offset + line as u64, bytes, first: offset + first as u64 };
            }
            if size >= LARGEST {
                return Self { offset, bytes, first: offset };
            }
            size *= 2;
        }
    }
}
