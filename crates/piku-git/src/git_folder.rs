//! The git folder with which piku itself looks at a deployment clone. It lies beside the tree: an app can write to its
//! tree, and to the `.git` in it.

use camino::{Utf8Path, Utf8PathBuf};

use crate::bare::{attempt, object, open};
use crate::{Error, files};

/// The git folder of the clone in `tree`: `<tree>.git`. The app never reads it, and piku never reads the `.git` in the
/// tree, whose configuration, hooks, and links an app may have written.
#[must_use]
pub fn git_folder(tree: &Utf8Path) -> Utf8PathBuf {
    Utf8PathBuf::from(format!("{tree}.git"))
}

/// Moves a clone with its git folder within one file system. What is at `to` must be gone, except for a git folder.
///
/// # Errors
/// [`Error::File`] when one of the two can't be moved. Without its git folder, a clone can't be recycled.
pub fn move_clone(from: &Utf8Path, to: &Utf8Path) -> Result<(), Error> {
    let (own, new) = (git_folder(from), git_folder(to));
    files::remove(&new)?;
    // First, so that an interrupted move leaves a tree that is not recycled rather than one with an index of another.
    std::fs::rename(&own, &new).map_err(Error::file("move", &own))?;
    std::fs::rename(from, to).map_err(Error::file("move", from))
}

/// Makes the git folder of a clone of `commit` that has none, as clones of earlier versions do. Reads nothing in the
/// tree; a second call does nothing.
///
/// # Errors
/// [`Error`] when the commit can't be read or the folder can't be written.
pub fn keep_track(bare: &Utf8Path, commit: &str, tree: &Utf8Path) -> Result<(), Error> {
    if git_folder(tree).join("index").is_file() {
        return Ok(());
    }
    let own = lay_out(bare, commit, tree)?;
    attempt(format!("list the files of {commit}"), &own, || {
        let repo = open(&own)?;
        let id = object(&repo, commit)?.peel_to_tree()?.id;
        Ok(repo.index_from_tree(&id)?.write(gix::index::write::Options::default())?)
    })
}

/// Makes the git folder of a new clone, in place of an old one: everything but its index. Objects are those of the bare
/// repository.
pub(crate) fn lay_out(bare: &Utf8Path, commit: &str, tree: &Utf8Path) -> Result<Utf8PathBuf, Error> {
    let own = git_folder(tree);
    files::remove(&own)?;
    for folder in ["refs", "objects/info"] {
        files::make_folder(&own.join(folder), 0o700)?;
    }
    files::set_mode(&own, 0o700)?;
    for (name, text) in [
        ("config", "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n".to_owned()),
        ("HEAD", format!("{commit}\n")),
        ("objects/info/alternates", format!("{}\n", bare.join("objects"))),
    ] {
        let path = own.join(name);
        std::fs::write(&path, text).map_err(Error::file("write", &path))?;
    }
    Ok(own)
}
