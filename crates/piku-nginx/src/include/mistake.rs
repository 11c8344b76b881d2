//! What can't be part of a site, and where it was to stand.

use std::ops::Range;

/// Where the directives of a file are to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the `server` block of the site.
    Server,
    /// In its `location /`, and wherever else a request is passed to the app.
    Location,
}

/// A directive that can't be part of a site, or a text that is no configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IncludeMistake {
    /// The index of the file among those that were parsed.
    pub file: usize,
    /// Stable across releases.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// The bytes of the text.
    pub span: Range<usize>,
    /// What to do now.
    pub help: String,
}
