//! A file that a command starts, as far as it decides whether that can work.

/// How much of a file is read to judge it, in bytes.
pub(crate) const HEAD: usize = 64 * 1024;

/// A file of a tree that a command of the Procfile names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ScriptFile {
    /// Whether it may be executed.
    pub(crate) executable: bool,
    /// How it begins; at most [`HEAD`] bytes.
    pub(crate) head: Vec<u8>,
    /// The interpreter in its first line, if this machine does not have it.
    pub(crate) lacks: Option<String>,
}

impl ScriptFile {
    /// The first line, if it names an interpreter, without its line end but with a stray `\r`.
    pub(crate) fn shebang(&self) -> Option<&[u8]> {
        shebang(&self.head)
    }

    /// Whether any line has Windows' line end.
    pub(crate) fn has_windows_lines(&self) -> bool {
        self.head.windows(2).any(|pair| pair == b"\r\n")
    }
}

fn shebang(head: &[u8]) -> Option<&[u8]> {
    head.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()
}

/// The path of the interpreter that a file asks for; `None` if it is not a script.
pub(crate) fn interpreter(head: &[u8]) -> Option<&str> {
    std::str::from_utf8(shebang(head)?).ok()?.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interpreter_is_the_first_word_of_the_first_line() {
        let cases: [(&[u8], _); 6] = [
            (b"#!/bin/sh\nexit\n", Some("/bin/sh")),
            (b"#! /usr/bin/env python3\r\n", Some("/usr/bin/env")),
            (b"#!/bin/sh\r\n", Some("/bin/sh")),
            (b"#!\n", None),
            (b"\x7fELF#!", None),
            (b"#!/\xff\n", None),
        ];
        for (head, expected) in cases {
            assert_eq!(interpreter(head), expected, "{head:?}");
        }
    }
}
