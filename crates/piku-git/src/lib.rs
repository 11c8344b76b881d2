//! The two repositories of a server that is deployed to with `git push`: the bare one that receives pushes, and the
//! deployment clones of it that releases run from.
//!
//! gix reads and writes objects, refs, and fresh checkouts; the `git` program does what gix can't do, or does
//! differently. Nothing here prints, or reads variables of the process environment. The caller makes sure that only
//! one process at a time works on a clone; refs are replaced atomically, so a reader sees the old or the new one.
//!
//! An app can write to its clone, so what is in there has no say: piku's own [git folder](git_folder()) of a clone lies
//! beside the tree, and what the app wrote is found without running git.
//!
//! ```
//! use camino::Utf8Path;
//! use piku_git::Git;
//! # let folder = tempfile::tempdir()?;
//! # let home = Utf8Path::from_path(folder.path()).unwrap();
//! let (bare, site, tree) = (home.join("repos/blog"), home.join("site"), home.join("releases/1"));
//! std::fs::create_dir(&site)?;
//! std::fs::write(site.join("Procfile"), "web: ./run\n")?;
//!
//! let git = Git::new(home, "/usr/local/bin:/usr/bin:/bin");
//! piku_git::init_bare(&bare)?;
//! let commit = git.commit_folder(&bare, &site, None)?;
//! piku_git::set_branch(&bare, "refs/heads/main", &commit)?;
//! git.deployment_clone(&bare, &commit, &tree)?;
//! assert_eq!(std::fs::read_to_string(tree.join("Procfile"))?, "web: ./run\n");
//! assert!(piku_git::written(&tree)?.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Begin at [`init_bare`] and [`Git::deployment_clone`]; [`choose`] decides which branch of a push is deployed.

#![allow(clippy::disallowed_methods, reason = "repositories are files, and git is a program")]

mod bare;
mod blobs;
mod bundle;
mod checkout;
mod clone;
mod error;
mod files;
mod folder;
mod git_folder;
mod lfs;
mod program;
mod push;
mod submodule_help;
mod submodules;
mod written;

pub use bare::{
    conflicting_branch, init_bare, locked_since, needs_packing, record_release, resolve, set_branch,
    set_head, subject, top_entries, tree_id, unlock,
};
pub use blobs::{blobs, differs};
pub use bundle::{Branch, has_commit, taken_branches};
pub use error::Error;
pub use git_folder::{git_folder, keep_track, move_clone};
pub use lfs::lfs_pointers;
pub use program::Git;
pub use push::{Choice, InvalidPush, InvalidRefUpdate, Kept, RefUpdate, choose, file_in_push};
pub use written::{recyclable, tracked_by_legacy, written};

/// The examples of the README, which are tested with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(test)]
mod tests;
