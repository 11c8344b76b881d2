//! nginx's grammar: words, directives, and blocks.

use std::ops::Range;

/// The most levels of blocks that are read.
const DEEPEST: usize = 10;

/// A word as nginx reads it, without quotes and escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    /// The bytes that it was read from, with its quotes.
    pub(crate) span: Range<usize>,
}

/// A directive: its words, and what is in its block if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Directive {
    /// At least one.
    pub(crate) words: Vec<Word>,
    pub(crate) block: Option<Vec<Directive>>,
}

impl Directive {
    pub(crate) fn name(&self) -> &str {
        self.words.first().map_or("", |word| &word.text)
    }

    pub(crate) fn arguments(&self) -> &[Word] {
        self.words.get(1..).unwrap_or_default()
    }
}

/// Where a text is no configuration, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyntaxMistake {
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
    pub(crate) help: &'static str,
}

/// Parses a text as nginx does: `ngx_conf_read_token` decides what a word is.
pub(crate) fn parse(text: &str) -> Result<Vec<Directive>, SyntaxMistake> {
    let mut reader = Reader { text, at: 0 };
    reader.block(0, None)
}

/// What a list of words ends in.
enum End {
    Semicolon,
    Open,
    /// The `}` of the block around it, or the end of the text.
    Close(Range<usize>),
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    /// Reads directives up to the `}` of the block that begins at `opened`, or up to the end of the text.
    fn block(&mut self, depth: usize, opened: Option<Range<usize>>) -> Result<Vec<Directive>, SyntaxMistake> {
        let mut all = Vec::new();
        loop {
            let (words, end) = self.words()?;
            match end {
                End::Semicolon => all.push(Directive { words, block: None }),
                End::Open => {
                    let head = words.first().map_or(self.at..self.at, |word| word.span.clone());
                    if depth == DEEPEST {
                        let message = format!("more than {DEEPEST} blocks are within each other");
                        return Err(SyntaxMistake { span: head, message, help: "write fewer" });
                    }
                    let block = Some(self.block(depth + 1, Some(head))?);
                    all.push(Directive { words, block });
                }
                End::Close(span) if span.is_empty() => {
                    let Some(span) = opened else { return Ok(all) };
                    let message = "this block is not closed".to_owned();
                    return Err(SyntaxMistake { span, message, help: "add a `}` at its end" });
                }
                End::Close(_) if opened.is_some() => return Ok(all),
                End::Close(span) => {
                    let message = "there is no `{` to this `}`".to_owned();
                    return Err(SyntaxMistake { span, message, help: "remove it" });
                }
            }
        }
    }

    /// Reads the words of a directive.
    fn words(&mut self) -> Result<(Vec<Word>, End), SyntaxMistake> {
        let mut words: Vec<Word> = Vec::new();
        loop {
            self.skip(char::is_ascii_whitespace);
            let start = self.at;
            let Some(first) = self.peek() else {
                let Some(span) = words.first().map(|word| word.span.start..start) else {
                    return Ok((words, End::Close(start..start)));
                };
                let message = "this directive does not end".to_owned();
                let span = span.start..words.last().map_or(span.end, |word| word.span.end);
                return Err(SyntaxMistake { span, message, help: "write a `;` behind it" });
            };
            match first {
                '#' => self.skip(|c| *c != '\n'),
                ';' | '{' if words.is_empty() => {
                    let message = format!("there is no directive before this `{first}`");
                    let help = "write the name of one, or remove it";
                    return Err(SyntaxMistake { span: start..start + 1, message, help });
                }
                ';' | '{' => {
                    self.at += 1;
                    return Ok((words, if first == ';' { End::Semicolon } else { End::Open }));
                }
                '}' if words.is_empty() => {
                    self.at += 1;
                    return Ok((words, End::Close(start..start + 1)));
                }
                '}' => {
                    let span = words.first().map_or(start, |word| word.span.start);
                    let end = words.last().map_or(start, |word| word.span.end);
                    let message = "this directive does not end".to_owned();
                    return Err(SyntaxMistake { span: span..end, message, help: "write a `;` behind it" });
                }
                '"' | '\'' => words.push(self.quoted(first)?),
                _ => words.push(self.plain()),
            }
        }
    }

    /// Reads a word in quotes. White space, an end, or the `)` of an `if` has to follow.
    fn quoted(&mut self, quote: char) -> Result<Word, SyntaxMistake> {
        let start = self.at;
        self.at += 1;
        loop {
            let Some(c) = self.next() else {
                let message = "this quote is not closed".to_owned();
                return Err(SyntaxMistake { span: start..start + 1, message, help: "close it" });
            };
            match c {
                '\\' => {
                    let _ = self.next();
                }
                c if c == quote => break,
                _ => {}
            }
        }
        let (span, inner) = (start..self.at, &self.text[start + 1..self.at - 1]);
        match self.peek() {
            None => {}
            Some(c) if c.is_ascii_whitespace() || matches!(c, ';' | '{' | ')') => {}
            Some(c) => {
                let message = format!("`{c}` can't follow a quoted text");
                let span = self.at..self.at + c.len_utf8();
                return Err(SyntaxMistake { span, message, help: "write a space, or quote the whole word" });
            }
        }
        Ok(Word { text: unescaped(inner), span })
    }

    /// Reads a word without quotes around it.
    fn plain(&mut self) -> Word {
        let start = self.at;
        let mut behind_dollar = false;
        while let Some(c) = self.peek() {
            let of_variable = c == '{' && behind_dollar;
            if self.at > start && (c.is_ascii_whitespace() || matches!(c, ';' | '{') && !of_variable) {
                break;
            }
            behind_dollar = c == '$';
            self.at += c.len_utf8();
            if c == '\\' {
                let _ = self.next();
            }
        }
        Word { text: unescaped(&self.text[start..self.at]), span: start..self.at }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn skip(&mut self, while_it: impl Fn(&char) -> bool) {
        while self.peek().is_some_and(|c| while_it(&c)) {
            let _ = self.next();
        }
    }
}

/// What nginx makes of backslashes: before a letter that is none of its escapes they stay.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = match (c, chars.peek()) {
            ('\\', Some(c @ ('"' | '\'' | '\\'))) => Some(*c),
            ('\\', Some('t')) => Some('\t'),
            ('\\', Some('r')) => Some('\r'),
            ('\\', Some('n')) => Some('\n'),
            _ => None,
        };
        if escaped.is_some() {
            chars.next();
        }
        plain.push(escaped.unwrap_or(c));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::{Directive, parse};

    fn shown(directives: &[Directive]) -> String {
        let one = |directive: &Directive| {
            let words: Vec<&str> = directive.words.iter().map(|word| word.text.as_str()).collect();
            let block = directive.block.as_ref().map(|block| format!("{{{}}}", shown(block)));
            format!("<{}>{}", words.join("|"), block.unwrap_or_default())
        };
        directives.iter().map(one).collect()
    }

    #[test]
    fn words_are_those_that_nginx_reads() {
        for (text, read) in [
            ("", ""),
            ("# nothing", ""),
            ("a b;c;", "<a|b><c>"),
            ("a\r\n\tb # c;\n;", "<a|b>"),
            ("a b#c;", "<a|b#c>"),
            ("a 'b; {' \"c'd\";", "<a|b; {|c'd>"),
            (r#"a "b\"c" \;d \.e 'f\tg' \\h;"#, "<a|b\"c|\\;d|\\.e|f\tg|\\h>"),
            ("a ${b}c $d{e;}", "<a|${b}c|$d>{<e>}"),
            ("a b}c;", "<a|b}c>"),
            ("if ($a = 'b') { c; }", "<if|($a|=|b|)>{<c>}"),
            ("a{b{}}c;", "<a>{<b>{}}<c>"),
            ("a '';", "<a|>"),
            ("ä 'ö';", "<ä|ö>"),
            ("a $;", "<a|$>"),
            ("a \\\\;", "<a|\\>"),
        ] {
            assert_eq!(parse(text).map(|read| shown(&read)), Ok(read.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_nginx_can_not_read_has_its_place() {
        for (text, place) in [
            ("a", "a"),
            ("x; a b", "a b"),
            ("a }", "a"),
            ("x; }", "}"),
            ("a { b;", "a"),
            ("x; ;", ";"),
            ("{ }", "{"),
            ("a 'b", "'"),
            ("a 'b'c;", "c"),
        ] {
            let found = parse(text).unwrap_err();
            assert_eq!(&text[found.span], place, "{text}: {}", found.message);
        }
        assert!(parse(&"a {".repeat(100_000)).is_err(), "no depth is too deep to refuse");
    }
}
