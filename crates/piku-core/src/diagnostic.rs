//! Diagnostics together with the file they refer to.

use std::sync::Arc;

use piku_procfile::{Diagnostic, Place, Severity, Source};
use piku_runtime::Unread;
use serde::{Deserialize, Serialize, Serializer};

/// The maximum number of diagnostics to show: nobody reads more, and a generated file may have thousands.
const MOST: usize = 50;

/// The code of the diagnostic that counts those not shown.
const MORE: &str = "file::more";

/// A [`Diagnostic`] together with the file it refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileDiagnostic {
    /// The name of the file as the user knows it: `Procfile`, `ENV`, or `envs/<app>/ENV`.
    pub file: String,
    /// The whole text, so that the line can be shown.
    pub text: Arc<Source>,
    /// What is wrong, and where.
    pub diagnostic: Diagnostic,
}

impl FileDiagnostic {
    /// Attaches the file to each diagnostic.
    pub fn of<'a>(
        file: &'a str,
        text: &'a Arc<Source>,
        all: Vec<Diagnostic>,
    ) -> impl Iterator<Item = Self> + 'a {
        all.into_iter().map(move |diagnostic| Self {
            file: file.to_owned(),
            text: Arc::clone(text),
            diagnostic,
        })
    }

    /// Attaches a diagnostic to a whole file, or to no file if `file` is empty.
    #[must_use]
    pub fn of_whole(file: impl Into<String>, diagnostic: Diagnostic) -> Self {
        Self { file: file.into(), text: Arc::default(), diagnostic }
    }

    /// Whether it stops a deploy.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.diagnostic.severity == Severity::Error
    }

    /// Whether it stands for all diagnostics that are not shown.
    #[must_use]
    pub fn is_rest(&self) -> bool {
        self.diagnostic.code == MORE
    }

    /// Line and column, both from 1.
    #[must_use]
    pub fn place(&self) -> Place {
        self.text.place(self.diagnostic.span.start)
    }
}

/// A [`FileDiagnostic`] without the text that it is about, as `check --json` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DiagnosticRecord {
    /// Whether it stops a deploy.
    #[serde(with = "SeverityRecord")]
    pub severity: Severity,
    /// Names the kind of mistake; stable across releases.
    pub code: String,
    /// The file as the person knows it; empty where it is about none.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do now.
    pub help: Option<String>,
}

/// How a [`Severity`] is written.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Severity", rename_all = "kebab-case")]
enum SeverityRecord {
    Error,
    Warning,
}

impl From<&FileDiagnostic> for DiagnosticRecord {
    fn from(found: &FileDiagnostic) -> Self {
        let Place { line, column } = found.place();
        let Diagnostic { severity, code, message, help, .. } = &found.diagnostic;
        Self {
            severity: *severity,
            code: (*code).to_owned(),
            file: found.file.clone(),
            line,
            column,
            message: message.clone(),
            help: help.clone(),
        }
    }
}

/// Written as its [`DiagnosticRecord`].
impl Serialize for FileDiagnostic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        DiagnosticRecord::from(self).serialize(serializer)
    }
}

/// What to say of a file that is there and was not read. A folder in place of a manifest is none.
pub(crate) fn of_unread(file: &str, why: &Unread) -> Option<FileDiagnostic> {
    let is_read_by_us = ["Procfile", "ENV"].contains(&file);
    let what = match why {
        Unread::Outside => ", but a link that leads out of the app's folder or nowhere",
        Unread::Folder if is_read_by_us => ", but a folder",
        Unread::Folder => return None,
        Unread::TooLarge { limit } => {
            let message = format!("`{file}` is larger than the limit of {} MiB ({limit} bytes)", limit >> 20);
            let found = Diagnostic::error("file::too-large", 0..0, message).with_help(match file {
                "ENV" => "move large values to another file, and refer to that file instead",
                _ => "make it smaller, or remove it from the app",
            });
            return Some(FileDiagnostic::of_whole(file, found));
        }
        Unread::Failed { reason } => {
            let message = format!("could not read `{file}`: {reason}");
            let found = Diagnostic::error("file::unreadable", 0..0, message);
            return Some(FileDiagnostic::of_whole(file, found.with_help("let its owner read it")));
        }
        _ => "",
    };
    let message = format!("`{file}` is not a regular file{what}: it is not read");
    // Without the settings that it stands for, the app would go live as another one.
    let is_missed = file == "ENV" && !matches!(why, Unread::Folder);
    let found = if is_missed {
        Diagnostic::error("file::not-regular", 0..0, message)
    } else {
        Diagnostic::warning("file::not-regular", 0..0, message)
    };
    Some(FileDiagnostic::of_whole(
        file,
        found.with_help(match file {
            "ENV" => "commit a regular file in its place, or set with `config:set` what is to be in force",
            _ => "commit a regular file in its place",
        }),
    ))
}

/// Keeps the first [`MOST`] diagnostics, preferring errors, and adds one that counts the rest.
pub(crate) fn shorten(all: Vec<FileDiagnostic>) -> Vec<FileDiagnostic> {
    if all.len() <= MOST {
        return all;
    }
    let mut errors = all.iter().filter(|found| found.is_error()).count().min(MOST);
    let mut warnings = MOST - errors;
    let (kept, hidden): (Vec<_>, Vec<_>) = all.into_iter().partition(|found| {
        let left = if found.is_error() { &mut errors } else { &mut warnings };
        let fits = *left > 0;
        *left = left.saturating_sub(1);
        fits
    });
    let rest = rest(&hidden);
    kept.into_iter().chain(rest).collect()
}

/// A diagnostic that stands for `hidden`, at the place of the first error among them.
fn rest(hidden: &[FileDiagnostic]) -> Option<FileDiagnostic> {
    let errors = hidden.iter().filter(|found| found.is_error()).count();
    let counted = |count: usize, what: &str| match count {
        0 => None,
        1 => Some(format!("1 more {what}")),
        _ => Some(format!("{count} more {what}s")),
    };
    let counts = [counted(errors, "mistake"), counted(hidden.len() - errors, "warning")];
    let message =
        format!("{} not shown, from here on", counts.into_iter().flatten().collect::<Vec<_>>().join(" and "));
    let first = hidden.iter().find(|found| found.is_error()).or(hidden.first())?;
    let span = first.diagnostic.span.clone();
    let diagnostic = match errors {
        0 => Diagnostic::warning(MORE, span, message),
        _ => Diagnostic::error(MORE, span, message),
    };
    Some(FileDiagnostic { diagnostic, ..first.clone() })
}

/// The code of a missing Procfile.
pub(crate) const NO_PROCFILE: &str = "procfile::missing";

/// The diagnostic of a missing Procfile, if it is the only one.
pub(crate) fn no_procfile(diagnostics: &[FileDiagnostic]) -> Option<&FileDiagnostic> {
    match diagnostics {
        [only] if only.diagnostic.code == NO_PROCFILE => Some(only),
        _ => None,
    }
}

/// A sentence with the number of mistakes and the files they are in.
pub(crate) fn count(diagnostics: &[FileDiagnostic]) -> String {
    if let Some(missing) = no_procfile(diagnostics) {
        return format!("{} in the commit", missing.diagnostic.message);
    }
    let mut files: Vec<&str> = diagnostics.iter().map(|found| found.file.as_str()).collect();
    files.dedup();
    let files = files.join(" and ");
    match diagnostics.len() {
        shown if diagnostics.iter().any(FileDiagnostic::is_rest) => {
            format!("there are more than {} mistakes in {files}", shown - 1)
        }
        1 => format!("there is a mistake in {files}"),
        count => format!("there are {count} mistakes in {files}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(count: usize, make: impl Fn(usize) -> Diagnostic) -> Vec<FileDiagnostic> {
        let text = Arc::new(Source::new("x\n".repeat(count)));
        FileDiagnostic::of("ENV", &text, (0..count).map(make).collect()).collect()
    }

    fn error(line: usize) -> Diagnostic {
        Diagnostic::error("x", line * 2..line * 2 + 1, "wrong")
    }

    fn warning(line: usize) -> Diagnostic {
        Diagnostic::warning("x", line * 2..line * 2 + 1, "odd")
    }

    #[test]
    fn fifty_are_told_of_and_the_others_counted_where_they_begin() {
        assert_eq!(shorten(found(50, error)).len(), 50);
        let short = shorten(found(20_000, error));
        assert_eq!(short.len(), 51);
        let last = short.last().unwrap();
        assert_eq!(last.diagnostic.message, "19950 more mistakes not shown, from here on");
        assert!(last.is_rest() && last.is_error());
        assert_eq!(last.place().to_string(), "51:1");
    }

    #[test]
    fn warnings_never_hide_an_error() {
        let short = shorten(found(100, |line| if line == 99 { error(line) } else { warning(line) }));
        assert!(short[49].is_error());
        let last = short.last().unwrap();
        assert_eq!(last.diagnostic.message, "50 more warnings not shown, from here on");
        assert!(!last.is_error());
    }
}
