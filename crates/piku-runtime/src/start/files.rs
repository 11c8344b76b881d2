//! Files to serve as they are.

use super::guess::{Start, has};
use crate::SourceTree;

/// Where an `index.html` is, the likeliest first.
const FOLDERS: [&str; 8] = ["", "public", "dist", "_site", "site", "build", "html", "www"];

pub(super) fn start(tree: &dyn SourceTree) -> Option<Start> {
    let path = |folder: &str| {
        if folder.is_empty() { "index.html".to_owned() } else { format!("{folder}/index.html") }
    };
    let folder = FOLDERS.into_iter().find(|folder| has(tree, &path(folder)))?;
    let root = if folder.is_empty() { "." } else { folder };
    Some(Start::new(format!("static: {root}"), format!("a site of files ({})", path(folder))))
}
