//! What a running operation tells its caller.

use crate::diagnostic::FileDiagnostic;

/// Something that happened while an operation ran.
///
/// Events come in order, and each can be shown as one line. An embedding program may ignore them all.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A stage of the work begins, or tells what it decided.
    Stage(&'a str),
    /// A line that a build tool or a process of the app wrote.
    Output(&'a str),
    /// Something deserves a second look, and goes on all the same.
    Warning {
        /// What was seen.
        message: &'a str,
        /// What to do about it.
        help: Option<&'a str>,
    },
    /// A mistake in a file that a person wrote, or something odd in it.
    Diagnostic(&'a FileDiagnostic),
}

/// Where events go.
pub type Report<'a> = dyn FnMut(Event<'_>) + 'a;

/// Reports the beginning of a stage.
pub(crate) fn stage(report: &mut Report<'_>, text: impl AsRef<str>) {
    report(Event::Stage(text.as_ref()));
}

/// Reports a warning.
pub(crate) fn warn(report: &mut Report<'_>, message: impl AsRef<str>, help: Option<&str>) {
    report(Event::Warning { message: message.as_ref(), help });
}

/// The text with a capital letter, as a stage begins.
pub(crate) fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
