//! Copies and moves whole folders with cp(1), which handles modes, links, sparse files, and copy-on-write.

use std::io::ErrorKind;

use camino::Utf8Path;

use super::command::Invocation;
use super::{HostError, Surroundings, files};

/// Copies a file or a folder with its contents, without following links. The copy is made next to `to` and renamed, so
/// that `to` is never incomplete. `to` must not exist.
pub(crate) fn copy(surroundings: &Surroundings, from: &Utf8Path, to: &Utf8Path) -> Result<(), HostError> {
    let beside = to.with_file_name(format!(".piku-copy-{}", to.file_name().unwrap_or_default()));
    files::remove_folder(&beside)?;
    let env = [("PATH".to_owned(), surroundings.search_path())].into();
    let words = ["cp", "-a", "--", from.as_str(), beside.as_str()];
    Invocation::new(words).with_env(&env).check(&mut |_| {})?;
    files::rename(&beside, to)
}

/// Moves a file or folder, even to another file system.
pub(crate) fn move_to(surroundings: &Surroundings, from: &Utf8Path, to: &Utf8Path) -> Result<(), HostError> {
    match files::rename(from, to) {
        Err(HostError::File { source, .. }) if source.kind() == ErrorKind::CrossesDevices => {
            copy(surroundings, from, to)?;
            files::remove_folder(from)
        }
        result => result,
    }
}
