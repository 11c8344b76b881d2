//! The user and the group that own a socket.

use std::fmt;

use crate::value::{Fault, InvalidValue};

/// The user and the group that own a socket.
///
/// Both are always named. uWSGI reads the missing user of `:www-data` as the number 0: it would give the socket to
/// root, which only root may do.
///
/// ```
/// use piku_uwsgi::Owner;
/// assert_eq!(Owner::new("shop", "www-data")?.to_string(), "shop:www-data");
/// assert!(Owner::new("", "www-data").is_err());
/// # Ok::<(), piku_uwsgi::InvalidValue>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    user: String,
    group: String,
}

impl Owner {
    /// Parses names or numbers: ASCII letters, digits, `_`, `-`, and `.`.
    pub fn new(user: &str, group: &str) -> Result<Self, InvalidValue> {
        Ok(Self { user: part(user, "the name of a user")?, group: part(group, "the name of a group")? })
    }
}

fn part(name: &str, what: &'static str) -> Result<String, InvalidValue> {
    let fits = !name.is_empty()
        && !name.starts_with('-')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    let refused =
        || InvalidValue { key: Some("chown-socket"), value: name.to_owned(), fault: Fault::NotA(what) };
    fits.then(|| name.to_owned()).ok_or_else(refused)
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.user, self.group)
    }
}

#[cfg(test)]
mod tests {
    use super::Owner;

    #[test]
    fn neither_part_is_ever_empty_or_more_than_a_name() {
        for (user, group) in [
            ("", "www-data"),
            ("shop", ""),
            ("a:b", "www-data"),
            ("shop", "a:b"),
            ("-1", "www-data"),
            ("a b", "c"),
            ("%d", "c"),
            ("a", "$(HOME)"),
            ("a\nb", "c"),
        ] {
            assert!(Owner::new(user, group).is_err(), "{user:?} {group:?}");
        }
        assert_eq!(Owner::new("0", "33").unwrap().to_string(), "0:33");
    }
}
