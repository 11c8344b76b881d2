//! Guesses how an app is started, for a person who has no Procfile yet.
//!
//! Pure, and only a guess from the files of the tree: nothing is decided by it. What the author wrote down for another
//! platform comes first, then the frameworks of each language, then files to serve.

mod compiled;
mod elsewhere;
mod files;
mod node;
mod python;

use crate::SourceTree;

/// A line of a Procfile that probably starts the app, and what it was guessed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The line, such as `wsgi: mysite.wsgi:application`. It has no `'`, so that a shell can be given it in quotes.
    pub line: String,
    /// What it was guessed from, phrased to follow "this is": `a Django project (manage.py)`.
    pub what: String,
}

impl Start {
    fn new(line: impl Into<String>, what: impl Into<String>) -> Self {
        Self { line: line.into(), what: what.into() }
    }
}

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

/// A file of the tree as text; empty if it is absent.
fn text(tree: &dyn SourceTree, path: &str) -> String {
    String::from_utf8_lossy(&tree.read(path).unwrap_or_default()).into_owned()
}

/// Whether the tree has this file.
fn has(tree: &dyn SourceTree, path: &str) -> bool {
    tree.read(path).is_some()
}

/// The value of a `key: value` or `key = "value"` line, without its quotes; the first one in the text.
fn value_of(text: &str, key: &str) -> Option<String> {
    let value = text.lines().find_map(|line| {
        let rest = line.trim_start().trim_start_matches("- ").strip_prefix(key)?.trim_start();
        rest.strip_prefix([':', '=']).map(str::trim)
    })?;
    let value = value.strip_suffix(',').unwrap_or(value).trim_matches(['"', '\'']).trim();
    (!value.is_empty()).then(|| value.to_owned())
}
