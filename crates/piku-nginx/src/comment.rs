//! A comment line above a site.

use std::{fmt, str::FromStr};

use crate::InvalidSite;

/// A line of comment, without the `#`: printable, of at most 200 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment(String);

impl FromStr for Comment {
    type Err = InvalidSite;

    fn from_str(text: &str) -> Result<Self, InvalidSite> {
        let fits = !text.trim().is_empty() && text.len() <= 200 && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned())).ok_or_else(|| InvalidSite::Comment(text.to_owned()))
    }
}

impl fmt::Display for Comment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
