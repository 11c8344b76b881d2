//! Removes or escapes control characters in text from others.

use std::borrow::Cow;

/// Escapes control characters, except tabs and line ends.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    let hidden = |c: char| c.is_control() && !matches!(c, '\t' | '\n');
    if !text.contains(hidden) {
        return Cow::Borrowed(text);
    }
    let spelled = |c: char| if hidden(c) { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(spelled).collect())
}

/// Returns a line of a tool or an app without colors and other escape sequences (ECMA-48).
pub(crate) fn without_sequences(line: &str) -> Cow<'_, str> {
    if !line.contains(|c: char| c.is_control() && c != '\t') {
        return Cow::Borrowed(line);
    }
    let mut kept = String::with_capacity(line.len());
    let mut rest = line.chars();
    while let Some(character) = rest.next() {
        match character {
            '\u{1b}' => skip_sequence(&mut rest),
            '\t' => kept.push('\t'),
            _ if character.is_control() => {}
            _ => kept.push(character),
        }
    }
    Cow::Owned(kept)
}

/// Skips the rest of an escape sequence: parameters up to a final letter, or a string up to its end.
fn skip_sequence(rest: &mut std::str::Chars<'_>) {
    match rest.next() {
        Some('[') => {
            rest.find(|c| ('@'..='~').contains(c));
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            let mut before = ' ';
            let ends = |c: char| {
                let end = c == '\u{7}' || c == '\u{9c}' || (before == '\u{1b}' && c == '\\');
                before = c;
                end
            };
            rest.by_ref().any(ends);
        }
        // At most two intermediate characters precede the last one, as in `ESC ( B`.
        Some(' '..='/') => {
            rest.find(|c| !(' '..='/').contains(c));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_move_a_cursor_is_spelled_out() {
        assert_eq!(visible("plain é\t\n"), "plain é\t\n");
        assert_eq!(visible("a\u{1b}[2Jb\u{7}\r\u{9b}c"), r"a\u{1b}[2Jb\u{7}\r\u{9b}c");
    }

    #[test]
    fn output_loses_its_colors_and_keeps_its_words() {
        let cases = [
            ("plain\ttext", "plain\ttext"),
            ("\u{1b}[32mgreen\u{1b}[0m", "green"),
            ("\u{1b}]0;title\u{7}after", "after"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{1b}(Bletters\u{1b}7", "letters"),
            ("bell\u{7} and c1 \u{9b}2J", "bell and c1 2J"),
            ("cut off \u{1b}[", "cut off "),
        ];
        for (line, kept) in cases {
            assert_eq!(without_sequences(line), kept, "{line:?}");
        }
    }
}
