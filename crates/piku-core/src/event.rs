//! Events that an operation reports while it runs.

use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};

use crate::diagnostic::{DiagnosticRecord, FileDiagnostic};

/// Something that happened during an operation.
///
/// Events come in order, and each can be shown as one line. An embedding program may ignore them all, or keep them as
/// [`EventRecord`]s.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A stage begins, or reports a decision.
    Stage(&'a str),
    /// A line of output from a build tool or a process of the app.
    Output(&'a str),
    /// A tool begins to work on the step of the build that the last stage named. What it writes follows as
    /// [`Event::Output`], and is seldom of interest unless it fails.
    ToolStarted {
        /// The command as typed in a shell.
        command: &'a str,
    },
    /// The tool has ended.
    ToolEnded {
        /// As in [`Event::ToolStarted`].
        command: &'a str,
        /// How long it ran.
        took: Duration,
        /// Whether it succeeded.
        succeeded: bool,
        /// The file that has all its output; `None` if that will be removed.
        log: Option<&'a str>,
    },
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

/// An [`Event`] that can be kept, sent, and read again: an object whose `event` says which one it is.
///
/// ```
/// use piku_core::{Event, EventRecord};
///
/// let line = serde_json::to_string(&Event::Stage("Building with uv"))?;
/// assert_eq!(line, r#"{"event":"stage","text":"Building with uv"}"#);
/// let read: EventRecord = serde_json::from_str(&line)?;
/// assert_eq!(read, EventRecord::Stage { text: "Building with uv".to_owned() });
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
#[non_exhaustive]
pub enum EventRecord {
    /// As [`Event::Stage`].
    Stage {
        /// What begins, or was decided.
        text: String,
    },
    /// As [`Event::Output`].
    Output {
        /// The line, without its end.
        line: String,
    },
    /// As [`Event::ToolStarted`].
    ToolStarted {
        /// The command.
        command: String,
    },
    /// As [`Event::ToolEnded`].
    ToolEnded {
        /// The command.
        command: String,
        /// How long it ran, in milliseconds.
        milliseconds: u64,
        /// Whether it succeeded.
        succeeded: bool,
        /// The file that has all its output.
        log: Option<String>,
    },
    /// As [`Event::Warning`].
    Warning {
        /// The problem.
        message: String,
        /// What to do about it.
        help: Option<String>,
    },
    /// As [`Event::Diagnostic`].
    Diagnostic(DiagnosticRecord),
}

impl From<Event<'_>> for EventRecord {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Stage(text) => Self::Stage { text: text.to_owned() },
            Event::Output(line) => Self::Output { line: line.to_owned() },
            Event::ToolStarted { command } => Self::ToolStarted { command: command.to_owned() },
            Event::ToolEnded { command, took, succeeded, log } => Self::ToolEnded {
                command: command.to_owned(),
                milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                succeeded,
                log: log.map(str::to_owned),
            },
            Event::Warning { message, help } => {
                Self::Warning { message: message.to_owned(), help: help.map(str::to_owned) }
            }
            Event::Diagnostic(found) => Self::Diagnostic(found.into()),
        }
    }
}

/// Written as its [`EventRecord`].
impl Serialize for Event<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        EventRecord::from(*self).serialize(serializer)
    }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use piku_procfile::{Diagnostic, Source};

    use super::*;

    #[test]
    fn an_event_is_one_object_that_reads_back() {
        let text = Arc::new(Source::new("web: a\nb\n"));
        let mistake =
            Diagnostic::error("procfile::no-colon", 7..8, "there is no `:`").with_help("write `b: …`");
        let found = FileDiagnostic { file: "Procfile".to_owned(), text, diagnostic: mistake };
        let events = [
            Event::Stage("Building"),
            Event::Output("a \"quoted\" line"),
            Event::ToolStarted { command: "npm ci" },
            Event::ToolEnded {
                command: "npm ci",
                took: Duration::from_millis(1234),
                succeeded: true,
                log: Some("/logs/build.log"),
            },
            Event::Warning { message: "odd", help: None },
            Event::Diagnostic(&found),
        ];
        let lines = events.map(|event| serde_json::to_string(&event).unwrap());
        insta::assert_snapshot!(lines.join("\n"), @r#"
        {"event":"stage","text":"Building"}
        {"event":"output","line":"a \"quoted\" line"}
        {"event":"tool-started","command":"npm ci"}
        {"event":"tool-ended","command":"npm ci","milliseconds":1234,"succeeded":true,"log":"/logs/build.log"}
        {"event":"warning","message":"odd","help":null}
        {"event":"diagnostic","severity":"error","code":"procfile::no-colon","file":"Procfile","line":2,"column":1,"message":"there is no `:`","help":"write `b: …`"}
        "#);
        for (line, event) in lines.iter().zip(events) {
            assert_eq!(serde_json::from_str::<EventRecord>(line).unwrap(), EventRecord::from(event));
        }
    }
}
