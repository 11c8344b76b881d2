//! A text that knows where its lines are.

use std::ops::Range;

use crate::place::{Place, column};

/// A text that a person wrote, with an index of its lines, to look up many places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    bytes: Vec<u8>,
    /// Where each line but the first begins.
    breaks: Vec<usize>,
}

impl Source {
    /// Indexes the lines of a text.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        let breaks =
            bytes.iter().zip(1..).filter(|(byte, _)| **byte == b'\n').map(|(_, next)| next).collect();
        Self { bytes, breaks }
    }

    /// The whole text.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Like [`Place::of`], without counting from the top.
    #[must_use]
    pub fn place(&self, offset: usize) -> Place {
        let offset = offset.min(self.bytes.len());
        let line = self.line_of(offset);
        Place { line: line + 1, column: column(&self.bytes[self.range(line)], offset - self.start(line)) }
    }

    /// The line that contains the byte at `offset`, without its end, and the offset at which it begins.
    #[must_use]
    pub fn line_at(&self, offset: usize) -> (&[u8], usize) {
        let range = self.range(self.line_of(offset.min(self.bytes.len())));
        (&self.bytes[range.clone()], range.start)
    }

    /// The index of a line, from 0.
    fn line_of(&self, offset: usize) -> usize {
        self.breaks.partition_point(|start| *start <= offset)
    }

    fn start(&self, line: usize) -> usize {
        line.checked_sub(1).map_or(0, |before| self.breaks[before])
    }

    /// The bytes of a line, without LF.
    fn range(&self, line: usize) -> Range<usize> {
        let end = self.breaks.get(line).map_or(self.bytes.len(), |next| next - 1);
        self.start(line)..end
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_is_found_by_any_of_its_bytes() {
        let source = Source::new("one\r\n\nthrée");
        let table = [
            (0, "one\r", 0),
            (4, "one\r", 0),
            (5, "", 5),
            (6, "thrée", 6),
            (9, "thrée", 6),
            (99, "thrée", 6),
        ];
        for (offset, line, start) in table {
            assert_eq!(source.line_at(offset), (line.as_bytes(), start), "offset {offset}");
        }
        assert_eq!(Source::new("").line_at(0), (&b""[..], 0));
    }

    proptest! {
        #[test]
        fn a_place_is_the_one_that_counting_finds(text in "[a\nr\r€]{0,40}", offset in 0..100_usize) {
            prop_assert_eq!(Source::new(text.as_bytes()).place(offset), Place::of(text.as_bytes(), offset));
        }
    }
}
