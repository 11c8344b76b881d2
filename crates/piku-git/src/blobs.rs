//! The files of a commit, read from the bare repository: nothing in the tree of a release, which its app may have
//! changed, is asked.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use camino::Utf8Path;

use crate::Error;
use crate::bare::{attempt, object, open};

/// Returns the path of every file of a commit with the id of its contents. Names may be any bytes. Submodules are left
/// out.
///
/// # Errors
/// [`Error::Repository`] when there is no such commit, or it can't be read.
pub fn blobs(repository: &Utf8Path, commit: &str) -> Result<BTreeMap<PathBuf, String>, Error> {
    attempt(format!("list the files of {commit}"), repository, || {
        let repo = open(repository)?;
        let tree = object(&repo, commit)?.peel_to_tree()?.id;
        let index = repo.index_from_tree(&tree)?;
        let is_file = |entry: &&gix::index::Entry| entry.mode != gix::index::entry::Mode::COMMIT;
        let entries = index.entries().iter().filter(is_file);
        Ok(entries.map(|entry| (path(entry.path(&index)), entry.id.to_string())).collect())
    })
}

/// Whether a file differs from the contents with this id, byte for byte. A file that can't be read differs.
#[must_use]
pub fn differs(repository: &Utf8Path, id: &str, file: &Path) -> bool {
    let same = attempt("compare a file", repository, || {
        let repo = open(repository)?;
        let id = gix::ObjectId::from_hex(id.as_bytes())?;
        if file.symlink_metadata()?.len() != repo.find_header(id)?.size() {
            return Ok(false);
        }
        let text = match std::fs::read_link(file) {
            Ok(target) => target.into_os_string().into_encoded_bytes(),
            Err(_) => std::fs::read(file)?,
        };
        Ok(gix::objs::compute_hash(id.kind(), gix::objs::Kind::Blob, &text)? == id)
    });
    !same.unwrap_or(false)
}

fn path(name: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(name))
}
