//! The name in front of a command.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::diagnostic::Diagnostic;
use crate::encoding::shown;

const LONGEST: usize = 63;
const CODE: &str = "procfile::bad-name";

/// The name of a process, which is also part of a file name and of a log's name.
///
/// ASCII letters, digits, `_`, and `-`, beginning with a letter or a digit, at most 63: a name can never climb out of
/// a folder, read as an option, or make a name such as `app_name.1.ini` ambiguous. Case matters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessName(String);

impl ProcessName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProcessName {
    type Err = Diagnostic;

    fn from_str(name: &str) -> Result<Self, Diagnostic> {
        if name.is_empty() {
            return Err(Diagnostic::error("procfile::empty-name", 0..0, "the name is missing")
                .with_help("write a name before the colon, such as `web`"));
        }
        if let Some(first) = name.chars().next().filter(|first| matches!(first, '_' | '-')) {
            return Err(refusal(name, 0..1, format!("a name can't begin with `{first}`")));
        }
        if let Some((offset, character)) = name.char_indices().find(|(_, character)| !is_inner(*character)) {
            let message = format!("{} can't be in a name", shown(character));
            return Err(refusal(name, offset..offset + character.len_utf8(), message));
        }
        // Only ASCII from here: bytes are characters.
        if name.len() > LONGEST {
            let message = format!("the name has {} characters, {LONGEST} is the most", name.len());
            return Err(Diagnostic::error(CODE, LONGEST..name.len(), message).with_help("shorten the name"));
        }
        Ok(Self(name.to_owned()))
    }
}

impl fmt::Display for ProcessName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for ProcessName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

fn is_inner(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

/// Refuses `name`, and suggests the closest valid name.
fn refusal(name: &str, span: Range<usize>, message: String) -> Diagnostic {
    let refused = Diagnostic::error(CODE, span, message);
    if ["//", ";", "--", "/*"].iter().any(|mark| name.starts_with(mark)) {
        return refused.with_help("begin a comment with `#`");
    }
    let words = name.split(|character| !is_inner(character)).filter(|word| !word.is_empty());
    let nearest = words.collect::<Vec<_>>().join("-");
    let nearest: String = nearest.trim_start_matches(['-', '_']).chars().take(LONGEST).collect();
    if nearest.is_empty() {
        return refused.with_help("use letters, digits, `_`, and `-`");
    }
    refused.with_help(format!("use letters, digits, `_`, and `-`, such as `{nearest}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_digits_underscores_and_hyphens_make_a_name() {
        for name in ["web", "2web", "WEB", "my-worker", "my_worker", "worker-", &"a".repeat(63)] {
            assert_eq!(name.parse::<ProcessName>().as_ref().map(ProcessName::as_str), Ok(name));
        }
    }

    #[test]
    fn anything_else_is_refused_at_its_place_with_a_name_that_would_do() {
        let shown = |name: &str| match name.parse::<ProcessName>() {
            Ok(name) => name.to_string(),
            Err(found) => {
                format!("{:?} {}; {}", found.span, found, found.help.as_deref().unwrap_or_default())
            }
        };
        let names =
            ["", "web.1", "my worker", "-x", "_x", "wörker", "// c", "a\u{200b}b", "...", &"a".repeat(65)];
        insta::assert_snapshot!(names.map(shown).join("\n"), @r"
        0..0 the name is missing; write a name before the colon, such as `web`
        3..4 `.` can't be in a name; use letters, digits, `_`, and `-`, such as `web-1`
        2..3 a space can't be in a name; use letters, digits, `_`, and `-`, such as `my-worker`
        0..1 a name can't begin with `-`; use letters, digits, `_`, and `-`, such as `x`
        0..1 a name can't begin with `_`; use letters, digits, `_`, and `-`, such as `x`
        1..3 `ö` can't be in a name; use letters, digits, `_`, and `-`, such as `w-rker`
        0..1 `/` can't be in a name; begin a comment with `#`
        1..4 U+200B can't be in a name; use letters, digits, `_`, and `-`, such as `a-b`
        0..1 `.` can't be in a name; use letters, digits, `_`, and `-`
        63..65 the name has 65 characters, 63 is the most; shorten the name
        ");
    }
}
