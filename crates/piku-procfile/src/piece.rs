//! A part of a text that knows its offset.

use std::ops::Range;

/// Part of a text, and the offset at which it begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'a> {
    pub(crate) text: &'a str,
    pub(crate) start: usize,
}

impl<'a> Piece<'a> {
    pub(crate) fn span(self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    pub(crate) fn is_empty(self) -> bool {
        self.text.is_empty()
    }

    pub(crate) fn trim(self) -> Self {
        let text = self.text.trim_start();
        Self { text: text.trim_end(), start: self.start + self.text.len() - text.len() }
    }

    /// What stands before and after the first `separator`.
    pub(crate) fn split_once(self, separator: char) -> Option<(Self, Self)> {
        let (before, after) = self.text.split_once(separator)?;
        let start = self.start + before.len() + separator.len_utf8();
        Some((Self { text: before, ..self }, Self { text: after, start }))
    }

    /// The parts between separators, empty ones too.
    pub(crate) fn split(self, separator: char) -> impl Iterator<Item = Self> {
        let mut start = self.start;
        self.text.split(separator).map(move |text| {
            let piece = Self { text, start };
            start += text.len() + separator.len_utf8();
            piece
        })
    }

    /// The parts between white space, never empty.
    pub(crate) fn words(self) -> impl Iterator<Item = Piece<'a>> {
        let mut rest = self;
        std::iter::from_fn(move || {
            let (word, after) = rest.word()?;
            rest = after;
            Some(word)
        })
    }

    /// The first word, and what follows it.
    fn word(self) -> Option<(Self, Self)> {
        let from = self.trim();
        let length = from.text.find(char::is_whitespace).unwrap_or(from.text.len());
        let (word, rest) = from.text.split_at(length);
        (length > 0).then_some((Self { text: word, ..from }, Self { text: rest, start: from.start + length }))
    }

    /// The part up to the end of `last`, and the rest; `last` must be a part of this piece.
    pub(crate) fn split_after(self, last: Self) -> (Self, Self) {
        let (before, after) = self.text.split_at(last.span().end - self.start);
        (Self { text: before, ..self }, Self { text: after, start: last.span().end })
    }
}

impl<'a> From<&'a str> for Piece<'a> {
    fn from(text: &'a str) -> Self {
        Self { text, start: 0 }
    }
}
