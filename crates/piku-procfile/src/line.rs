//! Splits a file into lines.

/// A line without its end, which is LF or CRLF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// From 1.
    pub(crate) number: usize,
    /// The byte of the file at which it starts.
    pub(crate) start: usize,
    pub(crate) bytes: &'a [u8],
}

/// Splits `file` into lines, without its first `skipped` bytes. A CR without LF stays in its line.
pub(crate) fn lines(file: &[u8], skipped: usize) -> impl Iterator<Item = Line<'_>> {
    let mut start = skipped;
    file.get(skipped..).unwrap_or_default().split_inclusive(|byte| *byte == b'\n').zip(1..).map(
        move |(whole, number)| {
            let bytes = whole.strip_suffix(b"\r\n").or_else(|| whole.strip_suffix(b"\n")).unwrap_or(whole);
            let line = Line { number, start, bytes };
            start += whole.len();
            line
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_lf_or_crlf_and_the_last_may_have_no_end() {
        let found: Vec<_> =
            lines(b"##a\r\n\nb\r\r\nc\r", 2).map(|line| (line.number, line.start, line.bytes)).collect();
        let expected: [(usize, usize, &[u8]); 4] =
            [(1, 2, b"a"), (2, 5, b""), (3, 6, b"b\r"), (4, 10, b"c\r")];
        assert_eq!(found, expected);
    }
}
