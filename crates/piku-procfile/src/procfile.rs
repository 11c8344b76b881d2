//! A Procfile without mistakes.

use std::fmt;

use crate::entry::Entry;

/// The entries of a Procfile in the order of the file: at least one, and no name twice.
///
/// `Display` writes a Procfile without comments that parses to the same value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Procfile {
    entries: Vec<Entry>,
}

impl Procfile {
    /// The caller has checked that there is at least one entry, and no name twice.
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
