//! The name of an app.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The maximum length, in bytes. File names built from it stay below the file system's limit of 255.
const LONGEST: usize = 63;

/// The name of an app, which is also its folder, its file stem, and its upstream.
///
/// Letters, digits, `.`, `_`, and `-`, beginning with a letter or a digit, so that a name can't escape from the apps
/// folder or be read as an option. It can't end in `.git` or `.lock`, which git reserves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AppName(String);

/// Why a text is not a valid app name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAppName {
    /// It is empty.
    #[error("an app needs a name")]
    Empty,
    /// It contains an invalid character.
    #[error("`{name}` is not an app name: it holds {found:?} at position {position}")]
    Character {
        /// The text as given.
        name: String,
        /// The character.
        found: char,
        /// Its position in characters, from 1.
        position: usize,
    },
    /// It does not begin with a letter or a digit.
    #[error("`{name}` is not an app name: it begins with {found:?}")]
    Beginning {
        /// The text as given.
        name: String,
        /// The first character.
        found: char,
    },
    /// It contains two dots in a row.
    #[error("`{name}` is not an app name: it holds `..`")]
    Dots {
        /// The text as given.
        name: String,
    },
    /// It has an ending that git reserves.
    #[error("`{name}` is not an app name: it ends in `{ending}`")]
    Ending {
        /// The text as given.
        name: String,
        /// The ending.
        ending: &'static str,
    },
    /// It is too long.
    #[error("`{name}` is not an app name: it is longer than {LONGEST} characters")]
    TooLong {
        /// The text as given.
        name: String,
    },
}

impl AppName {
    /// Parses the path of a git address: `name`, `/name`, `./name`, `~/name`, and `name.git` all mean `name`.
    ///
    /// # Errors
    /// [`InvalidAppName`] if the rest is not a valid name.
    pub fn from_git_path(path: &str) -> Result<Self, InvalidAppName> {
        // `ssh://host//name` has two slashes before the name, and some clients send `/~/name` for `ssh://host/~/name`.
        let name = path.trim_start_matches('/');
        let name = ["~/", "./"].iter().find_map(|home| name.strip_prefix(home)).unwrap_or(name);
        let name = name.trim_matches('/');
        name.strip_suffix(".git").unwrap_or(name).parse()
    }

    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AppName {
    type Err = InvalidAppName;

    fn from_str(text: &str) -> Result<Self, InvalidAppName> {
        let name = || text.to_owned();
        let Some(first) = text.chars().next() else {
            return Err(InvalidAppName::Empty);
        };
        let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if let Some((at, found)) = text.chars().enumerate().find(|(_, c)| !safe(*c)) {
            return Err(InvalidAppName::Character { name: name(), found, position: at + 1 });
        }
        if !first.is_ascii_alphanumeric() {
            return Err(InvalidAppName::Beginning { name: name(), found: first });
        }
        if text.contains("..") {
            return Err(InvalidAppName::Dots { name: name() });
        }
        for ending in [".git", ".lock"] {
            if text.ends_with(ending) {
                return Err(InvalidAppName::Ending { name: name(), ending });
            }
        }
        if text.len() > LONGEST {
            return Err(InvalidAppName::TooLong { name: name() });
        }
        Ok(Self(name()))
    }
}

impl fmt::Display for AppName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for AppName {
    type Error = InvalidAppName;

    fn try_from(text: String) -> Result<Self, InvalidAppName> {
        text.parse()
    }
}

impl From<AppName> for String {
    fn from(name: AppName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_accepted() {
        for name in ["blog", "Blog2", "0", "foo_web", "foo.bar", "a-b", &"a".repeat(63)] {
            assert_eq!(name.parse::<AppName>().map(|n| n.to_string()), Ok(name.to_owned()));
        }
    }

    #[test]
    fn names_that_could_climb_or_read_as_options_are_refused_with_the_character() {
        let cases = [
            ("", "an app needs a name"),
            ("..", "`..` is not an app name: it begins with '.'"),
            ("-f", "`-f` is not an app name: it begins with '-'"),
            ("a..b", "`a..b` is not an app name: it holds `..`"),
            ("a/b", "`a/b` is not an app name: it holds '/' at position 2"),
            ("a;id", "`a;id` is not an app name: it holds ';' at position 2"),
            ("a\nb", "`a\nb` is not an app name: it holds '\\n' at position 2"),
            ("é", "`é` is not an app name: it holds 'é' at position 1"),
            ("x.lock", "`x.lock` is not an app name: it ends in `.lock`"),
            ("x.git", "`x.git` is not an app name: it ends in `.git`"),
        ];
        for (name, message) in cases {
            assert_eq!(name.parse::<AppName>().unwrap_err().to_string(), message);
        }
        assert!("a".repeat(64).parse::<AppName>().is_err());
    }

    #[test]
    fn a_git_address_may_have_a_slash_an_ending_and_the_home_folder() {
        for path in
            ["blog", "/blog", "//blog", "blog.git", "/blog.git", "/blog/", "./blog", "~/blog.git", "/~/blog"]
        {
            assert_eq!(AppName::from_git_path(path).unwrap().as_str(), "blog");
        }
        for path in ["/../x", "~bob/blog", "~/../blog", "~", ".//../x", "~/.piku/repos/blog"] {
            assert!(AppName::from_git_path(path).is_err(), "{path}");
        }
        assert!(AppName::from_git_path("a.git.git").is_err());
    }
}
