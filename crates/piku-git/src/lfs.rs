//! Files of Git LFS, of which git itself has only pointers.

use std::io::Read;

use camino::Utf8Path;
use gix::attrs::StateRef;
use gix::bstr::ByteSlice;
use gix::worktree::stack::state::attributes::Source;

use crate::Error;
use crate::bare::{attempt, object, open};

/// A pointer begins with this line, and is shorter than [`LARGEST`] (the specification of Git LFS).
const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";
const LARGEST: u64 = 1024;

/// Lists the files below `tree` that are pointers of Git LFS, in the order of the index: those that `commit` leaves to
/// LFS and whose contents nobody has put in their place.
///
/// # Errors
/// [`Error::Repository`] when the commit can't be read.
pub fn lfs_pointers(bare: &Utf8Path, commit: &str, tree: &Utf8Path) -> Result<Vec<String>, Error> {
    attempt(format!("look for files of Git LFS in {commit}"), bare, || {
        let repo = open(bare)?;
        let index = repo.index_from_tree(&object(&repo, commit)?.peel_to_tree()?.id)?;
        let mut found = Vec::new();
        let of_attributes = |entry: &&gix::index::Entry| {
            let path = entry.path(&index);
            path == ".gitattributes" || path.ends_with(b"/.gitattributes")
        };
        let mut uses_lfs = false;
        for entry in index.entries().iter().filter(of_attributes) {
            uses_lfs |= repo.find_object(entry.id)?.data.contains_str("filter=lfs");
        }
        if !uses_lfs {
            return Ok(found);
        }
        let mut stack = repo.attributes_only(&index, Source::IdMapping)?;
        let mut outcome = stack.selected_attribute_matches(["filter"]);
        for entry in index.entries() {
            let path = entry.path(&index);
            if !is_pointer(tree, path) {
                continue;
            }
            outcome.reset();
            stack.at_entry(path, Some(entry.mode))?.matching_attributes(&mut outcome);
            let is_lfs =
                |state: StateRef<'_>| matches!(state, StateRef::Value(value) if value.as_bstr() == "lfs");
            if outcome.iter_selected().any(|found| is_lfs(found.assignment.state)) {
                found.push(path.to_str_lossy().into_owned());
            }
        }
        Ok(found)
    })
}

/// Whether the file in the tree is a pointer now. Names that are not UTF-8 are not looked at.
fn is_pointer(tree: &Utf8Path, path: &gix::bstr::BStr) -> bool {
    let Ok(path) = path.to_str() else { return false };
    let path = tree.join(path);
    let small = path.symlink_metadata().is_ok_and(|about| about.is_file() && about.len() < LARGEST);
    let mut head = [0; POINTER.len()];
    small
        && std::fs::File::open(&path).is_ok_and(|mut file| file.read_exact(&mut head).is_ok())
        && head == POINTER
}
