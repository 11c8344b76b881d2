//! Which bytes a Procfile may contain: UTF-8 without NUL, in lines that end in LF or CRLF.

use std::ops::Range;

use crate::diagnostic::Diagnostic;
use crate::line::Line;
use crate::piece::Piece;

const MARK: &[u8] = b"\xef\xbb\xbf";

/// Recognizes UTF-16 and UTF-32, in which nothing can be read.
pub(crate) fn foreign(file: &[u8]) -> Option<Diagnostic> {
    let name = match file {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => "UTF-32",
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "UTF-16",
        // Without a byte order mark: every second byte of ASCII text is NUL.
        [0, 1..=255, 0, 1..=255, ..] | [1..=255, 0, 1..=255, 0, ..] => "UTF-16",
        _ => return None,
    };
    let help = format!("save the file as UTF-8: it looks like {name}");
    let first = file.iter().position(|byte| *byte == 0 || !byte.is_ascii())?;
    let diagnostic = match file[first] {
        0 => nul(first..first + 1),
        byte => not_utf_8(byte, first..first + 1),
    };
    Some(diagnostic.with_help(help))
}

/// Finds a byte order mark, which some editors write in front of UTF-8. It is skipped.
pub(crate) fn mark(file: &[u8]) -> Option<Diagnostic> {
    file.starts_with(MARK).then(|| {
        Diagnostic::warning("procfile::bom", 0..MARK.len(), "the file begins with a byte order mark")
            .with_help("save the file as UTF-8 without a byte order mark (BOM)")
    })
}

/// Returns the text of a line, or a diagnostic for the first invalid byte of each kind.
pub(crate) fn text<'a>(line: &Line<'a>) -> Result<Piece<'a>, Vec<Diagnostic>> {
    let span = |offset: usize| line.start + offset..line.start + offset + 1;
    let find = |wanted: u8| line.bytes.iter().position(|byte| *byte == wanted);
    let text = std::str::from_utf8(line.bytes);
    let foreign = text.err().and_then(|error| {
        let offset = error.valid_up_to();
        let byte = line.bytes.get(offset)?;
        Some(not_utf_8(*byte, span(offset)).with_help("save the file as UTF-8"))
    });
    let nul = find(0).map(|offset| nul(span(offset)).with_help("remove the NUL byte"));
    let cr = find(b'\r').map(|offset| {
        let message = "a carriage return (CR) is not the end of a line";
        Diagnostic::error("procfile::stray-cr", span(offset), message).with_help("end lines with LF or CRLF")
    });
    match (text, foreign.into_iter().chain(nul).chain(cr).collect::<Vec<_>>()) {
        (Ok(text), flaws) if flaws.is_empty() => Ok(Piece { text, start: line.start }),
        (_, flaws) => Err(flaws),
    }
}

fn not_utf_8(byte: u8, span: Range<usize>) -> Diagnostic {
    Diagnostic::error("procfile::not-utf-8", span, format!("byte 0x{byte:02x} is not UTF-8"))
}

fn nul(span: Range<usize>) -> Diagnostic {
    Diagnostic::error("procfile::nul", span, "byte 0x00 (NUL) can't be in a Procfile")
}

/// Formats a character so that an invisible one is visible.
pub(crate) fn shown(character: char) -> String {
    match character {
        ' ' => "a space".to_owned(),
        '\t' => "a tab".to_owned(),
        _ if character.is_ascii_graphic() || character.is_alphanumeric() => format!("`{character}`"),
        _ => format!("U+{:04X}", u32::from(character)),
    }
}
