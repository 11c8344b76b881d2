//! Parses one line of a settings file: `KEY=value`, a comment, a blank line, or a mistake.

use std::ops::Range;

use piku_procfile::Diagnostic;

use super::lines::Line;

/// The key and the value of a line, as written.
#[derive(Clone, Debug)]
pub(super) struct Written<'a> {
    /// The key, trimmed and without `export`; not yet checked.
    pub(super) key: &'a str,
    pub(super) key_span: Range<usize>,
    /// The value, trimmed.
    pub(super) value: &'a str,
    pub(super) value_span: Range<usize>,
    /// The value with the white space around it.
    pub(super) untrimmed: &'a str,
    /// The span of the word `export`, if present.
    pub(super) export: Option<Range<usize>>,
}

/// Splits a line at its first `=`; `None` for a blank line or a comment.
pub(super) fn read<'a>(line: &Line<'a>) -> Result<Option<Written<'a>>, Diagnostic> {
    let text = line.text.trim();
    if text.is_empty() || text.starts_with('#') {
        return Ok(None);
    }
    let whole = line.span_of(text);
    if is_conflict_marker(line.text) {
        return Err(Diagnostic::error("env::merge-conflict", whole, "this is a marker of a merge conflict")
            .with_help("resolve the conflict and commit the file again"));
    }
    let Some((left, untrimmed)) = line.text.split_once('=') else {
        return Err(Diagnostic::error("env::missing-equals", whole, "this line has no `=`")
            .with_help("write `KEY=value`, or begin the line with `#` to make it a comment"));
    };
    let (key, export) = match left.trim().strip_prefix("export") {
        Some(rest) if rest.starts_with(char::is_whitespace) => {
            let start = line.span_of(left.trim()).start;
            (rest.trim(), Some(start..start + "export".len()))
        }
        _ => (left.trim(), None),
    };
    let value = untrimmed.trim();
    // An empty key or value gets a span right next to the `=`.
    let key = if key.is_empty() { &left[left.len()..] } else { key };
    let value = if value.is_empty() { &untrimmed[..0] } else { value };
    let (key_span, value_span) = (line.span_of(key), line.span_of(value));
    Ok(Some(Written { key, key_span, value, value_span, untrimmed, export }))
}

/// Whether `key` can name a setting: `[A-Za-z_][A-Za-z0-9_]*`.
pub(super) fn is_key(key: &str) -> bool {
    !key.is_empty() && offender(key).is_none()
}

/// Reports an empty key, or the first character that a key can't have in that position.
pub(super) fn check_key(key: &str, span: &Range<usize>) -> Result<(), Diagnostic> {
    if key.is_empty() {
        return Err(Diagnostic::error("env::empty-key", span.clone(), "there is no key before the `=`")
            .with_help("write `KEY=value`"));
    }
    let Some((at, character)) = offender(key) else { return Ok(()) };
    let shown = character.escape_debug();
    let message = if at == 0 && character.is_ascii_digit() {
        format!("a key can't begin with a digit (`{shown}`)")
    } else {
        format!("a key can't hold `{shown}`")
    };
    let start = span.start + at;
    Err(Diagnostic::error("env::bad-key", start..start + character.len_utf8(), message)
        .with_help("use letters, digits, and `_` only, beginning with a letter or `_`"))
}

fn offender(key: &str) -> Option<(usize, char)> {
    let fits = |at: usize, c: char| c.is_ascii_alphabetic() || c == '_' || (at > 0 && c.is_ascii_digit());
    key.char_indices().find(|(at, character)| !fits(*at, *character))
}

/// Whether git wrote this line to mark a conflict: seven of one character, then a space or the end of the line.
fn is_conflict_marker(line: &str) -> bool {
    ["<<<<<<<", "|||||||", "=======", ">>>>>>>"]
        .iter()
        .any(|marker| line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')))
}
