//! A source tree in a folder.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::search_path::names;
use crate::SourceTree;

/// The largest file that is read, in bytes: the lock file of a large project has a few million.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The files in a folder, read when they are asked for. Links that lead out of it are not followed, and `.git` at its
/// top is not listed.
///
/// A file of more than 16 MiB is not read. [`FolderTree::unread`] tells what was asked for and not read.
///
/// Needs the feature `fs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderTree {
    folder: Utf8PathBuf,
    identity: String,
    tree_id: Option<String>,
    unread: RefCell<BTreeMap<String, Unread>>,
}

/// Why a file that is there was not read.
///
/// Needs the feature `fs`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unread {
    /// It is a link that leads out of the folder, or nowhere.
    Outside,
    /// It is a folder.
    Folder,
    /// It is a pipe, a socket, or a device.
    Special,
    /// It is larger than the limit, in bytes.
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// The system does not let us read it.
    Failed {
        /// The system's reason.
        reason: String,
    },
}

impl FolderTree {
    /// Takes the files in `folder`, which are those of the commit `identity`. Reads nothing yet.
    ///
    /// Builds that the whole source goes into have a key with the commit in it. Without a commit, any text will do that
    /// changes when a file does.
    pub fn new(folder: impl Into<Utf8PathBuf>, identity: impl Into<String>) -> Self {
        let (folder, identity, unread) = (folder.into(), identity.into(), RefCell::default());
        Self { folder, identity, tree_id: None, unread }
    }

    /// Reads a file like [`SourceTree::read`], if it has at most `limit` bytes.
    #[must_use]
    pub fn read_at_most(&self, path: &str, limit: u64) -> Option<Vec<u8>> {
        match self.bytes(path, limit) {
            Ok(bytes) => bytes,
            Err(why) => {
                self.unread.borrow_mut().insert(path.to_owned(), why);
                None
            }
        }
    }

    /// What was asked for so far, is there, and was not read, by its path.
    #[must_use]
    pub fn unread(&self) -> BTreeMap<String, Unread> {
        self.unread.borrow().clone()
    }

    fn bytes(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, Unread> {
        let is_below = Utf8Path::new(path).components().all(|part| matches!(part, Utf8Component::Normal(_)));
        let named = self.folder.join(path);
        if !is_below || named.symlink_metadata().is_err() {
            return Ok(None);
        }
        let real = named.canonicalize_utf8().map_err(|_| Unread::Outside)?;
        let folder = self.folder.canonicalize_utf8().map_err(|_| Unread::Outside)?;
        if !real.starts_with(&folder) {
            return Err(Unread::Outside);
        }
        let file = open(&real)?;
        let mut bytes = Vec::new();
        // Its size may be another than the system says, or grow meanwhile.
        file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
        if bytes.len() as u64 > limit { Err(Unread::TooLarge { limit }) } else { Ok(Some(bytes)) }
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
        self.read_at_most(path, LARGEST)
    }

    fn identity(&self) -> &str {
        &self.identity
    }

    fn tree_id(&self) -> &str {
        self.tree_id.as_deref().unwrap_or(&self.identity)
    }
}

/// Opens a regular file. Opening a pipe would otherwise wait until somebody writes to it.
fn open(path: &Utf8Path) -> Result<File, Unread> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path.as_std_path(), flags, Mode::empty()) {
        Ok(file) => File::from(file),
        // The error for a socket.
        Err(Errno::NXIO) => return Err(Unread::Special),
        Err(error) => return Err(failed(&error.into())),
    };
    match file.metadata().map_err(|error| failed(&error))? {
        found if found.is_file() => Ok(file),
        found if found.is_dir() => Err(Unread::Folder),
        _ => Err(Unread::Special),
    }
}

fn failed(error: &std::io::Error) -> Unread {
    Unread::Failed { reason: error.to_string() }
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
    fn what_is_not_read_has_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let top = Utf8Path::from_path(folder.path()).unwrap();
        let tree = top.join("tree");
        std::fs::create_dir_all(tree.join("ENV")).unwrap();
        let links = [("out", "/etc/passwd"), ("gone", "nothing"), ("zero", "/dev/zero"), ("loop", "loop")];
        links.iter().for_each(|(name, target)| symlink(target, tree.join(name)).unwrap());
        symlink("pipe", tree.join("to-pipe")).unwrap();
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mkfifoat(rustix::fs::CWD, tree.join("pipe").as_std_path(), mode).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(tree.join("socket")).unwrap();
        // A file with a hole takes no space.
        std::fs::File::create(tree.join("package.json")).unwrap().set_len(3 << 30).unwrap();
        std::fs::write(tree.join("small"), "12345").unwrap();

        let tree = FolderTree::new(tree, "c");
        let begin = std::time::Instant::now();
        for path in ["ENV", "out", "gone", "zero", "loop", "pipe", "to-pipe", "socket", "package.json"] {
            assert_eq!(tree.read(path), None, "{path}");
        }
        assert!(begin.elapsed() < std::time::Duration::from_secs(10), "3 GiB were read");
        assert_eq!((tree.read_at_most("small", 4), tree.read_at_most("none", 4)), (None, None));
        let found: Vec<_> = tree.unread().into_iter().collect();
        let wanted = [
            ("ENV", Unread::Folder),
            ("gone", Unread::Outside),
            ("loop", Unread::Outside),
            ("out", Unread::Outside),
            ("package.json", Unread::TooLarge { limit: LARGEST }),
            ("pipe", Unread::Special),
            ("small", Unread::TooLarge { limit: 4 }),
            ("socket", Unread::Special),
            ("to-pipe", Unread::Special),
            ("zero", Unread::Outside),
        ];
        assert_eq!(found, wanted.map(|(path, why)| (path.to_owned(), why)));
        assert_eq!(tree.read_at_most("small", 5).as_deref(), Some(&b"12345"[..]));
    }

    #[test]
    fn a_folder_that_is_not_there_has_no_files() {
        let tree = FolderTree::new("/nowhere/at/all", "c").with_tree_id("t");
        assert_eq!((tree.names(), tree.read("Procfile")), (Vec::new(), None));
        assert_eq!((tree.identity(), tree.tree_id()), ("c", "t"));
    }
}
