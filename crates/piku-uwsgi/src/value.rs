//! Text that is safe in a uWSGI configuration file.

use std::fmt;
use std::str::FromStr;

use camino::Utf8Path;

/// Text that uWSGI reads as exactly this text.
///
/// uWSGI has no quoting. `%` can be doubled, but `$(`, `@(`, and `%(` have no escape that works for every value, a
/// control character may end the line, surrounding white space is cut off, and a leading `@` or a word with `://` may
/// be taken for a place to load from. All of those are refused.
///
/// ```
/// use piku_uwsgi::Value;
/// assert_eq!("100% sure".parse::<Value>()?.to_string(), "100%% sure");
/// assert!("@(exec://reboot)".parse::<Value>().is_err());
/// # Ok::<(), piku_uwsgi::InvalidValue>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Value(String);

impl Value {
    /// Returns the text as uWSGI will see it, without the escapes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Value {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match fault(text) {
            None => Ok(Self(text.to_owned())),
            Some(fault) => Err(InvalidValue { key: None, value: text.to_owned(), fault }),
        }
    }
}

impl TryFrom<&str> for Value {
    type Error = InvalidValue;

    fn try_from(text: &str) -> Result<Self, InvalidValue> {
        text.parse()
    }
}

/// Writes the text for a file, with every `%` doubled.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.replace('%', "%%"))
    }
}

/// A value that can't be written into a uWSGI configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("uWSGI can't be given {value:?}{}: {fault}", .key.map(|key| format!(" for `{key}`")).unwrap_or_default())]
pub struct InvalidValue {
    /// The option that the value was meant for, if any.
    pub key: Option<&'static str>,
    /// The value as it was given.
    pub value: String,
    /// What is wrong with it.
    pub fault: Fault,
}

/// Why uWSGI would read a value as something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The value is empty.
    #[error("it is empty")]
    Empty,
    /// A character that may end the value.
    #[error("it holds the control character {0:?}")]
    Control(char),
    /// White space that would be cut off.
    #[error("it begins or ends with white space")]
    OuterBlank,
    /// The start of an expansion.
    #[error("uWSGI would expand `{0}`")]
    Expansion(&'static str),
    /// The start of a place to load from.
    #[error("uWSGI would take it for a place to load from")]
    Scheme,
    /// A path that depends on the working directory.
    #[error("the path is not absolute")]
    RelativePath,
    /// A character with a meaning of its own in this option.
    #[error("`{0}` has a meaning of its own there")]
    Special(char),
    /// Text of another form than the option takes.
    #[error("it is not {0}")]
    NotA(&'static str),
    /// A number out of range.
    #[error("it is not between {least} and {most}")]
    OutOfRange {
        /// The smallest number allowed.
        least: u64,
        /// The largest number allowed.
        most: u64,
    },
}

/// Parses a path as a value that names one place: absolute, and without the characters in `special`.
pub(crate) fn path(path: &Utf8Path, special: &[char]) -> Result<Value, InvalidValue> {
    let refuse = |fault| InvalidValue { key: None, value: path.to_string(), fault };
    if !path.is_absolute() {
        return Err(refuse(Fault::RelativePath));
    }
    match path.as_str().chars().find(|c| special.contains(c)) {
        Some(c) => Err(refuse(Fault::Special(c))),
        None => path.as_str().parse(),
    }
}

fn fault(text: &str) -> Option<Fault> {
    let expansion = ["$(", "@(", "%("].into_iter().find(|start| text.contains(start));
    if text.is_empty() {
        Some(Fault::Empty)
    } else if let Some(c) = text.chars().find(|c| c.is_control()) {
        Some(Fault::Control(c))
    } else if text.trim() != text {
        Some(Fault::OuterBlank)
    } else if let Some(start) = expansion {
        Some(Fault::Expansion(start))
    } else if text.starts_with('@') || has_scheme(text) {
        Some(Fault::Scheme)
    } else {
        None
    }
}

/// Whether the text begins like `http://` or `exec://`.
fn has_scheme(text: &str) -> bool {
    text.split_once("://")
        .is_some_and(|(scheme, _)| scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '+'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_uwsgi_would_read_otherwise_is_refused() {
        let cases = [
            ("", Fault::Empty),
            ("a\nb", Fault::Control('\n')),
            ("a\0b", Fault::Control('\0')),
            ("a\rb", Fault::Control('\r')),
            ("a\u{85}b", Fault::Control('\u{85}')),
            (" a", Fault::OuterBlank),
            ("a\u{a0}", Fault::OuterBlank),
            ("a$(HOME)", Fault::Expansion("$(")),
            ("a@(/etc/passwd)", Fault::Expansion("@(")),
            ("a%(1 + 1)", Fault::Expansion("%(")),
            ("50%%(x)", Fault::Expansion("%(")),
            ("@abstract", Fault::Scheme),
            ("exec://date", Fault::Scheme),
        ];
        for (text, fault) in cases {
            assert_eq!(text.parse::<Value>().unwrap_err().fault, fault, "{text:?}");
        }
    }

    #[test]
    fn other_text_passes_with_percent_signs_doubled() {
        let cases = [
            ("a b", "a b"),
            ("50%", "50%%"),
            ("%d%%", "%%d%%%%"),
            ("$HOME ${HOME} `x` \"q\" 'q' a=b;c#d,e\\f", "$HOME ${HOME} `x` \"q\" 'q' a=b;c#d,e\\f"),
            ("user@host", "user@host"),
            ("grüße", "grüße"),
        ];
        for (text, written) in cases {
            assert_eq!(text.parse::<Value>().unwrap().to_string(), written);
        }
    }

    #[test]
    fn the_message_names_the_option_and_the_reason() {
        let error = InvalidValue { key: Some("chdir"), ..Value::try_from("/a\nb").unwrap_err() };
        insta::assert_snapshot!(error, @r#"uWSGI can't be given "/a\nb" for `chdir`: it holds the control character '\n'"#);
    }

    #[test]
    fn a_path_is_absolute_and_free_of_what_is_special() {
        assert_eq!(path("a/b".into(), &[]).unwrap_err().fault, Fault::RelativePath);
        assert_eq!(path("/a:b".into(), &[':']).unwrap_err().fault, Fault::Special(':'));
        assert_eq!(path("/a b".into(), &[':']).unwrap().as_str(), "/a b");
    }

    proptest! {
        #[test]
        fn a_value_is_one_line_that_reads_back(text in any::<String>()) {
            if let Ok(value) = text.parse::<Value>() {
                let written = value.to_string();
                prop_assert_eq!(written.lines().count(), 1);
                prop_assert_eq!(written.trim(), &written);
                prop_assert_eq!(expanded(&written), text);
            }
        }

        #[test]
        fn nothing_that_expands_gets_through(before in "[a-z%$@]{0,3}", start in "[$@%]\\(", after in ".{0,5}") {
            let text = format!("{before}{start}{after}");
            prop_assert!(text.parse::<Value>().is_err());
        }
    }

    /// Expands `%` as uWSGI does: it is replaced together with the next character; a second `%` stands for itself.
    fn expanded(text: &str) -> String {
        let mut chars = text.chars();
        let mut read = String::new();
        while let Some(c) = chars.next() {
            match c {
                '%' => read.extend(chars.next().filter(|next| *next == '%')),
                c => read.push(c),
            }
        }
        read
    }
}
