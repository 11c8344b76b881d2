//! The key that identifies the result of a build.

use std::fmt;

use sha2::{Digest, Sha256};

/// Identifies the result of a build: a build with the same key need not be repeated.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BuildKey(String);

/// Collects what decides the result of a build.
pub(crate) struct KeyParts(Sha256);

impl Default for KeyParts {
    fn default() -> Self {
        Self::new()
    }
}

impl BuildKey {
    /// The key as 16 hexadecimal characters, which make a folder name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the key of the same build made for one place only, such as the path of a tree that it points into.
    #[must_use]
    pub fn bound_to(&self, place: &str) -> Self {
        KeyParts::new().part("key", &self.0).part("place", place).key()
    }
}

impl KeyParts {
    /// Begins a key; the number changes when the meaning of the parts does.
    pub(crate) fn new() -> Self {
        Self(Sha256::new()).part("piku-runtime", "1")
    }

    /// Adds a part. Lengths are included, so that no two lists of parts give the same bytes.
    pub(crate) fn part(mut self, label: &str, value: impl AsRef<[u8]>) -> Self {
        for bytes in [label.as_bytes(), value.as_ref()] {
            self.0.update((bytes.len() as u64).to_be_bytes());
            self.0.update(bytes);
        }
        self
    }

    /// Finishes the key.
    pub(crate) fn key(self) -> BuildKey {
        BuildKey(self.0.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }
}

impl fmt::Display for BuildKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together() {
        let split = |a: &str, b: &str| KeyParts::new().part("a", a).part("b", b).key();
        assert_eq!(split("xy", "z"), split("xy", "z"));
        assert_ne!(split("xy", "z"), split("x", "yz"));
        assert_eq!(split("", "").as_str().len(), 16);
    }

    #[test]
    fn a_bound_key_is_its_own_for_every_place() {
        let key = KeyParts::new().key();
        assert_ne!(key.bound_to("/a"), key);
        assert_ne!(key.bound_to("/a"), key.bound_to("/b"));
        assert_eq!(key.bound_to("/a"), key.bound_to("/a"));
    }
}
