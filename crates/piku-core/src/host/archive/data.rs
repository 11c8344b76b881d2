//! The data of an app, written to a backup.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use camino::Utf8Path;

use super::Writer;
use crate::backup::{BackupError, leads_within};
use crate::event::{Report, warn};
use crate::host::{HostError, sqlite};
use crate::persisted::shown;

/// How a file of SQLite begins (sqlite.org/fileformat.html).
const DATABASE: &[u8; 16] = b"SQLite format 3\0";

/// The names of the files that SQLite keeps beside a database, without that of the database.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// The data of an app, to be written to a backup.
pub(crate) struct Data<'a> {
    /// The folder.
    pub(crate) folder: &'a Utf8Path,
    /// A folder of our own for copies of databases.
    pub(crate) copies: &'a Utf8Path,
    /// What copies databases.
    pub(crate) sqlite: sqlite::Copier,
}

/// How much was written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Written {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    /// How many of the files are databases, copied whole.
    pub(crate) databases: u64,
}

impl Data<'_> {
    /// Writes everything, folders before what is in them. Warns about what can't be in a backup.
    pub(crate) fn write<W: Write>(
        &self,
        out: &mut Writer<W>,
        report: &mut Report<'_>,
    ) -> Result<Written, BackupError> {
        let mut written = Written::default();
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            let path = self.folder.as_std_path().join(&folder);
            let listed = fs::read_dir(&path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
            let mut entries = listed.map_err(HostError::file("list", path.to_string_lossy().into_owned()))?;
            entries.sort_by_key(fs::DirEntry::file_name);
            let names: Vec<_> = entries.iter().map(fs::DirEntry::file_name).collect();
            for entry in &entries {
                let inner = folder.join(entry.file_name());
                let beside = |name: &std::ffi::OsStr| {
                    let name = name.as_encoded_bytes();
                    let base = BESIDE.iter().find_map(|end| name.strip_suffix(end.as_bytes()))?;
                    names.iter().find(|other| other.as_encoded_bytes() == base)
                };
                let of_database = beside(&entry.file_name()).map(|base| path.join(base));
                if of_database.is_some_and(|base| is_database(&base)) {
                    // It is in the copy of the database.
                    continue;
                }
                self.write_entry(&inner, out, &mut written, report)?;
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(inner);
                }
            }
        }
        Ok(written)
    }

    fn write_entry<W: Write>(
        &self,
        inner: &Path,
        out: &mut Writer<W>,
        written: &mut Written,
        report: &mut Report<'_>,
    ) -> Result<(), BackupError> {
        let path = self.folder.as_std_path().join(inner);
        let failed = |action| HostError::file(action, path.to_string_lossy().into_owned());
        let about = match path.symlink_metadata() {
            // Removed since the folder was listed.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            about => about.map_err(failed("look at"))?,
        };
        let name = Path::new("data").join(inner);
        let mode = about.permissions().mode();
        if about.is_dir() {
            out.folder(&name, mode)?;
        } else if about.is_symlink() {
            let target = fs::read_link(&path).map_err(failed("read"))?;
            let target = self.relative(inner, &target).unwrap_or(target);
            if leads_within(inner, &target) {
                out.link(&name, &target)?;
            } else {
                let what = format!("the link `{}` leads out of the app's data and is left out", shown(inner));
                warn(report, what, Some("back up what it leads to by other means"));
            }
        } else if about.is_file() {
            let copy = if is_database(&path) { self.copy_of(&path)? } else { None };
            let read = copy.as_deref().unwrap_or(&path);
            let file = open(read).map_err(failed("read"))?;
            let length = file.metadata().map_err(failed("look at"))?.len();
            out.file(&name, file, mode, u64::try_from(about.mtime()).unwrap_or(0))?;
            written.files += 1;
            written.bytes += length;
            if let Some(copy) = copy {
                written.databases += 1;
                fs::remove_file(&copy).map_err(failed("remove a copy of"))?;
            }
        } else if !about.file_type().is_socket() {
            warn(report, format!("`{}` is neither file nor folder and is left out", shown(inner)), None);
        }
        Ok(())
    }

    /// A link into the data by its whole path, as one that is relative to its own folder, so that it is right for an app
    /// of another name.
    fn relative(&self, link: &Path, target: &Path) -> Option<PathBuf> {
        let below = target.strip_prefix(self.folder).ok()?;
        let up = link.components().skip(1).map(|_| "..");
        Some(up.collect::<PathBuf>().join(below))
    }

    /// A whole copy of a database; `None` if nobody has it open, so that the file itself is whole.
    fn copy_of(&self, path: &Path) -> Result<Option<PathBuf>, BackupError> {
        let copy = self.copies.as_std_path().join("database");
        match self.sqlite.copy(path, &copy) {
            Ok(true) => Ok(Some(copy)),
            Ok(false) => Ok(None),
            Err(sqlite::NotCopied::NoProgram) => {
                Err(BackupError::NoSqlite { path: path.to_string_lossy().into_owned() })
            }
            Err(sqlite::NotCopied::Failed(source)) => {
                Err(BackupError::Database { path: path.to_string_lossy().into_owned(), source })
            }
        }
    }
}

/// Opens a file without following a link that took its place, or waiting for the writer of a pipe.
fn open(path: &Path) -> std::io::Result<fs::File> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    fs::OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

fn is_database(path: &Path) -> bool {
    let mut first = [0; DATABASE.len()];
    let is_file = path.symlink_metadata().is_ok_and(|about| about.is_file());
    is_file && open(path).and_then(|mut file| file.read_exact(&mut first)).is_ok() && first == *DATABASE
}
