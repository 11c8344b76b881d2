//! Copies and moves of whole folders, by cp(1): it knows modes, links, sparse files, and file systems that share blocks.

use std::io::ErrorKind;

use camino::Utf8Path;

use super::command::Invocation;
use super::{HostError, Surroundings, files};

/// Copies a file or folder with all that is in it, following no link. Nothing is at `to` before, or half of it after:
/// the copy is made beside and renamed.
pub(crate) fn copy(surroundings: &Surroundings, from: &Utf8Path, to: &Utf8Path) -> Result<(), HostError> {
    let beside = to.with_file_name(format!(".piku-copy-{}", to.file_name().unwrap_or_default()));
    files::remove_folder(&beside)?;
    let env = [("PATH".to_owned(), surroundings.search_path())].into();
    let words = ["cp", "-a", "--", from.as_str(), beside.as_str()];
    Invocation::new(words).with_env(&env).check(&mut |_| {})?;
    files::rename(&beside, to)
}

/// Moves a file or folder, to another file system too.
pub(crate) fn move_to(surroundings: &Surroundings, from: &Utf8Path, to: &Utf8Path) -> Result<(), HostError> {
    match files::rename(from, to) {
        Err(HostError::File { source, .. }) if source.kind() == ErrorKind::CrossesDevices => {
            copy(surroundings, from, to)?;
            files::remove_folder(from)
        }
        result => result,
    }
}
