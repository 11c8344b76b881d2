//! Connects [`piku_git`] to [`Surroundings`].

use std::collections::BTreeMap;

use piku_git::Git;
pub(crate) use piku_git::{
    blobs, conflicting_branch, differs, file_in_push, has_commit, init_bare, keep_track, lfs_pointers,
    locked_since, move_clone, needs_packing, record_release, recyclable, resolve, set_branch, set_head,
    subject, taken_branches, top_entries, tracked_by_legacy, tree_id, unlock, written,
};

use super::Surroundings;

/// The `git` program, with the home folder and search path of piku's user.
pub(crate) fn program(surroundings: &Surroundings) -> Git {
    Git::new(&surroundings.home, surroundings.search_path())
}

/// The environment for `git` and other programs that need only a home folder and a path.
pub(crate) fn environment(surroundings: &Surroundings) -> BTreeMap<String, String> {
    program(surroundings).environment()
}
