//! Draws a mistake below its line.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use piku_core::{FileDiagnostic, Severity};

use crate::control_characters::visible;

/// Formats a mistake: severity, code, message; the place, the line, and a marker; the help.
pub(crate) fn diagnostic(found: &FileDiagnostic, color: bool) -> String {
    let what = &found.diagnostic;
    let level = if what.severity == Severity::Error { Level::ERROR } else { Level::WARNING };
    let (message, file) = (visible(&what.message), visible(&found.file));
    let help = what.help.as_deref().map(visible);
    let (line, start) = found.text.line_at(what.span.start);
    let span = what.span.start.saturating_sub(start)..what.span.end.saturating_sub(start);
    let (text, span) = shown(line, &span);
    let place = found.place();
    let mut group = annotate_snippets::Group::with_title(level.primary_title(message).id(what.code));
    if !found.text.bytes().is_empty() {
        let snippet = Snippet::source(text).path(file.as_ref()).line_start(place.line);
        group = group.element(snippet.annotation(AnnotationKind::Primary.span(span)));
    } else if !found.file.is_empty() {
        group = group.element(
            annotate_snippets::Origin::path(file.as_ref()).line(place.line).char_column(place.column),
        );
    }
    if let Some(help) = &help {
        group = group.element(Level::HELP.message(help.as_ref()));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group])
}

/// Returns a line as text, and the position of a span of its bytes in that text.
///
/// An invalid or control character becomes a visible one, so that columns stay aligned.
fn shown(line: &[u8], span: &Range<usize>) -> (String, Range<usize>) {
    const NONE: char = char::REPLACEMENT_CHARACTER;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut text = String::with_capacity(line.len());
    let mut marked = 0..0;
    let mut at = 0;
    let characters = line.utf8_chunks().flat_map(|chunk| {
        let valid =
            chunk.valid().chars().map(|c| (if c.is_control() && c != '\t' { NONE } else { c }, c.len_utf8()));
        valid.chain(chunk.invalid().iter().map(|_| (NONE, 1)))
    });
    for (character, length) in characters {
        if at <= span.start {
            marked.start = text.len();
        }
        text.push(character);
        at += length;
        if at <= span.end {
            marked.end = text.len();
        }
    }
    // Something is missing after the last character.
    if span.start >= at {
        marked.start = text.len();
    }
    marked.end = marked.end.max(marked.start);
    (text, marked)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use piku_core::{Diagnostic, FileDiagnostic, Source};

    #[test]
    fn a_mistake_is_drawn_under_its_line_whatever_bytes_are_in_it() {
        let text = b"web: x\nw\x1b[2J\xffrker x\r\n";
        let at = text.iter().position(|byte| *byte == 0xff).unwrap_or_default();
        let found = Diagnostic::error("procfile::not-utf-8", at..at + 1, "byte 0xff is not UTF-8\u{1b}[2J");
        let (found, text) =
            (found.with_help("save the file as UTF-8\u{7}"), Arc::new(Source::new(&text[..])));
        let found = FileDiagnostic::of("Procfile", &text, vec![found]).next().unwrap();
        insta::assert_snapshot!(super::diagnostic(&found, false), @r"
        error[procfile::not-utf-8]: byte 0xff is not UTF-8\u{1b}[2J
         --> Procfile:2:6
          |
        2 | w�[2J�rker x
          |      ^
          |
          = help: save the file as UTF-8\u{7}
        ");
    }

    #[test]
    fn a_span_is_found_again_when_characters_change_their_length() {
        let cases: [(&[u8], _, _, _); 5] = [
            (b"abc", 1..2, "abc", 1..2),
            (b"\x1bbc", 1..2, "\u{fffd}bc", 3..4),
            (b"a\xff\xffc", 1..3, "a\u{fffd}\u{fffd}c", 1..7),
            (b"abc\r", 3..3, "abc", 3..3),
            (b"", 0..0, "", 0..0),
        ];
        for (line, span, text, marked) in cases {
            assert_eq!(super::shown(line, &span), (text.to_owned(), marked), "{line:?}");
        }
    }
}
