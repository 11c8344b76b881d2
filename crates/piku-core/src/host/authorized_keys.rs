//! Reads and replaces `authorized_keys` of piku's user.

use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};

use super::{HostError, Surroundings, files};
use crate::authorized_keys::{Entry, File, Forced};
use crate::root::Root;

/// The mode of a new file.
const MODE: u32 = 0o600;

/// Where sshd looks for the keys of piku's user.
pub(crate) fn path(surroundings: &Surroundings) -> Utf8PathBuf {
    surroundings.home.join(".ssh/authorized_keys")
}

/// Reads the file; empty if it does not exist.
pub(crate) fn read(surroundings: &Surroundings) -> Result<File, HostError> {
    Ok(File::new(&files::read(&path(surroundings))?.unwrap_or_default()))
}

/// Replaces the file in one step. It keeps its mode, and its place if it is a link.
pub(crate) fn write(surroundings: &Surroundings, file: &File) -> Result<(), HostError> {
    let path = path(surroundings);
    let folder = path.parent().unwrap_or(&surroundings.home);
    if !folder.is_dir() {
        files::make_folder(folder, 0o700)?;
    }
    let path = path.canonicalize_utf8().unwrap_or(path);
    let mode = path.metadata().map_or(MODE, |about| about.permissions().mode() & 0o777);
    files::write(&path, &file.bytes(), mode)
}

/// Whether the key of a line is one of this root: of piku, or of legacy piku, which may name none.
pub(crate) fn is_ours(entry: &Entry, root: &Root) -> bool {
    match &entry.forced {
        Forced::Ours(command) => is_root(command.root.as_deref(), root),
        Forced::Legacy(command) => is_root(command.root.as_deref(), root),
        Forced::Other => false,
    }
}

/// Whether a line with this root is one of `root`. Without one it is of the user's own, which only a person can have meant.
pub(crate) fn is_root(named: Option<&Utf8Path>, root: &Root) -> bool {
    named.is_none_or(|named| same(named, root.path()))
}

/// Whether two paths lead to one file or folder.
pub(crate) fn same(one: &Utf8Path, other: &Utf8Path) -> bool {
    one == other
        || match (one.canonicalize_utf8(), other.canonicalize_utf8()) {
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        }
}
