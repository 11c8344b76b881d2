//! A guess, and what guesses read.

use crate::SourceTree;

/// The lines of a Procfile that probably start the app, and what they were guessed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The line, such as `wsgi: mysite.wsgi:application`. It has no `'`, so that a shell can be given it in quotes.
    pub line: String,
    /// A line for what must run before each start, such as `release: python manage.py migrate`. It has no `'` either.
    pub release: Option<String>,
    /// What it was guessed from, phrased to follow "this is": `a Django project (manage.py)`.
    pub what: String,
}

impl Start {
    pub(super) fn new(line: impl Into<String>, what: impl Into<String>) -> Self {
        Self { line: line.into(), release: None, what: what.into() }
    }

    /// The same with a `release` command.
    pub(super) fn with_release(self, command: &str) -> Self {
        Self { release: Some(format!("release: {command}")), ..self }
    }
}

/// A file of the tree as text; empty if it is absent.
pub(super) fn text(tree: &dyn SourceTree, path: &str) -> String {
    String::from_utf8_lossy(&tree.read(path).unwrap_or_default()).into_owned()
}

/// Whether the tree has this file.
pub(super) fn has(tree: &dyn SourceTree, path: &str) -> bool {
    tree.read(path).is_some()
}

/// The value of a `key: value` or `key = "value"` line, without its quotes; the first one in the text.
pub(super) fn value_of(text: &str, key: &str) -> Option<String> {
    let value = text.lines().find_map(|line| {
        let rest = line.trim_start().trim_start_matches("- ").strip_prefix(key)?.trim_start();
        rest.strip_prefix([':', '=']).map(str::trim)
    })?;
    let value = value.strip_suffix(',').unwrap_or(value).trim_matches(['"', '\'']).trim();
    (!value.is_empty()).then(|| value.to_owned())
}
