//! The home folder of a server's user.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use camino::{Utf8Path, Utf8PathBuf};

use crate::machine;

/// A temporary home folder; removed when it is dropped.
///
/// Its path is short, since that of a unix socket below it may have at most 107 bytes,
/// and others may go through it (711), as nginx must.
#[derive(Debug)]
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("pk-")
            .rand_bytes(5)
            .tempdir_in("/tmp")
            .expect("a folder below /tmp can be made");
        let home = Self(folder);
        let open = fs::Permissions::from_mode(0o711);
        fs::set_permissions(home.path(), open).expect("a new folder's mode can be set");
        fs::create_dir(home.path().join(".ssh")).expect("a folder can be made in a new home");
        // What pip and uv have downloaded once is not downloaded for every server.
        let cache = crate::piku::workspace().join("target/tests-cache");
        fs::create_dir_all(&cache).expect("the cache of downloads can be made");
        symlink(&cache, home.path().join(".cache")).expect("a link can be made in a new home");
        home
    }

    pub(crate) fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.0.path()).expect("the name was chosen here")
    }

    /// Makes a folder of links to every program in the search path but those that `hidden` names, and gives its path.
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
                // The first of two programs of one name wins, as in a search.
                drop(symlink(entry.path(), folder.join(entry.file_name())));
            }
        }
        folder
    }
}
