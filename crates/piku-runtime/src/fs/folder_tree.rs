//! A source tree in a folder.

use camino::Utf8PathBuf;

use super::search_path::names;
use crate::SourceTree;

/// The files in a folder, read when they are asked for. Links that lead out of it are not followed, and `.git` at its
/// top is not listed.
///
/// Needs the feature `fs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderTree {
    folder: Utf8PathBuf,
    identity: String,
    tree_id: Option<String>,
}

impl FolderTree {
    /// Takes the files in `folder`, which are those of the commit `identity`. Reads nothing yet.
    ///
    /// Builds that the whole source goes into have a key with the commit in it. Without a commit, any text will do that
    /// changes when a file does.
    pub fn new(folder: impl Into<Utf8PathBuf>, identity: impl Into<String>) -> Self {
        Self { folder: folder.into(), identity: identity.into(), tree_id: None }
    }

    /// Sets what identifies the contents of the tree, instead of the commit.
    #[must_use]
    pub fn with_tree_id(self, tree_id: impl Into<String>) -> Self {
        Self { tree_id: Some(tree_id.into()), ..self }
    }
}

impl SourceTree for FolderTree {
    fn names(&self) -> Vec<String> {
        names(&self.folder).unwrap_or_default().into_iter().filter(|name| name != ".git").collect()
    }

    fn read(&self, path: &str) -> Option<Vec<u8>> {
        let whole = self.folder.join(path).canonicalize_utf8().ok()?;
        let inside = whole.starts_with(self.folder.canonicalize_utf8().ok()?) && whole.is_file();
        inside.then(|| std::fs::read(&whole).ok()).flatten()
    }

    fn identity(&self) -> &str {
        &self.identity
    }

    fn tree_id(&self) -> &str {
        self.tree_id.as_deref().unwrap_or(&self.identity)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use camino::Utf8Path;

    use super::*;

    #[test]
    fn reading_does_not_leave_the_tree() {
        let folder = tempfile::tempdir().unwrap();
        let top = Utf8Path::from_path(folder.path()).unwrap();
        let tree = top.join("tree");
        std::fs::create_dir_all(tree.join(".git")).unwrap();
        std::fs::create_dir_all(tree.join("web")).unwrap();
        std::fs::write(top.join("secret"), "x").unwrap();
        std::fs::write(tree.join("requirements.txt"), "flask\n").unwrap();
        symlink("../secret", tree.join("out")).unwrap();
        symlink("../requirements.txt", tree.join("web/in")).unwrap();
        let tree = FolderTree::new(tree, "c");
        assert_eq!(tree.names(), ["out", "requirements.txt", "web"]);
        for path in ["requirements.txt", "web/in"] {
            assert_eq!(tree.read(path).as_deref(), Some(b"flask\n".as_slice()), "{path}");
        }
        for path in ["out", "../secret", "/etc/passwd", "web", "none"] {
            assert_eq!(tree.read(path), None, "{path}");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_has_no_files() {
        let tree = FolderTree::new("/nowhere/at/all", "c").with_tree_id("t");
        assert_eq!((tree.names(), tree.read("Procfile")), (Vec::new(), None));
        assert_eq!((tree.identity(), tree.tree_id()), ("c", "t"));
    }
}
