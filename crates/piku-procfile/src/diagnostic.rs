//! A mistake in a text that a person wrote.

use std::ops::Range;

/// How much a [`Diagnostic`] matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The text can't be used.
    Error,
    /// The text has a sensible reading, which may not be the one that was meant.
    Warning,
}

/// A mistake in a text, or something in it that deserves a second look.
///
/// It is also the error of every `FromStr` in this crate; there, `span` counts within the text that was parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Diagnostic {
    /// Whether the text can still be used.
    pub severity: Severity,
    /// Stable across releases: documentation and `--json` name mistakes by it.
    pub code: &'static str,
    /// What is wrong: lower case, without a period.
    pub message: String,
    /// Bytes of the text that the message is about. Empty where something is missing.
    pub span: Range<usize>,
    /// What to do now.
    pub help: Option<String>,
}

impl Diagnostic {
    /// Makes an error without help. Control characters in the message are escaped.
    pub fn error(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, code, message: visible(message), span, help: None }
    }

    /// Makes a warning without help. Control characters in the message are escaped.
    pub fn warning(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, code, message: visible(message), span, help: None }
    }

    /// Adds what to do now.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(visible(help)), ..self }
    }

    /// Moves the span `by` bytes to the right: from the part that was parsed to the text it is part of.
    #[must_use]
    pub fn moved(self, by: usize) -> Self {
        Self { span: self.span.start + by..self.span.end + by, ..self }
    }

    /// Whether the text can't be used.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Escapes control characters, except line ends.
fn visible(text: impl Into<String>) -> String {
    let text = text.into();
    let hidden = |character: char| character.is_control() && character != '\n';
    if !text.contains(hidden) {
        return text;
    }
    let spelled = |character: char| {
        if hidden(character) { character.escape_default().to_string() } else { character.to_string() }
    };
    text.chars().map(spelled).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_spelled_out() {
        let found = Diagnostic::error("x", 0..1, "`a\u{1b}[2Jé` is odd").with_help("one\ntwo\u{9b}");
        assert_eq!(found.to_string(), r"`a\u{1b}[2Jé` is odd");
        assert_eq!(found.help.as_deref(), Some("one\ntwo\\u{9b}"));
    }

    #[test]
    fn a_span_moves_as_a_whole() {
        assert_eq!(Diagnostic::warning("x", 1..3, "m").moved(4).span, 5..7);
    }
}
