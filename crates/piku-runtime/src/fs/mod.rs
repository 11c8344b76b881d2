//! What is on this machine, for the feature `fs`: a source tree in a folder, and the tools on a `PATH`.
//!
//! The one folder of this crate that reads files. It runs nothing.

#![allow(clippy::disallowed_methods, reason = "whoever wants files to be read asks for this feature")]

mod discover;
mod folder_tree;
mod search_path;

pub use folder_tree::{FolderTree, Unread};
