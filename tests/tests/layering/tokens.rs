//! The words of Rust source text, without comments, texts, characters, and lifetimes.

/// Splits `text` into names, numbers, `::`, and single characters.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            _ if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") => length_of_comment(rest),
            _ if begins_raw(rest) => length_of_raw(rest),
            '"' => length_of_text(rest),
            '\'' => length_of_quote(rest),
            _ if first.is_alphanumeric() || first == '_' => {
                let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
                // `b"…"` and `c"…"`; what is behind the letter is read next.
                if !rest[length..].starts_with('"') || length > 1 {
                    found.push(rest[..length].to_owned());
                }
                length
            }
            _ if rest.starts_with("::") => {
                found.push("::".to_owned());
                2
            }
            _ => {
                if !first.is_whitespace() {
                    found.push(first.to_string());
                }
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    found
}

/// Comments of this kind may hold others.
fn length_of_comment(rest: &str) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            (at, depth) = (at + 2, depth + 1);
        } else if rest[at..].starts_with("*/") {
            (at, depth) = (at + 2, depth - 1);
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

fn begins_raw(rest: &str) -> bool {
    let behind = ["r", "br", "cr"].iter().find_map(|start| rest.strip_prefix(start));
    behind.is_some_and(|behind| behind.trim_start_matches('#').starts_with('"'))
}

fn length_of_raw(rest: &str) -> usize {
    let open = rest.find('"').unwrap_or(0) + 1;
    let end = format!("\"{}", "#".repeat(rest[..open].matches('#').count()));
    rest[open..].find(&end).map_or(rest.len(), |at| open + at + end.len())
}

fn length_of_text(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// A character such as `'a'` or `'\''`, or the mark of a lifetime.
fn length_of_quote(rest: &str) -> usize {
    let inside = &rest[1..];
    if let Some(escape) = inside.strip_prefix('\\') {
        let first = escape.chars().next().map_or(0, char::len_utf8);
        return 2 + first + escape[first..].find('\'').map_or(0, |at| at + 1);
    }
    let first = inside.chars().next().map_or(0, char::len_utf8);
    if inside[first..].starts_with('\'') { first + 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::tokens;

    #[test]
    fn only_code_is_left() {
        let text = r####"
            // a::b
            /* c /* d */ e */ use crate::{f, g as h};
            fn i<'j>(k: &'j str) -> char { let l = "m::n \" o"; r#"p"q"#; b"r"; '\''; 's'; t::u() }
        "####;
        let words = "use crate :: { f , g as h } ; fn i < j > ( k : & j str ) - > char { let l = ; ; ; ; ; t :: u ( ) }";
        assert_eq!(tokens(text).join(" "), words);
    }
}
