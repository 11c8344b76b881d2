//! One line of `authorized_keys` (sshd(8), "AUTHORIZED_KEYS FILE FORMAT").

use std::ops::Range;

use super::public_key::is_kind;

/// A line with a key. Its parts are as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) options: &'a str,
    pub(super) kind: &'a str,
    pub(super) blob: &'a str,
    pub(super) comment: &'a str,
}

impl<'a> Line<'a> {
    /// Parses a line; `None` if it has no key.
    pub(super) fn read(line: &'a str) -> Option<Self> {
        let line = line.trim();
        if line.starts_with('#') {
            return None;
        }
        let (options, key) =
            if is_kind(word(line).0) { ("", line) } else { line.split_at(end_of_options(line)) };
        let (kind, rest) = word(key);
        let (blob, comment) = word(rest);
        (is_kind(kind) && !blob.is_empty()).then_some(Self { options, kind, blob, comment: comment.trim() })
    }

    /// Its forced command.
    pub(super) fn command(&self) -> Option<String> {
        self.command_place().map(|place| self.options[place].replace("\\\"", "\""))
    }

    /// The line with another forced command in the place of its own, and everything else as it was.
    pub(super) fn with_command(&self, command: &str) -> String {
        let command = command.replace('"', "\\\"");
        let options = match self.command_place() {
            Some(place) => {
                format!("{}{command}{}", &self.options[..place.start], &self.options[place.end..])
            }
            None if self.options.is_empty() => format!("command=\"{command}\""),
            None => format!("command=\"{command}\",{}", self.options),
        };
        format!("{options} {} {} {}", self.kind, self.blob, self.comment).trim_end().to_owned()
    }

    /// Where the forced command stands in the options, without its quotes.
    fn command_place(&self) -> Option<Range<usize>> {
        let mut begin = 0;
        let commas = unquoted(self.options, |c| c == ',').chain([self.options.len()]);
        for end in commas {
            let option = &self.options[begin..end];
            if let Some((name, value)) = option.split_once("=\"")
                && name.trim().eq_ignore_ascii_case("command")
            {
                let start = begin + name.len() + 2;
                return Some(start..start + value.strip_suffix('"').unwrap_or(value).len());
            }
            begin = end + 1;
        }
        None
    }
}

/// The first word, and what is behind it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_once([' ', '\t']).unwrap_or((text, ""))
}

/// Where the options end that a line begins with: at the first blank outside quotes.
fn end_of_options(line: &str) -> usize {
    unquoted(line, |c| matches!(c, ' ' | '\t')).next().unwrap_or(line.len())
}

/// Where characters like this stand outside quotes. In quotes, a backslash before a quote takes its meaning.
fn unquoted(text: &str, wanted: impl Fn(char) -> bool) -> impl Iterator<Item = usize> {
    let mut quoted = false;
    let mut before = None;
    text.char_indices().filter_map(move |(at, c)| {
        if c == '"' && before != Some('\\') {
            quoted = !quoted;
        }
        before = Some(c);
        (!quoted && wanted(c)).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_options_a_key_and_a_comment() {
        let read = |line| Line::read(line).map(|one| (one.options, one.kind, one.blob, one.comment));
        assert_eq!(read("ssh-rsa AAAA a b "), Some(("", "ssh-rsa", "AAAA", "a b")));
        assert_eq!(
            read("command=\"say \\\"a b\\\"\",no-pty\tssh-rsa AAAA"),
            Some(("command=\"say \\\"a b\\\"\",no-pty", "ssh-rsa", "AAAA", ""))
        );
        for line in ["", "  # ssh-rsa AAAA", "ssh-rsa", "no-pty", "hello world", "command=\"ssh-rsa AAAA x"] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[test]
    fn the_forced_command_is_that_of_sshd_and_not_a_word_in_another_option() {
        let command = |line| Line::read(line).and_then(|line| line.command());
        assert_eq!(command("ssh-rsa AAAA command=\"x\""), None);
        assert_eq!(command("no-pty ssh-rsa AAAA"), None);
        let line =
            "environment=\"A=command=\\\"id\\\",b\",Command=\"say \\\"hi\\\" \\n\",no-pty ssh-rsa AAAA a@b";
        assert_eq!(command(line).as_deref(), Some("say \"hi\" \\n"));
        assert_eq!(
            Line::read(line).unwrap().with_command("id \"x\""),
            "environment=\"A=command=\\\"id\\\",b\",Command=\"id \\\"x\\\"\",no-pty ssh-rsa AAAA a@b"
        );
        let plain = Line::read("from=\"10.0.0.1\" ssh-rsa AAAA").unwrap();
        assert_eq!(plain.with_command("id"), "command=\"id\",from=\"10.0.0.1\" ssh-rsa AAAA");
    }
}
