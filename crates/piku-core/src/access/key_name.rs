//! The name of a key.

use std::fmt;
use std::str::FromStr;

/// The longest name, in characters.
const LONGEST: usize = 64;
/// The name of a key whose comment has none.
const UNNAMED: &str = "default";

/// The name of a key: letters, digits, `.`, `_`, `-`, `@`, and `+`, not beginning with `-`.
///
/// It is an argument in `authorized_keys`, where it must not be read as an option or as part of another word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyName(String);

/// Why a text can't be the name of a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKeyName {
    /// It is empty.
    #[error("a key needs a name")]
    Empty,
    /// It is too long.
    #[error("the name of the key is longer than {LONGEST} characters")]
    TooLong,
    /// It looks like an option.
    #[error("`{0}` can't be the name of a key: it begins with `-`")]
    Beginning(String),
    /// It has another character.
    #[error("`{}` can't be the name of a key: it has {found:?} at position {position}; use letters, digits, and `. _ - @ +`", .name.escape_debug())]
    Character {
        /// The text as given.
        name: String,
        /// The character.
        found: char,
        /// Its position in characters, from 1.
        position: usize,
    },
}

fn fits(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '+')
}

impl KeyName {
    /// The name that the comment of a key gives it: what of it fits into a name.
    #[must_use]
    pub fn from_comment(comment: &str) -> Self {
        let name: String = comment.chars().filter(|c| fits(*c)).take(LONGEST).collect();
        let name = name.trim_start_matches('-');
        Self(if name.is_empty() { UNNAMED } else { name }.to_owned())
    }

    /// This name if `is_taken` says no, or else the first free one with a number behind it.
    pub(crate) fn or_numbered(self, is_taken: impl Fn(&str) -> bool) -> Self {
        let numbered = |number: u32| {
            let end = format!("-{number}");
            let start: String = self.0.chars().take(LONGEST - end.len()).collect();
            start + &end
        };
        let mut names = (2..).map(numbered);
        if is_taken(&self.0) { names.find(|name| !is_taken(name)).map_or(self, Self) } else { self }
    }

    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = InvalidKeyName;

    fn from_str(text: &str) -> Result<Self, InvalidKeyName> {
        let name = text.to_owned();
        if let Some((at, found)) = text.chars().enumerate().find(|(_, c)| !fits(*c)) {
            return Err(InvalidKeyName::Character { name, found, position: at + 1 });
        }
        match text {
            "" => Err(InvalidKeyName::Empty),
            _ if text.starts_with('-') => Err(InvalidKeyName::Beginning(name)),
            _ if text.len() > LONGEST => Err(InvalidKeyName::TooLong),
            _ => Ok(Self(name)),
        }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_that_is_no_option() {
        for name in ["bob", "alice@laptop", "ci.2026_a+b-c", &"x".repeat(64)] {
            assert_eq!(name.parse::<KeyName>().unwrap().as_str(), name);
        }
        for (name, message) in [
            ("", "a key needs a name"),
            ("-v", "`-v` can't be the name of a key: it begins with `-`"),
            (
                "a b",
                "`a b` can't be the name of a key: it has ' ' at position 2; use letters, digits, and `. _ - @ +`",
            ),
            (
                "b\"\n",
                "`b\\\"\\n` can't be the name of a key: it has '\"' at position 2; use letters, digits, and `. _ - @ +`",
            ),
            (&"x".repeat(65), "the name of the key is longer than 64 characters"),
        ] {
            assert_eq!(name.parse::<KeyName>().unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_comment_gives_a_name_and_a_taken_one_gets_a_number() {
        let name = |comment: &str| KeyName::from_comment(comment).to_string();
        assert_eq!(name("alice@laptop \"; id"), "alice@laptopid");
        assert_eq!([name("--help"), name("é"), name("")], ["help", "default", "default"]);
        let taken = ["bob", "bob-2", &"x".repeat(64)];
        let free = |comment: &str| KeyName::from_comment(comment).or_numbered(|name| taken.contains(&name));
        assert_eq!(free("ada").as_str(), "ada");
        assert_eq!(free("bob").as_str(), "bob-3");
        assert_eq!(free(&"x".repeat(64)).as_str(), format!("{}-2", "x".repeat(62)));
    }
}
