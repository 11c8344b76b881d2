//! Guesses how an app is started, for a person who has no Procfile yet.
//!
//! Pure, and only a guess from the files of the tree: nothing is decided by it. What the author wrote down for another
//! platform comes first, then the frameworks of each language, then files to serve.

mod compiled;
mod elsewhere;
mod files;
mod guess;
mod node;
mod python;

pub use self::guess::Start;
use crate::SourceTree;

/// Guesses the line of a Procfile that starts the app in this tree; `None` if nothing in it is familiar.
///
/// ```
/// use piku_runtime::{MemoryTree, start};
///
/// let tree = MemoryTree::new("4f2a90c").with("package.json", r#"{"scripts": {"start": "node server.js"}}"#);
/// assert_eq!(start(&tree).unwrap().line, "web: npm start");
/// ```
#[must_use]
pub fn start(tree: &dyn SourceTree) -> Option<Start> {
    let guesses: [fn(&dyn SourceTree) -> Option<Start>; 7] = [
        python::django,
        elsewhere::command,
        python::start,
        node::start,
        compiled::start,
        files::start,
        elsewhere::dockerfile,
    ];
    let fits = |start: &Start| !start.line.contains(['\'', '\n', '\r']) && start.line.len() <= 300;
    guesses.into_iter().find_map(|guess| guess(tree).filter(fits))
}
