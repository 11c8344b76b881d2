use std::collections::{BTreeMap, BTreeSet};

/// The source tree of one commit, as far as detection and planning look at it.
pub trait SourceTree {
    /// Lists the names of the top-level entries, files and folders alike, sorted.
    fn names(&self) -> Vec<String>;

    /// Reads the file at `path`, relative to the top and with `/` between folders.
    ///
    /// `None` when there is no such file. An implementor must not leave the tree, neither by `..` nor by a symbolic link.
    fn read(&self, path: &str) -> Option<Vec<u8>>;

    /// Names the commit; it becomes part of the key of a build that depends on the tree itself.
    fn identity(&self) -> &str;

    /// Names what is in the tree, whatever the commit: git's id of the tree, of which submodules are a part.
    ///
    /// It decides about builds that the whole source goes into, so a revert finds its build again. Where the caller does
    /// not know it, the commit does.
    fn tree_id(&self) -> &str {
        self.identity()
    }
}

/// A source tree held in memory, for tests and for those who embed piku.
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

    /// Names what is in the tree; otherwise the commit does.
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

/// Finds the first of the files that the tree has.
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
