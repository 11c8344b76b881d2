//! Encodes any value as a single line.

use std::ops::Range;

use piku_procfile::Diagnostic;

/// Follows a key whose value is a JSON string.
pub(super) const SUFFIX: &str = "@json";

/// Writes a setting as one line, without the line ending.
pub(super) fn line(key: &str, value: &str) -> String {
    if is_plain(value) { format!("{key}={value}") } else { format!("{key}{SUFFIX}={}", json(value)) }
}

/// Reads what [`line`] writes after `KEY@json=`.
pub(super) fn read(value: &str, span: &Range<usize>) -> Result<String, Diagnostic> {
    serde_json::from_str(value).map_err(|_| {
        Diagnostic::error("env::bad-json", span.clone(), "this is not a JSON string")
            .with_help(r#"write the value in double quotes, as in "two\nlines""#)
    })
}

/// Whether the value survives being written as is and read line by line.
fn is_plain(value: &str) -> bool {
    value.trim() == value && !value.chars().any(|character| breaks_lines(character) && character != '\t')
}

/// Control characters, and characters that some readers treat as the end of a line or trim.
fn breaks_lines(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// Writes a JSON string with those characters escaped.
fn json(value: &str) -> String {
    let text = serde_json::Value::from(value).to_string();
    text.chars().fold(String::with_capacity(text.len()), |mut text, character| {
        if breaks_lines(character) {
            text.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            text.push(character);
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_line_can_not_carry_is_json() {
        let cases = [
            ("", "K="),
            ("plain", "K=plain"),
            (r#"{"a": "$B"} # %d @(x) = ""#, r#"K={"a": "$B"} # %d @(x) = ""#),
            ("a\tb", "K=a\tb"),
            ("café \u{FEFF}", "K=café \u{FEFF}"),
            ("\"quoted\"", "K=\"quoted\""),
            (" ", r#"K@json=" ""#),
            ("a ", r#"K@json="a ""#),
            ("\ta", r#"K@json="\ta""#),
            ("a\u{A0}", "K@json=\"a\u{A0}\""),
            ("one\ntwo\n", r#"K@json="one\ntwo\n""#),
            ("a\rb\\\"", r#"K@json="a\rb\\\"""#),
            ("\u{1b}[31m", r#"K@json="\u001b[31m""#),
            ("a\u{1c}b\u{85}c\u{2028}d\u{7f}", r#"K@json="a\u001cb\u0085c\u2028d\u007f""#),
        ];
        for (value, wanted) in cases {
            assert_eq!(line("K", value), wanted);
            if let Some(json) = wanted.strip_prefix("K@json=") {
                assert_eq!(read(json, &(0..0)).as_deref(), Ok(value));
            }
        }
    }
}
