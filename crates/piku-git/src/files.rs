//! Files of a repository: written to a temporary file and renamed, linked rather than copied.

use std::fs::{self, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;

use camino::Utf8Path;

use crate::Error;

/// Prefix of temporary files, followed by the writer's pid, so that a cleanup after a crash can tell which are
/// abandoned.
pub(crate) const UNNAMED: &str = ".piku-";

/// Writes a file of mode 644: to a temporary file, synced, then renamed.
pub(crate) fn write(path: &Utf8Path, bytes: &[u8]) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(Utf8Path::new("/"));
    let failed = || Error::file("write", path);
    let mut file = tempfile::Builder::new()
        .prefix(&format!("{UNNAMED}{}-", std::process::id()))
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder)
        .map_err(failed())?;
    file.write_all(bytes).map_err(failed())?;
    file.as_file().set_permissions(Permissions::from_mode(0o644)).map_err(failed())?;
    file.as_file().sync_data().map_err(failed())?;
    file.persist(path).map(drop).map_err(|error| failed()(error.error))
}

/// Makes a folder and its parents, and sets exactly this mode.
pub(crate) fn make_folder(path: &Utf8Path, mode: u32) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(Error::file("make folder", path))?;
    set_mode(path, mode)
}

/// Sets permission bits.
pub(crate) fn set_mode(path: &Utf8Path, mode: u32) -> Result<(), Error> {
    let now = fs::metadata(path).map_err(Error::file("look at", path))?.permissions().mode() & 0o7777;
    if now == mode {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(Error::file("set the mode of", path))
}

/// Removes a file, a link, or a folder with its contents, without following links; an absent one is fine.
pub(crate) fn remove(path: &Utf8Path) -> Result<(), Error> {
    let removed = match fs::remove_dir_all(path) {
        Err(error) if error.kind() == ErrorKind::NotADirectory => fs::remove_file(path),
        result => result,
    };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::file("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Hard-links every file below `from` to the same path below `to`, except those that exist there.
///
/// Meant for git's objects, which never change once written. Copies if the file system has no hard links.
pub(crate) fn link_tree(from: &Utf8Path, to: &Utf8Path) -> Result<(), Error> {
    let mut vanished = link_once(from, to)?;
    // If git repacked meanwhile, the new files may have been missed.
    for _ in 0..3 {
        if !vanished {
            break;
        }
        vanished = link_once(from, to)?;
    }
    Ok(())
}

/// Whether a listed file was gone when it was to be linked.
fn link_once(from: &Utf8Path, to: &Utf8Path) -> Result<bool, Error> {
    let mut vanished = false;
    fs::create_dir_all(to).map_err(Error::file("make folder", to))?;
    for entry in from.read_dir_utf8().map_err(Error::file("list", from))? {
        let entry = entry.map_err(Error::file("list", from))?;
        // Written by a push that is still being received.
        if entry.file_name().starts_with("tmp_") {
            continue;
        }
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(Error::file("look at", source))?;
        if kind.is_dir() {
            match link_once(source, &target) {
                Ok(within) => vanished |= within,
                Err(_) if !source.exists() => vanished = true,
                Err(error) => return Err(error),
            }
        } else if kind.is_file() {
            match fs::hard_link(source, &target) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) if error.kind() == ErrorKind::NotFound => vanished = true,
                Err(_) => drop(fs::copy(source, &target).map_err(Error::file("copy", source))?),
            }
        }
    }
    Ok(vanished)
}
