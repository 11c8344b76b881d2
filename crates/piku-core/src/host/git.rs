//! git as it runs here: [`piku_git`] with our surroundings.

use std::collections::BTreeMap;

use piku_git::Git;
pub(crate) use piku_git::{
    conflicting_branch, file_in_push, init_bare, locked_since, record_release, resolve, set_branch, set_head,
    subject, tracked_count, tree_id, unlock,
};

use super::Surroundings;

/// The `git` program, which runs as the user whose surroundings these are.
pub(crate) fn program(surroundings: &Surroundings) -> Git {
    Git::new(&surroundings.home, surroundings.search_path())
}

/// The environment in which `git` runs, and other programs that need nothing but a home and a path.
pub(crate) fn environment(surroundings: &Surroundings) -> BTreeMap<String, String> {
    program(surroundings).environment()
}
