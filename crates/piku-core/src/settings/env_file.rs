//! The `ENV` file in an app's top folder.

use std::collections::BTreeMap;
use std::ops::Range;

use piku_procfile::{Diagnostic, Severity};

use super::assignment::{self, Written, check_key};
use super::expand::expand;
use super::{keys, limits, lines};

/// One setting of an `ENV` file.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    let mut diagnostics = Vec::new();
    let mut file = File { known, found: BTreeMap::new(), weight: 0 };
    for line in lines::split(bytes, &mut diagnostics) {
        let outcome = assignment::read(&line).and_then(|written| match written {
            Some(written) => file.take(&written, line.number, &mut diagnostics),
            None => Ok(()),
        });
        diagnostics.extend(outcome.err());
        // A short file can expand to any size, since it may refer to a long value many times.
        if file.weight > limits::MAX_TOGETHER {
            diagnostics.push(limits::too_much(line.span_of(line.text)));
            break;
        }
    }
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    let failed = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    let mut found: Vec<_> = file.found.into_values().collect();
    found.sort_by_key(|(line, _)| *line);
    let values = (!failed).then(|| found.into_iter().map(|(_, assignment)| assignment).collect());
    ParsedEnv { values, diagnostics }
}

/// What has been read so far.
struct File<'a> {
    known: &'a BTreeMap<String, String>,
    /// By key, each with its line number.
    found: BTreeMap<String, (usize, Assignment)>,
    /// The weight of all lines, including those that a later line replaced.
    weight: usize,
}

impl File<'_> {
    fn take(
        &mut self,
        written: &Written<'_>,
        line: usize,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<(), Diagnostic> {
        let Written { key, key_span, value, value_span, .. } = written;
        check_key(key, key_span)?;
        diagnostics.extend(second_looks(written, diagnostics.len() < keys::SUGGESTIONS));
        let too_long = || limits::too_long(key, value_span.clone());
        let value = expand(value, |name| self.lookup(name)).ok_or_else(too_long)?;
        limits::check(key, &value).map_err(|_| too_long())?;
        self.weight += limits::weight(key, &value);
        let key_text = (*key).to_owned();
        let assignment =
            Assignment { key: key_text.clone(), value, span: value_span.clone(), key_span: key_span.clone() };
        if let Some((earlier, _)) = self.found.insert(key_text, (line, assignment)) {
            let message = format!("`{key}` is set again, in place of line {earlier}");
            diagnostics.push(
                Diagnostic::warning("env::duplicate-key", key_span.clone(), message)
                    .with_help("keep one of the two lines"),
            );
        }
        Ok(())
    }

    /// Looks in earlier lines first, then in `known`; the other way round for piku's reserved variables.
    fn lookup(&self, name: &str) -> Option<&str> {
        let known = self.known.get(name);
        let earlier = self.found.get(name).map(|(_, earlier)| &earlier.value);
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
