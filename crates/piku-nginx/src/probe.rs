//! Shows which configuration nginx is running.

use std::str::FromStr;

use crate::{InvalidSite, UrlPath, quote};

/// A URL that answers only the machine itself, with a text that shows which configuration nginx is running.
///
/// It is answered over HTTP and HTTPS, as plain text, and never logged.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Probe {
    /// The path to request.
    pub path: UrlPath,
    /// The body of the answer.
    pub answer: Answer,
}

impl Probe {
    /// Makes a probe with `answer` at `path`.
    pub fn new(path: UrlPath, answer: Answer) -> Self {
        Self { path, answer }
    }
}

/// The body of a probe's answer: printable, without `$`, at most 1000 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer(String);

impl Answer {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Writes the text as one word, with the value of a variable behind it.
    pub(crate) fn word_before(&self, variable: Option<&str>) -> String {
        match variable {
            Some(variable) => quote::word_before(&self.0, variable),
            None => quote::word(&self.0),
        }
    }
}

impl FromStr for Answer {
    type Err = InvalidSite;

    fn from_str(text: &str) -> Result<Self, InvalidSite> {
        let fits = !text.is_empty() && text.len() <= 1000 && !text.chars().any(quote::unwritable);
        fits.then(|| Self(text.to_owned())).ok_or_else(|| InvalidSite::Answer(text.to_owned()))
    }
}
