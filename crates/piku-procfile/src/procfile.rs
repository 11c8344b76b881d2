//! A Procfile without mistakes.

use std::fmt;

use crate::entry::Entry;

/// The entries of a Procfile in the order of the file: one at least, and no name twice.
///
/// Its `Display` is a Procfile again, without comments, that reads as the same value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Procfile {
    entries: Vec<Entry>,
}

impl Procfile {
    /// The caller has seen that there is one at least, and no name twice.
    pub(crate) fn new(entries: Vec<Entry>) -> Self {
        Self { entries }
    }

    /// The entries in the order of the file.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Finds an entry by its name. Case matters.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name.as_str() == name)
    }
}

impl fmt::Display for Procfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.iter().try_for_each(|entry| writeln!(f, "{entry}"))
    }
}
