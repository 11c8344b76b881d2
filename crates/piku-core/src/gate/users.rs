//! The users of an app with `NGINX_BASIC_AUTH`, and the file from which nginx knows them. Pure.
//!
//! `nginx/<app>.users` has a line for each, `name:hash`, as htpasswd(1) writes it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use sha_crypt::{Algorithm, Params, PasswordHasher, ShaCrypt};

/// The longest name, as in htpasswd(1).
const LONGEST_NAME: usize = 255;
/// The longest password, in bytes. The time to hash one grows with its length.
const LONGEST_PASSWORD: usize = 256;
/// How often a password is hashed. nginx does so for each request, in a process that serves everybody meanwhile: this
/// number takes it a few milliseconds.
const ROUNDS: u32 = 5000;

/// The name of a user of a site: printable ASCII without `:`, not beginning with `#`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UserName(String);

/// Why a text can't be the name of a user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidUserName {
    /// It is empty.
    #[error("a user needs a name")]
    Empty,
    /// It is too long.
    #[error("the name of the user is longer than {LONGEST_NAME} characters")]
    TooLong,
    /// nginx would skip its line.
    #[error("`{0}` can't be the name of a user: it begins with `#`")]
    Comment(String),
    /// It has a character that the file can't hold, or that browsers send in different ways.
    #[error("`{name}` can't be the name of a user: it holds {found:?} at position {position}")]
    Character {
        /// The text as given.
        name: String,
        /// The character.
        found: char,
        /// Its position in characters, from 1.
        position: usize,
    },
}

/// Why a text can't be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPassword {
    /// It is empty.
    #[error("the password is empty")]
    Empty,
    /// It is too long.
    #[error("the password is longer than {LONGEST_PASSWORD} bytes")]
    TooLong,
    /// Nobody could type it into a browser.
    #[error("the password has a line end or another control character")]
    Control,
    /// It could not be hashed.
    #[error("the password could not be hashed")]
    NotHashed,
}

impl UserName {
    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserName {
    type Err = InvalidUserName;

    fn from_str(text: &str) -> Result<Self, InvalidUserName> {
        let odd = |c: &char| !c.is_ascii_graphic() || *c == ':';
        if text.is_empty() {
            return Err(InvalidUserName::Empty);
        }
        if text.len() > LONGEST_NAME {
            return Err(InvalidUserName::TooLong);
        }
        if text.starts_with('#') {
            return Err(InvalidUserName::Comment(text.to_owned()));
        }
        if let Some((at, found)) = text.chars().enumerate().find(|(_, c)| odd(c)) {
            return Err(InvalidUserName::Character { name: text.to_owned(), found, position: at + 1 });
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The users of a site, with the hashes of their passwords.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Users(BTreeMap<String, String>);

impl Users {
    /// Reads the file. A line without a `:` belongs to nobody.
    pub(crate) fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let users = lines.filter_map(|line| line.split_once(':'));
        Self(users.map(|(name, hash)| (name.to_owned(), hash.to_owned())).collect())
    }

    /// Adds a user, or changes the password of one. Returns whether there was one of this name.
    pub(crate) fn set(&mut self, name: &UserName, hash: String) -> bool {
        self.0.insert(name.0.clone(), hash).is_some()
    }

    /// Removes a user. Returns whether there was one.
    pub(crate) fn remove(&mut self, name: &UserName) -> bool {
        self.0.remove(&name.0).is_some()
    }

    /// The names, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}

impl fmt::Display for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(name, hash)| writeln!(f, "{name}:{hash}"))
    }
}

/// Hashes a password with SHA-512-crypt, which crypt(3) of every Debian understands.
pub(crate) fn hash(password: &str, salt: [u8; 12]) -> Result<String, InvalidPassword> {
    match password {
        "" => return Err(InvalidPassword::Empty),
        _ if password.len() > LONGEST_PASSWORD => return Err(InvalidPassword::TooLong),
        _ if password.chars().any(char::is_control) => return Err(InvalidPassword::Control),
        _ => {}
    }
    let params = Params::new(ROUNDS).map_err(|_| InvalidPassword::NotHashed)?;
    let hashed =
        ShaCrypt::new(Algorithm::Sha512Crypt, params).hash_password_with_salt(password.as_bytes(), &salt);
    hashed.map(|hash| hash.to_string()).map_err(|_| InvalidPassword::NotHashed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_the_file_can_t_hold_is_refused() {
        for name in ["alice", "a", "alice@example.org", "-x", "a#b", &"a".repeat(255)] {
            assert_eq!(name.parse::<UserName>().unwrap().as_str(), name);
        }
        for name in ["", "#alice", "a:b", "a b", "a\nb", "é", "a\0", &"a".repeat(256)] {
            assert!(name.parse::<UserName>().is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_file_of_users_is_read_as_it_is_written() {
        let mut users = Users::parse("# by hand\nbob:$6$x$y\n\nodd line\n");
        let alice: UserName = "alice".parse().unwrap();
        assert!(!users.set(&alice, "$6$a$b".to_owned()));
        assert!(users.set(&alice, "$6$c$d".to_owned()));
        assert_eq!(users.to_string(), "alice:$6$c$d\nbob:$6$x$y\n");
        assert_eq!(Users::parse(&users.to_string()), users);
        assert!(users.remove(&alice) && !users.remove(&alice));
        assert_eq!(users.names(), ["bob"]);
    }

    #[test]
    fn a_password_is_hashed_as_crypt_does() {
        // `openssl passwd -6 -salt 'rounds=5000$4.E1F3UKJE/U3kER' 'correct horse'` prints the same.
        let salted = |salt| hash("correct horse", salt).unwrap();
        assert!(salted([7; 12]).starts_with("$6$rounds=5000$"));
        assert_ne!(salted([7; 12]), salted([8; 12]));
        for (password, why) in [
            ("", InvalidPassword::Empty),
            ("a\nb", InvalidPassword::Control),
            ("\u{1b}", InvalidPassword::Control),
            (&"a".repeat(257), InvalidPassword::TooLong),
        ] {
            assert_eq!(hash(password, [0; 12]), Err(why), "{password:?}");
        }
    }
}
