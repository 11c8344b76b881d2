//! The terminal: data to stdout, everything else to stderr, and color only where it adds nothing but looks.
//!
//! Whatever others wrote passes [`visible`] or [`without_sequences`] here: a commit's subject, a branch, or a line of
//! a log moves nobody's cursor.

use std::error::Error as StdError;
use std::fmt;
use std::io::{IsTerminal, Write};

use piku_core::{Error, Event, FileDiagnostic};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::control_characters::{visible, without_sequences};
use crate::{draw, surroundings};

/// Writes to stderr. Whoever reads it may be gone; the work goes on.
pub(crate) fn complain(text: fmt::Arguments<'_>) {
    drop(writeln!(std::io::stderr(), "{}", visible(&text.to_string())));
}

/// As [`complain`], for a text in which all is visible but our own colors.
pub(crate) fn complain_painted(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}

/// Speaks to the person.
#[derive(Debug)]
pub(crate) struct Ui {
    color: bool,
}

impl Ui {
    pub(crate) fn new() -> Self {
        Self { color: std::io::stderr().is_terminal() && !surroundings::no_color() }
    }

    fn painted(&self, code: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// A line of data. False when nobody reads any more.
    pub(crate) fn data(&self, line: fmt::Arguments<'_>) -> bool {
        writeln!(std::io::stdout(), "{line}").is_ok()
    }

    /// Whether somebody reads our data: an ssh connection that ends leaves a quiet program without any other sign.
    pub(crate) fn is_read(&self) -> bool {
        let stdout = std::io::stdout();
        let mut asked = [PollFd::new(&stdout, PollFlags::empty())];
        let gone = PollFlags::ERR | PollFlags::HUP;
        poll(&mut asked, Some(&Timespec::default())).is_err() || !asked[0].revents().intersects(gone)
    }

    /// A line of data for people, of which others wrote a part.
    pub(crate) fn line(&self, line: fmt::Arguments<'_>) -> bool {
        self.data(format_args!("{}", visible(&line.to_string())))
    }

    /// Says what was done.
    pub(crate) fn done(&self, text: fmt::Arguments<'_>) {
        self.say("32", "----->", &text);
    }

    /// A painted word, and what it introduces.
    fn say(&self, code: &str, word: &str, text: &dyn fmt::Display) {
        complain_painted(&format!("{} {}", self.painted(code, word), visible(&text.to_string())));
    }

    /// Draws a mistake.
    pub(crate) fn diagnostic(&self, found: &FileDiagnostic) {
        complain_painted(&draw::diagnostic(found, self.color));
    }

    /// Tells what happens while an operation runs.
    pub(crate) fn events(&self) -> impl FnMut(Event<'_>) + '_ {
        |event| match event {
            Event::Stage(text) => self.say("32", "----->", &text),
            Event::Output(line) => complain(format_args!("       {}", without_sequences(line))),
            Event::Warning { message, help } => {
                self.say("33", "warning:", &message);
                if let Some(help) = help {
                    complain(format_args!("   help: {help}"));
                }
            }
            Event::Diagnostic(found) => self.diagnostic(found),
            _ => {}
        }
    }

    /// The output that explains an error, to stand above it.
    pub(crate) fn output_of(&self, error: &Error) {
        for line in error.output() {
            complain(format_args!("       {}", without_sequences(line)));
        }
    }

    /// Says why a request could not be carried out, and what to do now.
    pub(crate) fn failure(&self, error: &dyn StdError, help: Option<&str>) {
        self.say("31", "error:", &error);
        let mut cause = error.source();
        while let Some(next) = cause {
            complain(format_args!("  cause: {next}"));
            cause = next.source();
        }
        if let Some(help) = help {
            complain(format_args!("help: {help}"));
        }
    }
}
