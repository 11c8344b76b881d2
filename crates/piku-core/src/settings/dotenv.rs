//! `.env` files as other programs write them: with quotes, escapes, comments behind values, and values of many lines.
//!
//! Unlike the app's `ENV`, and like what `config:set` stores, nothing is expanded.

use std::collections::BTreeSet;
use std::ops::Range;

use piku_procfile::Diagnostic;

use super::assignment::check_key;
use super::{limits, quoting};

/// The settings of a `.env` file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParsedDotenv {
    /// Each key once, where it is set last; `None` if there is any error.
    pub values: Option<Vec<(String, String)>>,
    /// Every error and warning, in the order of the file. No message includes a value.
    pub diagnostics: Vec<Diagnostic>,
}

/// Settings as a `.env` file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RenderedDotenv {
    /// The file.
    pub text: String,
    /// The keys whose values are in quotes, which `docker run --env-file` takes for a part of the value.
    pub quoted: Vec<String>,
}

/// Parses a `.env` file.
///
/// A line is `KEY=value`, perhaps after `export`. A value in single quotes is taken as it is; in double quotes, `\n`,
/// `\r`, `\t`, `\"`, `\\`, and `\$` are escapes; both may go over several lines. Without quotes, the value ends with the
/// line or before a `#` that follows white space. `KEY@json="…"` is what [`StoredSettings`](super::StoredSettings)
/// writes.
#[must_use]
pub fn parse(bytes: &[u8]) -> ParsedDotenv {
    let body = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let start = bytes.len() - body.len();
    let mut parser = Parser { text: "", at: 0, start, values: Vec::new(), diagnostics: Vec::new() };
    match std::str::from_utf8(body) {
        Ok(text) => {
            parser.text = text;
            while parser.at < text.len() {
                if let Err(mistake) = parser.line() {
                    parser.diagnostics.push(mistake);
                }
            }
            parser.warn_about_references();
        }
        Err(error) => {
            let at = start + error.valid_up_to();
            parser.diagnostics.push(
                Diagnostic::error("env::not-utf-8", at..at + 1, "this byte is not UTF-8")
                    .with_help("save the file as UTF-8"),
            );
        }
    }
    let failed = parser.diagnostics.iter().any(|found| found.severity == piku_procfile::Severity::Error);
    let mut seen = BTreeSet::new();
    let mut values: Vec<_> =
        parser.values.into_iter().rev().filter(|value| seen.insert(value.key.clone())).collect();
    values.reverse();
    let values = values.into_iter().map(|Found { key, value, .. }| (key, value));
    ParsedDotenv { values: (!failed).then(|| values.collect()), diagnostics: parser.diagnostics }
}

/// Writes settings so that [`parse`] reads them back.
///
/// A value stands as it is where both that and programs that know no quotes read it alike.
pub fn render<'a>(settings: impl IntoIterator<Item = (&'a str, &'a str)>) -> RenderedDotenv {
    let mut rendered = RenderedDotenv { text: String::new(), quoted: Vec::new() };
    for (key, value) in settings {
        let plain = format!("{key}={value}\n");
        let reads_back = |line: &str| {
            let parsed = parse(line.as_bytes()).values;
            parsed.is_some_and(|all| matches!(&all[..], [(one, read)] if one == key && read == value))
        };
        let single = format!("{key}='{value}'\n");
        let line = if !value.contains(['\n', '\r']) && reads_back(&plain) {
            plain
        } else {
            rendered.quoted.push(key.to_owned());
            let is_simple = !value.contains(['\\', '\'']) && !value.contains(char::is_control);
            if is_simple { single } else { format!("{key}=\"{}\"\n", escaped(value)) }
        };
        rendered.text.push_str(&line);
    }
    rendered
}

fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '"' | '\\' | '$' => text.extend(['\\', character]),
            other => text.push(other),
        }
    }
    text
}

/// A setting, and where it stands.
struct Found {
    key: String,
    value: String,
    span: Range<usize>,
    /// Whether other programs would replace `$NAME` in it.
    expandable: bool,
}

struct Parser<'a> {
    text: &'a str,
    /// The offset of what is read next.
    at: usize,
    /// The offset of the text in the file.
    start: usize,
    values: Vec<Found>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Parser<'a> {
    /// Reads a setting with all of its lines, a comment, or a blank line.
    fn line(&mut self) -> Result<(), Diagnostic> {
        let begin = self.at;
        let rest = &self.text[begin..];
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        // Whatever is wrong, the next line is read next.
        self.at = (begin + line.len() + 1).min(self.text.len());
        let shown = line.trim();
        if shown.is_empty() || shown.starts_with('#') {
            return Ok(());
        }
        let whole = self.span(begin + (line.len() - line.trim_start().len()), shown.len());
        let Some((left, _)) = line.split_once('=') else {
            return Err(Diagnostic::error("env::missing-equals", whole, "this line has no `=`")
                .with_help("write `KEY=value`, and put a value of several lines in quotes"));
        };
        let key = left.trim();
        let key = match key.strip_prefix("export") {
            Some(rest) if rest.starts_with(char::is_whitespace) => rest.trim(),
            _ => key,
        };
        let (is_json, key) = match key.strip_suffix(quoting::SUFFIX) {
            Some(key) => (true, key),
            None => (false, key),
        };
        let key_at = begin + left.rfind(key).unwrap_or(0);
        let key_span = self.span(key_at, key.len());
        check_key(key, &key_span)?;
        let value_at = begin + left.len() + 1;
        let (value, expandable) = if is_json {
            let text = line[left.len() + 1..].trim();
            (quoting::read(text, &self.span(value_at, text.len()))?, false)
        } else {
            self.value(value_at)?
        };
        let span = self.span(key_at, key.len());
        limits::check(key, &value).map_err(|error| {
            Diagnostic::error("env::too-long", span.clone(), error.to_string()).with_help(error.help())
        })?;
        self.values.push(Found { key: key.to_owned(), value, span, expandable });
        Ok(())
    }

    /// Reads the value that begins at `at`, and moves on behind its last line. Whether it may have references.
    fn value(&mut self, at: usize) -> Result<(String, bool), Diagnostic> {
        let rest = &self.text[at..];
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        let begin = line.trim_start();
        let quote_at = at + line.len() - begin.len();
        match begin.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let inner = &self.text[quote_at + 1..];
                let Some((value, length)) = quoted(inner, quote) else {
                    return Err(Diagnostic::error(
                        "env::open-quote",
                        self.span(quote_at, 1),
                        "this quote is not closed",
                    )
                    .with_help("close it, or put the whole value in the other kind of quotes"));
                };
                let behind = quote_at + 1 + length + 1;
                self.end_of_line(behind)?;
                Ok((value, quote == '"'))
            }
            _ => Ok((without_comment(line).trim().to_owned(), true)),
        }
    }

    /// Moves on to the next line; refuses text behind a quoted value, whose meaning programs do not agree about.
    fn end_of_line(&mut self, at: usize) -> Result<(), Diagnostic> {
        let rest = &self.text[at..];
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        self.at = (at + line.len() + 1).min(self.text.len());
        let text = line.trim();
        if text.is_empty() || (text.starts_with('#') && line.starts_with(char::is_whitespace)) {
            return Ok(());
        }
        let offset = at + line.len() - line.trim_start().len();
        Err(Diagnostic::error(
            "env::behind-quote",
            self.span(offset, text.len()),
            "there is text behind the quote",
        )
        .with_help("put the whole value in quotes, with `\\\"` for a quote in it"))
    }

    /// Warns about `$NAME` with a name of the file, which most programs would replace.
    fn warn_about_references(&mut self) {
        let keys: BTreeSet<&str> = self.values.iter().map(|found| found.key.as_str()).collect();
        let refers = |found: &&Found| {
            let mut after = found.value.split('$').skip(1).map(|rest| rest.trim_start_matches('{'));
            found.expandable
                && after.any(|rest| {
                    let end =
                        rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                    keys.contains(&rest[..end])
                })
        };
        for found in self.values.iter().filter(refers) {
            let message = format!("`$` in the value of `{}` is kept: nothing is replaced", found.key);
            self.diagnostics.push(
                Diagnostic::warning("env::not-expanded", found.span.clone(), message)
                    .with_help("write the value itself, or put the line into the app's ENV"),
            );
        }
    }

    fn span(&self, at: usize, length: usize) -> Range<usize> {
        self.start + at..self.start + at + length
    }
}

/// The value up to the closing quote, and the length of its text; `None` if there is no such quote.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            _ if character == quote => return Some((value, at)),
            '\\' if quote == '"' => match characters.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                other @ ('"' | '\\' | '$') => value.push(other),
                other => value.extend(['\\', other]),
            },
            // A file of Windows has the same values.
            '\r' if text[at + 1..].starts_with('\n') => {}
            other => value.push(other),
        }
    }
    None
}

/// The text before the first `#` that follows white space.
fn without_comment(line: &str) -> &str {
    let comment = line.match_indices('#').find(|(at, _)| line[..*at].ends_with(char::is_whitespace));
    comment.map_or(line, |(at, _)| &line[..at])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(text: &str) -> Vec<(String, String)> {
        let parsed = parse(text.as_bytes());
        parsed.values.unwrap_or_else(|| panic!("{text:?}: {:?}", parsed.diagnostics))
    }

    #[test]
    fn quotes_escapes_comments_and_lines_are_read_as_others_read_them() {
        let cases = [
            ("A=plain", "plain"),
            ("  export A = a b  ", "a b"),
            ("A=", ""),
            ("A=\"\"", ""),
            ("A='it\\n is # $B'", "it\\n is # $B"),
            (r#"A="two\nlines \"q\" \\ \$B \d" # why"#, "two\nlines \"q\" \\ $B \\d"),
            ("A=\"one\ntwo\r\nthree\"", "one\ntwo\nthree"),
            (
                "A='-----BEGIN KEY-----\nabc=\n-----END KEY-----\n'",
                "-----BEGIN KEY-----\nabc=\n-----END KEY-----\n",
            ),
            ("A=value # a comment", "value"),
            ("A=value#none", "value#none"),
            ("A= # empty", ""),
            ("A=#fff", "#fff"),
            ("A={\"a\": [1, 2]}", "{\"a\": [1, 2]}"),
            ("A=a=b=\r", "a=b="),
            ("A=back\\slash\\n", "back\\slash\\n"),
            ("A@json=\"x\\u0041\\n\"", "xA\n"),
            ("\u{feff}A=bom", "bom"),
            ("A=first\n# A=no\n\nA=last", "last"),
        ];
        for (text, wanted) in cases {
            assert_eq!(values(text), [("A".to_owned(), wanted.to_owned())], "{text:?}");
        }
        assert_eq!(values("A='x\ny'\nB=2\n").len(), 2);
    }

    #[test]
    fn every_mistake_is_found_at_its_place_and_shows_no_value() {
        let text = "A=1\nsecret words\n1B=secret\nC=\"secret\" secret\nD='ok'\nE=\"secret\nF=2\n=secret\nG@json=secret\n";
        let parsed = parse(text.as_bytes());
        assert_eq!(parsed.values, None);
        let shown: Vec<_> = parsed
            .diagnostics
            .iter()
            .map(|found| {
                let place = piku_procfile::Place::of(text.as_bytes(), found.span.start);
                assert!(!format!("{}{:?}", found.message, found.help).contains("secret"), "{found:?}");
                format!("{place} {}", found.code)
            })
            .collect();
        assert_eq!(
            shown,
            [
                "2:1 env::missing-equals",
                "3:1 env::bad-key",
                "4:12 env::behind-quote",
                "6:3 env::open-quote",
                "8:1 env::empty-key",
                "9:8 env::bad-json"
            ]
        );
        assert_eq!(parse(b"A=\xff\n").diagnostics[0].code, "env::not-utf-8");
        assert_eq!(parse(b"A=\"a\0b\"\n").values, None);
    }

    #[test]
    fn what_others_would_replace_is_kept_and_said() {
        let parsed = parse(b"A=1\nB=x$A\nC=\"${A}\"\nD='$A'\nE=$UNKNOWN\nF=$5\n");
        let said: Vec<_> = parsed.diagnostics.iter().map(|found| found.message.as_str()).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert_eq!(parsed.values.unwrap()[1].1, "x$A");
    }

    #[test]
    fn a_value_is_quoted_only_where_it_must_be() {
        let settings = [
            ("A", "plain, $B {\"a\": 1} 'x' \\n"),
            ("B", ""),
            ("C", "a # b"),
            ("D", " x "),
            ("E", "\"quoted\""),
            ("F", "two\nlines $A"),
            ("G", "'it' # \\"),
        ];
        let rendered = render(settings);
        insta::assert_snapshot!(rendered.text, @r#"
        A=plain, $B {"a": 1} 'x' \n
        B=
        C='a # b'
        D=' x '
        E='"quoted"'
        F="two\nlines \$A"
        G="'it' # \\"
        "#);
        assert_eq!(rendered.quoted, ["C", "D", "E", "F", "G"]);
    }

    proptest! {
        #[test]
        fn what_is_rendered_is_read_back(values in proptest::collection::vec("(?s)[^\0]{0,20}|[ '\"\\\\#$\n\r\tna=]{0,12}", 1..5)) {
            let keys: Vec<String> = (0..values.len()).map(|at| format!("K{at}")).collect();
            let pairs: Vec<_> = keys.iter().map(String::as_str).zip(values.iter().map(String::as_str)).collect();
            let text = render(pairs.iter().copied()).text;
            let read = parse(text.as_bytes()).values.unwrap();
            let read: Vec<_> = read.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            prop_assert_eq!(read, pairs, "{}", text);
        }

        #[test]
        fn no_text_stops_it(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = parse(&bytes);
        }
    }
}
