//! Quoting in nginx's configuration language.

/// Writes `text` as one word of nginx's configuration language: unchanged if that is safe, otherwise in double
/// quotes.
///
/// nginx has no escape for `$` where it expands variables, nor for control characters; the types that hold a text
/// refuse both.
pub(crate) fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-~:@+,=*[]%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("\"{}\"", escaped(text))
}

/// Writes `text` as one word with the value of `variable` behind it.
pub(crate) fn word_before(text: &str, variable: &str) -> String {
    format!("\"{}{variable}\"", escaped(text))
}

/// Escapes what would end a word in double quotes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// The bytes that a character takes within quotes.
pub(crate) fn length(c: char) -> usize {
    c.len_utf8() + usize::from(matches!(c, '"' | '\\'))
}

/// Writes `text` as a regular expression that matches exactly it.
pub(crate) fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() && !c.is_ascii_alphanumeric() && !matches!(c, '/' | '_' | '-') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// Whether nginx would give `c` a meaning even inside quotes, or could not show it.
pub(crate) fn unwritable(c: char) -> bool {
    c == '$' || c.is_control()
}

#[cfg(test)]
mod tests {
    use super::{literal, word};

    #[test]
    fn only_words_with_a_meaning_are_quoted() {
        for (text, written) in [
            ("/srv/app-1/x.y", "/srv/app-1/x.y"),
            ("", r#""""#),
            ("/a b", r#""/a b""#),
            (r#"/a"b\c"#, r#""/a\"b\\c""#),
            ("/a;}{#'", r#""/a;}{#'""#),
            ("/ä", r#""/ä""#),
        ] {
            assert_eq!(word(text), written);
        }
    }

    #[test]
    fn a_literal_matches_only_itself() {
        assert_eq!(literal("/a.b+(c)-d_e"), r"/a\.b\+\(c\)-d_e");
    }
}
