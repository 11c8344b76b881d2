//! Splits a settings file into lines and checks its encoding.

use std::ops::Range;

use piku_procfile::Diagnostic;

/// A line without its line ending.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    /// From 1.
    pub(super) number: usize,
    /// Its offset in the file, in bytes.
    pub(super) start: usize,
}

impl Line<'_> {
    /// The span of `part` in the file; `part` must be a slice of this line.
    pub(super) fn span_of(&self, part: &str) -> Range<usize> {
        let offset = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let start = self.start + offset.min(self.text.len());
        start..start + part.len()
    }
}

/// Splits a file into lines. A line with invalid bytes is reported and left out.
///
/// Lines end in LF or CRLF. A byte order mark is dropped with a warning. Other encodings, NUL, and a CR anywhere
/// else are errors, as in a Procfile.
pub(super) fn split<'a>(bytes: &'a [u8], diagnostics: &mut Vec<Diagnostic>) -> Vec<Line<'a>> {
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        diagnostics.push(
            Diagnostic::error("env::not-utf-8", 0..2, "the file is UTF-16, not UTF-8")
                .with_help("save it as UTF-8"),
        );
        return Vec::new();
    }
    let body = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut start = bytes.len() - body.len();
    if start > 0 {
        diagnostics.push(
            Diagnostic::warning("env::bom", 0..start, "the file begins with a byte order mark")
                .with_help("save it as UTF-8 without a byte order mark"),
        );
    }
    let mut lines = Vec::new();
    for (index, whole) in body.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let ended = whole.strip_suffix(b"\n").map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        if let Some(text) = check(ended.unwrap_or(whole), start, diagnostics) {
            lines.push(Line { text, number: index + 1, start });
        }
        start += whole.len();
    }
    lines
}

/// Returns the line as text if all of its bytes are valid.
fn check<'a>(line: &'a [u8], start: usize, diagnostics: &mut Vec<Diagnostic>) -> Option<&'a str> {
    let text = match std::str::from_utf8(line) {
        Ok(text) => text,
        Err(error) => {
            let at = error.valid_up_to();
            let length = error.error_len().unwrap_or(line.len() - at);
            let message = format!("the byte 0x{:02X} is not UTF-8", line[at]);
            let span = start + at..start + at + length;
            diagnostics
                .push(Diagnostic::error("env::not-utf-8", span, message).with_help("save the file as UTF-8"));
            return None;
        }
    };
    let mut sound = true;
    let mut refuse = |unwanted: char, code, message, help| {
        if let Some(at) = text.find(unwanted) {
            let span = start + at..start + at + 1;
            diagnostics.push(Diagnostic::error(code, span, message).with_help(help));
            sound = false;
        }
    };
    refuse('\0', "env::nul", "the byte 0x00 (NUL) can't be in a setting", "remove the byte");
    refuse(
        '\r',
        "env::stray-cr",
        "a carriage return (0x0D) that does not end a line",
        "end every line with LF or CRLF",
    );
    sound.then_some(text)
}
