//! Where in a text something is, as an editor counts.

use std::fmt;

/// A line and a column, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Counts LF characters.
    pub line: usize,
    /// Counts characters; a byte that is not UTF-8 counts as one.
    pub column: usize,
}

impl Place {
    /// Finds the place of the byte at `offset`.
    ///
    /// An offset inside a character counts as that character, and one past the end as the end.
    #[must_use]
    pub fn of(text: &[u8], offset: usize) -> Self {
        let offset = offset.min(text.len());
        let (before, after) = text.split_at(offset);
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let end = offset + after.iter().position(|byte| *byte == b'\n').unwrap_or(after.len());
        Self { line, column: column(&text[start..end], offset - start) }
    }
}

/// The column of the byte at `offset` of a line.
///
/// `line` must be whole: cut at the offset, a character could be counted by its bytes.
pub(crate) fn column(line: &[u8], offset: usize) -> usize {
    let mut position = 0;
    let passed = lengths(line).take_while(|length| {
        position += length;
        position <= offset
    });
    1 + passed.count()
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The length in bytes of each character of `line`.
fn lengths(line: &[u8]) -> impl Iterator<Item = usize> {
    line.utf8_chunks()
        .flat_map(|chunk| chunk.valid().chars().map(char::len_utf8).chain(chunk.invalid().iter().map(|_| 1)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn columns_count_characters_and_lines_count_newlines() {
        let text = "web: é\r\n€ab\n".as_bytes();
        let table = [
            (0, "1:1"),
            (5, "1:6"),
            (6, "1:6"),
            (7, "1:7"),
            (8, "1:8"),
            (9, "2:1"),
            (12, "2:2"),
            (14, "2:4"),
            (15, "3:1"),
        ];
        for (offset, place) in table {
            assert_eq!(Place::of(text, offset).to_string(), place, "offset {offset}");
        }
    }

    #[test]
    fn a_byte_that_is_not_utf_8_is_one_column() {
        assert_eq!(Place::of(b"\xff\xc3\xe9x", 3), Place { line: 1, column: 4 });
    }

    #[test]
    fn an_offset_behind_the_end_is_the_end() {
        assert_eq!(Place::of(b"ab", usize::MAX), Place { line: 1, column: 3 });
        assert_eq!(Place::of(b"", 7), Place { line: 1, column: 1 });
    }

    proptest! {
        #[test]
        fn a_place_never_panics_and_never_goes_back(text: Vec<u8>, offset in 0..200_usize) {
            prop_assert!(Place::of(&text, offset) <= Place::of(&text, offset + 1));
        }
    }
}
