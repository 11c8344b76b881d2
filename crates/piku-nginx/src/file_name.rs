//! Names of files that are never served.

use std::{fmt, str::FromStr};

use crate::{InvalidSite, quote};

/// The name of a file or folder, such as `Procfile`: letters, digits, `.`, `_`, and `-`, not beginning with a dot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(String);

impl FileName {
    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Writes the name as a regular expression that matches exactly it.
    pub(crate) fn pattern(&self) -> String {
        quote::literal(&self.0)
    }
}

impl FromStr for FileName {
    type Err = InvalidSite;

    fn from_str(name: &str) -> Result<Self, InvalidSite> {
        let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let fits = !name.is_empty() && name.len() <= 100 && !name.starts_with('.') && name.chars().all(safe);
        fits.then(|| Self(name.to_owned())).ok_or_else(|| InvalidSite::FileName(name.to_owned()))
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
