//! A mistake in a file that a person wrote, with the file.

use piku_procfile::{Diagnostic, Place, Severity};

/// A [`Diagnostic`] together with the text it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDiagnostic {
    /// The file as the person knows it: `Procfile`, `ENV`, or `envs/<app>/ENV`.
    pub file: String,
    /// The whole text, so that whoever shows the mistake can show the line.
    pub text: Vec<u8>,
    /// What is wrong, and where.
    pub diagnostic: Diagnostic,
}

impl FileDiagnostic {
    /// Joins each diagnostic to its file.
    pub fn of<'a>(file: &'a str, text: &'a [u8], all: Vec<Diagnostic>) -> impl Iterator<Item = Self> + 'a {
        all.into_iter().map(move |diagnostic| Self {
            file: file.to_owned(),
            text: text.to_owned(),
            diagnostic,
        })
    }

    /// Whether it stops a deploy.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.diagnostic.severity == Severity::Error
    }

    /// Line and column, both from 1.
    #[must_use]
    pub fn place(&self) -> Place {
        Place::of(&self.text, self.diagnostic.span.start)
    }
}
