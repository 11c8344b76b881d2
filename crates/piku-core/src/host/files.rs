//! Files and folders: read whole, written beside and renamed.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io::{ErrorKind, Seek, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};

use camino::{Utf8Path, Utf8PathBuf};

use super::HostError;

/// Reads a file; `None` when there is none.
pub(crate) fn read(path: &Utf8Path) -> Result<Option<Vec<u8>>, HostError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(HostError::file("read", path)(error)),
    }
}

/// Reads a file as text, odd bytes replaced; `None` when there is none.
pub(crate) fn read_text(path: &Utf8Path) -> Result<Option<String>, HostError> {
    Ok(read(path)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// The names in a folder, sorted; none when it does not exist. Names that are not UTF-8 are never piku's.
pub(crate) fn names(folder: &Utf8Path) -> Result<BTreeSet<String>, HostError> {
    match fs::read_dir(folder) {
        Ok(entries) => {
            Ok(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(error) => Err(HostError::file("list", folder)(error)),
    }
}

/// Writes a file with exactly this mode: beside its place, synced, then renamed.
pub(crate) fn write(path: &Utf8Path, bytes: &[u8], mode: u32) -> Result<(), HostError> {
    let folder = path.parent().unwrap_or(Utf8Path::new("/"));
    let failed = || HostError::file("write", path);
    let mut file = tempfile::Builder::new()
        .prefix(".piku-")
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder)
        .map_err(failed())?;
    file.write_all(bytes).map_err(failed())?;
    file.as_file().set_permissions(Permissions::from_mode(mode)).map_err(failed())?;
    file.as_file().sync_data().map_err(failed())?;
    file.persist(path).map_err(|error| failed()(error.error))?;
    Ok(())
}

/// Makes a folder, and those above it, and gives it exactly this mode.
pub(crate) fn make_folder(path: &Utf8Path, mode: u32) -> Result<(), HostError> {
    fs::create_dir_all(path).map_err(HostError::file("make folder", path))?;
    set_mode(path, mode)
}

/// Opens a file to lock it, making an empty one where there is none; 600.
pub(crate) fn open_to_lock(path: &Utf8Path) -> Result<fs::File, HostError> {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.open(path).map_err(HostError::file("lock", path))
}

/// Makes a text the whole contents of an open file: who holds a lock writes so who it is.
pub(crate) fn sign(mut file: &fs::File, text: &str) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(text.as_bytes())
}

/// Sets permission bits.
pub(crate) fn set_mode(path: &Utf8Path, mode: u32) -> Result<(), HostError> {
    let now = fs::metadata(path).map_err(HostError::file("look at", path))?.permissions().mode() & 0o7777;
    if now == mode {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(HostError::file("set the mode of", path))
}

/// Points a symbolic link somewhere, replacing what is there by a rename.
pub(crate) fn link(path: &Utf8Path, target: &Utf8Path) -> Result<(), HostError> {
    let beside = path.with_file_name(format!(".piku-link-{}", path.file_name().unwrap_or_default()));
    remove(&beside)?;
    symlink(target, &beside).map_err(HostError::file("link", path))?;
    fs::rename(&beside, path).map_err(HostError::file("link", path))
}

/// Where a symbolic link points; `None` when it is not one.
pub(crate) fn link_target(path: &Utf8Path) -> Option<Utf8PathBuf> {
    path.read_link_utf8().ok()
}

/// Gives an existing file a second name.
pub(crate) fn second_name(path: &Utf8Path, of: &Utf8Path) -> Result<(), HostError> {
    match fs::hard_link(of, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            remove(path)?;
            fs::hard_link(of, path).map_err(HostError::file("enable", path))
        }
        result => result.map_err(HostError::file("enable", path)),
    }
}

/// Removes a file or link; one that is gone is fine.
pub(crate) fn remove(path: &Utf8Path) -> Result<(), HostError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(HostError::file("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Removes a folder with all that is in it, following no link; one that is gone is fine.
pub(crate) fn remove_folder(path: &Utf8Path) -> Result<(), HostError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotADirectory => remove(path),
        // A build may leave folders that its owner may not write to, as Go's module cache does.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            make_removable(path);
            fs::remove_dir_all(path).map_err(HostError::file("remove", path))
        }
        result => result.map_err(HostError::file("remove", path)),
    }
}

/// Makes every folder below `path` writable by its owner.
fn make_removable(path: &Utf8Path) {
    drop(fs::set_permissions(path, Permissions::from_mode(0o700)));
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        let inner = Utf8PathBuf::from_path_buf(entry.path());
        if let (Ok(inner), Ok(kind)) = (inner, entry.file_type())
            && kind.is_dir()
        {
            make_removable(&inner);
        }
    }
}

/// Moves a file or folder within one file system.
pub(crate) fn rename(from: &Utf8Path, to: &Utf8Path) -> Result<(), HostError> {
    fs::rename(from, to).map_err(HostError::file("move", from))
}

/// Gives every file below `from` a second name below `to`, leaving alone those that are there.
///
/// Made for git's objects, which never change once written. Where the file system can't link, it copies.
pub(crate) fn link_tree(from: &Utf8Path, to: &Utf8Path) -> Result<(), HostError> {
    fs::create_dir_all(to).map_err(HostError::file("make folder", to))?;
    for entry in from.read_dir_utf8().map_err(HostError::file("list", from))? {
        let entry = entry.map_err(HostError::file("list", from))?;
        // What a push that is still being received has written so far.
        if entry.file_name().starts_with("tmp_") {
            continue;
        }
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(HostError::file("look at", source))?;
        if kind.is_dir() {
            link_tree(source, &target)?;
        } else if kind.is_file() {
            match fs::hard_link(source, &target) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                // git may repack while we look.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(_) => drop(fs::copy(source, &target).map_err(HostError::file("copy", source))?),
            }
        }
    }
    Ok(())
}

/// Whether a file has another name elsewhere, or is a link to one beside it: so losing it loses nothing.
///
/// The files that a build puts into a tree are like that, and those that an app writes are not.
pub(crate) fn is_lent(path: &Utf8Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let Ok(about) = path.symlink_metadata() else { return false };
    let beside = |target: Utf8PathBuf| target.is_relative();
    about.is_file() && about.nlink() > 1 || about.is_symlink() && link_target(path).is_some_and(beside)
}

/// Whether something is there, a dangling link included.
pub(crate) fn exists(path: &Utf8Path) -> bool {
    path.symlink_metadata().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_mode_it_was_given_whatever_was_there_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("ENV")).unwrap();
        fs::write(&path, "old").unwrap();
        write(&path, b"A=1\n", 0o600).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&path).unwrap().unwrap(), b"A=1\n");
        assert_eq!(names(path.parent().unwrap()).unwrap().len(), 1, "nothing is left beside it");
    }

    #[test]
    fn removing_follows_no_link() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        fs::create_dir_all(at("kept")).unwrap();
        fs::write(at("kept/file"), "x").unwrap();
        fs::create_dir_all(at("gone")).unwrap();
        link(&at("gone/link"), &at("kept")).unwrap();
        remove_folder(&at("gone")).unwrap();
        assert!(at("kept/file").exists());
        remove_folder(&at("gone")).unwrap();
    }
}
