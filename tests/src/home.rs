//! The home folder of a server's user.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};

use camino::{Utf8Path, Utf8PathBuf};

use crate::account::Account;
use crate::machine;

/// A temporary home folder; removed when it is dropped.
///
/// Its path is short, because the path of a unix socket below it may have at most 107 bytes; others may enter it
/// (711), as nginx must. It is owned by the user.
#[derive(Debug)]
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    pub(crate) fn new(account: Account) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("pk-")
            .rand_bytes(5)
            .tempdir_in("/tmp")
            .expect("a folder below /tmp can be made");
        let home = Self(folder);
        let open = fs::Permissions::from_mode(0o711);
        fs::set_permissions(home.path(), open).expect("a new folder's mode can be set");
        let ssh = home.path().join(".ssh");
        fs::create_dir(&ssh).expect("a folder can be made in a new home");
        let cache = Self::cache(account);
        fs::create_dir_all(&cache).expect("the cache of downloads can be made");
        symlink(&cache, home.path().join(".cache")).expect("a link can be made in a new home");
        if let Some((user, group)) = account.ids() {
            for folder in [home.path(), &ssh, &cache] {
                chown(folder, Some(user), Some(group)).expect("root gives folders away");
            }
        }
        home
    }

    /// The download cache of pip, uv, and npm, so that not every server downloads again.
    ///
    /// Each user has one: the tools leave files in it that only their owner may write, and pip refuses those of
    /// others.
    pub(crate) fn cache(account: Account) -> Utf8PathBuf {
        crate::piku::workspace().join("target/tests-cache").join(account.label())
    }

    pub(crate) fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.0.path()).expect("the name was chosen here")
    }

    /// Makes a folder of links to every program in the search path, except those that `hidden` matches, and returns
    /// its path.
    pub(crate) fn programs_without(&self, hidden: impl Fn(&str) -> bool) -> Utf8PathBuf {
        let folder = self.path().join("programs");
        fs::create_dir(&folder).expect("a folder can be made in a new home");
        for entry in machine::SEARCH_PATH
            .split(':')
            .filter_map(|path| Utf8Path::new(path).read_dir_utf8().ok())
            .flatten()
            .flatten()
        {
            if !hidden(entry.file_name()) {
                // The first of two programs with the same name wins, as in a search.
                drop(symlink(entry.path(), folder.join(entry.file_name())));
            }
        }
        folder
    }
}
