//! Events that an operation reports while it runs.

use crate::diagnostic::FileDiagnostic;

/// Something that happened during an operation.
///
/// Events arrive in order, and each can be shown on one line. An embedding program may ignore them.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A stage begins, or reports a decision.
    Stage(&'a str),
    /// A line of output from a build tool or a process of the app.
    Output(&'a str),
    /// A problem that does not stop the operation.
    Warning {
        /// The problem.
        message: &'a str,
        /// What to do about it.
        help: Option<&'a str>,
    },
    /// An error or a warning about a file that a user wrote.
    Diagnostic(&'a FileDiagnostic),
}

/// A callback that receives events.
pub type Report<'a> = dyn FnMut(Event<'_>) + 'a;

/// Reports the beginning of a stage.
pub(crate) fn stage(report: &mut Report<'_>, text: impl AsRef<str>) {
    report(Event::Stage(text.as_ref()));
}

/// Reports a warning.
pub(crate) fn warn(report: &mut Report<'_>, message: impl AsRef<str>, help: Option<&str>) {
    report(Event::Warning { message: message.as_ref(), help });
}

/// Capitalizes the first letter.
pub(crate) fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
