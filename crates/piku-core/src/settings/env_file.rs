//! The `ENV` file in an app's top folder.

use std::collections::BTreeMap;
use std::ops::Range;

use piku_procfile::{Diagnostic, Severity};

use super::assignment::{self, Written, check_key};
use super::expand::expand;
use super::{keys, limits, lines};

/// One setting of an `ENV` file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Assignment {
    /// `[A-Za-z_][A-Za-z0-9_]*`.
    pub key: String,
    /// The value, with every known `$NAME` replaced.
    pub value: String,
    /// The bytes of the file that hold the value as written.
    pub span: Range<usize>,
    /// The bytes of the file that hold the key.
    pub key_span: Range<usize>,
}

/// The contents of an `ENV` file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParsedEnv {
    /// Each key once, in the order of the lines that set it; `None` if there is any error.
    pub values: Option<Vec<Assignment>>,
    /// Every error and warning, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses an `ENV` file. It may refer to the variables in `known` and to its own earlier lines.
///
/// A line is `KEY=value`, with white space around both trimmed. Quotes are part of the value. `$NAME` and `${NAME}`
/// are replaced if the name is known and left alone otherwise; `\$` is a literal `$`. If a key is given twice, the
/// last line wins. Blank lines and lines that begin with `#` are skipped; any other line is an error.
#[must_use]
pub fn parse(bytes: &[u8], known: &BTreeMap<String, String>) -> ParsedEnv {
    EnvFile::read(bytes).expand(known)
}

/// A parsed `ENV` file that is not expanded yet, since its values depend on variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EnvFile {
    /// Every line that sets a key, with the value as written.
    lines: Vec<Assignment>,
    /// Errors and warnings that do not depend on variables.
    diagnostics: Vec<Diagnostic>,
}

impl EnvFile {
    /// Parses the lines of a file.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let mut file = Self::default();
        let mut earlier = BTreeMap::new();
        for line in lines::split(bytes, &mut file.diagnostics) {
            match assignment::read(&line) {
                Ok(Some(written)) => file.take(&written, line.number, &mut earlier),
                Ok(None) => {}
                Err(mistake) => file.diagnostics.push(mistake),
            }
        }
        file
    }

    fn take(&mut self, written: &Written<'_>, line: usize, earlier: &mut BTreeMap<String, usize>) {
        let Written { key, key_span, value, value_span, .. } = written;
        if let Err(mistake) = check_key(key, key_span) {
            self.diagnostics.push(mistake);
            return;
        }
        let suggests = self.diagnostics.len() < keys::SUGGESTIONS;
        self.diagnostics.extend(second_looks(written, suggests));
        if let Some(earlier) = earlier.insert((*key).to_owned(), line) {
            let message = format!("`{key}` is set again, in place of line {earlier}");
            self.diagnostics.push(
                Diagnostic::warning("env::duplicate-key", key_span.clone(), message)
                    .with_help("keep one of the two lines"),
            );
        }
        let (key, value) = ((*key).to_owned(), (*value).to_owned());
        self.lines.push(Assignment { key, value, span: value_span.clone(), key_span: key_span.clone() });
    }

    /// Expands every reference to an earlier line or to one of the `known` variables.
    pub(crate) fn expand(&self, known: &BTreeMap<String, String>) -> ParsedEnv {
        let mut diagnostics = self.diagnostics.clone();
        let mut found = Found { known, values: BTreeMap::new() };
        // The weight of all lines, including those that a later line replaces.
        let mut weight = 0;
        for (at, line) in self.lines.iter().enumerate() {
            let value = expand(&line.value, |name| found.lookup(name));
            let Some(value) = value.filter(|value| limits::check(&line.key, value).is_ok()) else {
                diagnostics.push(limits::too_long(&line.key, line.span.clone()));
                continue;
            };
            weight += limits::weight(&line.key, &value);
            // A short file can expand to any size, since it may refer to a long value many times.
            if weight > limits::MAX_TOGETHER {
                diagnostics.push(limits::too_much(line.key_span.start..line.span.end));
                break;
            }
            found.values.insert(&line.key, (at, value));
        }
        diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
        let failed = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
        let mut values: Vec<_> = found.values.into_values().collect();
        values.sort_by_key(|(at, _)| *at);
        let assignment = |(at, value): (usize, String)| Assignment { value, ..self.lines[at].clone() };
        let values = (!failed).then(|| values.into_iter().map(assignment).collect());
        ParsedEnv { values, diagnostics }
    }
}

/// The values so far.
struct Found<'a> {
    known: &'a BTreeMap<String, String>,
    /// By key, each with the index of its line.
    values: BTreeMap<&'a str, (usize, String)>,
}

impl Found<'_> {
    /// Looks in earlier lines first, then in `known`; the other way round for piku's reserved variables.
    fn lookup(&self, name: &str) -> Option<&str> {
        let known = self.known.get(name);
        let earlier = self.values.get(name).map(|(_, earlier)| earlier);
        let chosen = if keys::is_own(name) { known.or(earlier) } else { earlier.or(known) };
        chosen.map(String::as_str)
    }
}

/// Warnings about a line that is valid but odd.
fn second_looks(written: &Written<'_>, suggests: bool) -> Vec<Diagnostic> {
    let Written { key, key_span, value, value_span, untrimmed, export } = written;
    let mut odd = Vec::new();
    if let Some(span) = export {
        let message = format!("`export` is not needed: this sets `{key}`");
        odd.push(Diagnostic::warning("env::export", span.clone(), message).with_help("remove `export`"));
    }
    odd.extend(keys::second_look(key, key_span.clone(), suggests));
    if ['"', '\''].iter().any(|quote| value.len() > 1 && value.starts_with(*quote) && value.ends_with(*quote))
    {
        let message = format!("the quotes are part of the value of `{key}`");
        odd.push(
            Diagnostic::warning("env::quoted", value_span.clone(), message)
                .with_help("remove them, unless the app wants them"),
        );
    }
    if let Some(at) = inline_comment(untrimmed) {
        let trimmed_off = untrimmed.len() - untrimmed.trim_start().len();
        let (start, end) = (value_span.start + at - trimmed_off, value_span.end);
        let message =
            format!("`#` begins a comment only at the start of a line: this is part of the value of `{key}`");
        odd.push(
            Diagnostic::warning("env::inline-comment", start..end, message)
                .with_help("put the comment on its own line"),
        );
    }
    odd
}

/// The offset of the first `#` that follows white space.
fn inline_comment(untrimmed: &str) -> Option<usize> {
    let mut after_blank = false;
    for (at, character) in untrimmed.char_indices() {
        if after_blank && character == '#' {
            return Some(at);
        }
        after_blank = character.is_whitespace();
    }
    None
}
