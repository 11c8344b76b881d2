//! The source tree that detection and planning read.

use std::collections::{BTreeMap, BTreeSet};

/// The source tree of one commit, as detection and planning see it.
pub trait SourceTree {
    /// Lists the names of the top-level entries, files and folders alike, sorted.
    fn names(&self) -> Vec<String>;

    /// Reads the file at `path`, relative to the top and with `/` between folders.
    ///
    /// `None` if there is no such file. An implementation must not leave the tree, by `..` or by a symbolic link.
    fn read(&self, path: &str) -> Option<Vec<u8>>;

    /// The commit; part of the key of a build that depends on the tree itself.
    fn identity(&self) -> &str;

    /// Identifies the contents of the tree, whatever the commit: git's id of the tree, submodules included.
    ///
    /// It decides builds that the whole source goes into, so that a revert reuses its build. Defaults to the commit.
    fn tree_id(&self) -> &str {
        self.identity()
    }
}

/// A source tree in memory, for tests and for programs that embed piku.
#[derive(Debug, Clone, Default)]
pub struct MemoryTree {
    identity: String,
    tree_id: Option<String>,
    files: BTreeMap<String, Vec<u8>>,
}

impl MemoryTree {
    /// Makes an empty tree of the commit `identity`.
    pub fn new(identity: impl Into<String>) -> Self {
        Self { identity: identity.into(), ..Self::default() }
    }

    /// Sets what identifies the contents of the tree, instead of the commit.
    #[must_use]
    pub fn with_tree_id(self, tree_id: impl Into<String>) -> Self {
        Self { tree_id: Some(tree_id.into()), ..self }
    }

    /// Adds the file at `path`, or replaces it.
    #[must_use]
    pub fn with(mut self, path: impl Into<String>, contents: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.into(), contents.into());
        self
    }
}

impl SourceTree for MemoryTree {
    fn names(&self) -> Vec<String> {
        let top = |path: &String| path.split('/').next().unwrap_or_default().to_owned();
        self.files.keys().map(top).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn read(&self, path: &str) -> Option<Vec<u8>> {
        self.files.get(path).cloned()
    }

    fn identity(&self) -> &str {
        &self.identity
    }

    fn tree_id(&self) -> &str {
        self.tree_id.as_deref().unwrap_or(&self.identity)
    }
}

/// Finds the first of the files that exists in the tree.
pub(crate) fn first_of(tree: &dyn SourceTree, files: &[&'static str]) -> Option<&'static str> {
    files.iter().copied().find(|file| tree.read(file).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_top_level_only_sorted_and_once() {
        let tree = MemoryTree::new("c").with("web/b.py", "").with("web/a.py", "").with("Procfile", "");
        assert_eq!(tree.names(), ["Procfile", "web"]);
    }

    #[test]
    fn a_folder_and_an_absent_file_are_not_read() {
        let tree = MemoryTree::new("c").with("web/a.py", "x");
        assert_eq!(tree.read("web"), None);
        assert_eq!(tree.read("b.py"), None);
        assert_eq!(tree.read("web/a.py").as_deref(), Some(b"x".as_slice()));
    }
}
