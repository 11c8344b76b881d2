//! The private folder of the sockets by which later commands use the connection of an earlier one.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};

use camino::{Utf8Path, Utf8PathBuf};

/// The longest path of a unix socket, its end included: 104 bytes on macOS, 108 on Linux.
const LONGEST: usize = 104;
/// What ssh appends while it makes the socket: a dot and 16 characters.
const APPENDED: usize = 17;

/// Where such folders may be, the best one first.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// `XDG_RUNTIME_DIR`.
    pub(super) runtime: Option<Utf8PathBuf>,
    /// `XDG_CACHE_HOME`, or `~/.cache`.
    pub(super) cache: Option<Utf8PathBuf>,
    /// A folder of this user's where all others are too deep.
    pub(super) short: Option<Utf8PathBuf>,
}

impl Places {
    /// The path of the socket for a connection, in a folder that only this user may enter. `None` if there is no such
    /// folder: then each command makes a connection of its own.
    pub(super) fn socket(&self, connection: &[String]) -> Option<Utf8PathBuf> {
        let name = name(connection);
        let user = rustix::process::geteuid().as_raw();
        let runtime = self.runtime.iter().filter(|folder| folder.is_dir()).map(|folder| folder.join("piku"));
        let cache = self.cache.iter().map(|folder| folder.join("piku"));
        let paths = runtime.chain(cache).chain(self.short.clone()).map(|folder| folder.join(&name));
        paths
            .filter(|path| fits(path))
            .find(|path| path.parent().is_some_and(|folder| is_private(folder, user)))
    }
}

/// The same name for the same way to the same server.
fn name(connection: &[String]) -> String {
    let mut hasher = DefaultHasher::new();
    connection.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn fits(path: &Utf8Path) -> bool {
    path.is_absolute() && path.as_str().len() + APPENDED < LONGEST && !path.as_str().contains('"')
}

/// Makes the folder if it is not there. Whether it is this user's, closed to others, and no link.
fn is_private(folder: &Utf8Path, user: u32) -> bool {
    // It fails if the folder is there, which is looked at next.
    drop(std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder));
    folder
        .symlink_metadata()
        .is_ok_and(|found| found.is_dir() && found.uid() == user && found.mode() & 0o077 == 0)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_socket_is_in_a_folder_of_ones_own_that_is_short_enough() {
        let folder = tempfile::Builder::new().prefix("l").tempdir_in("/tmp").unwrap();
        let home = Utf8Path::from_path(folder.path()).unwrap();
        let places = |runtime: &str, cache: &str| Places {
            runtime: Some(home.join(runtime)),
            cache: Some(home.join(cache)),
            short: Some(home.join("s")),
        };
        let known = ["ssh".to_owned(), "box".to_owned()];
        std::fs::create_dir(home.join("run")).unwrap();
        let socket = places("run", "cache").socket(&known).unwrap();
        assert_eq!(socket.parent(), Some(home.join("run/piku").as_path()));
        assert_eq!(places("run", "cache").socket(&known), Some(socket.clone()));
        assert_ne!(places("run", "cache").socket(&["ssh".to_owned(), "boy".to_owned()]), Some(socket));
        assert_eq!(std::fs::metadata(home.join("run/piku")).unwrap().permissions().mode() & 0o777, 0o700);

        // Without a runtime folder, the cache; a folder that others enter is not used.
        let socket = places("none", "cache").socket(&known).unwrap();
        assert_eq!(socket.parent(), Some(home.join("cache/piku").as_path()));
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(home.join("cache/piku"), open).unwrap();
        let socket = places("none", "cache").socket(&known).unwrap();
        assert_eq!(socket.parent(), Some(home.join("s").as_path()));

        let deep = "d".repeat(80);
        let socket = places("none", &deep).socket(&known).unwrap();
        assert_eq!(socket.parent(), Some(home.join("s").as_path()));
        assert!(socket.as_str().len() + APPENDED < LONGEST, "{socket}");
    }
}
