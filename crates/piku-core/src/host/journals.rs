//! The names of the journals that SQLite puts beside a database (<https://www.sqlite.org/tempfiles.html>).
//!
//! SQLite follows links to a database before it names them, so they are always beside the file itself.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The database that a file belongs to, if it is a journal of SQLite's by its name: `db-wal` is one of `db`.
pub(crate) fn database_of(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.as_bytes();
    let database = JOURNALS.iter().find_map(|ending| name.strip_suffix(ending.as_bytes()))?;
    (!database.is_empty()).then(|| path.with_file_name(OsStr::from_bytes(database)))
}

/// The journals of a database, whether they exist or not.
pub(crate) fn journals(database: &Path) -> [PathBuf; 3] {
    JOURNALS.map(|ending| {
        let mut name = database.file_name().unwrap_or_default().to_owned();
        name.push(ending);
        database.with_file_name(name)
    })
}

const JOURNALS: [&str; 3] = ["-wal", "-shm", "-journal"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journals_of_a_database_are_known_by_their_names() {
        assert_eq!(database_of(Path::new("var/db-wal")), Some("var/db".into()));
        for name in ["-wal", "db-walrus", "db"] {
            assert_eq!(database_of(Path::new(name)), None);
        }
        assert_eq!(journals(Path::new("var/db"))[2], Path::new("var/db-journal"));
    }
}
