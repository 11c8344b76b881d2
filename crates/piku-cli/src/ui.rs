//! The terminal: data to stdout, everything else to stderr, and color only where it adds nothing but looks.

use std::error::Error as StdError;
use std::fmt;
use std::io::{IsTerminal, Write};

use piku_core::{Error, Event};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::{draw, surroundings};

/// Writes to stderr. Whoever reads it may be gone; the work goes on.
pub(crate) fn complain(text: fmt::Arguments<'_>) {
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

    /// Says what was done.
    pub(crate) fn done(&self, text: fmt::Arguments<'_>) {
        complain(format_args!("{} {text}", self.painted("32", "----->")));
    }

    /// Tells what happens while an operation runs.
    pub(crate) fn events(&self) -> impl FnMut(Event<'_>) + '_ {
        |event| match event {
            Event::Stage(text) => complain(format_args!("{} {text}", self.painted("32", "----->"))),
            Event::Output(line) => complain(format_args!("       {}", printable(line))),
            Event::Warning { message, help } => {
                complain(format_args!("{} {message}", self.painted("33", "warning:")));
                if let Some(help) = help {
                    complain(format_args!("   help: {help}"));
                }
            }
            Event::Diagnostic(found) => complain(format_args!("{}", draw::diagnostic(found, self.color))),
            _ => {}
        }
    }

    /// Says why a request could not be carried out, and what to do now.
    pub(crate) fn error(&self, error: &Error) {
        for line in error.output() {
            complain(format_args!("       {}", printable(line)));
        }
        self.failure(error, error.help().as_deref());
    }

    /// The same for errors that are the command line's own.
    pub(crate) fn failure(&self, error: &dyn StdError, help: Option<&str>) {
        complain(format_args!("{} {error}", self.painted("31", "error:")));
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

/// Output of tools and apps, without what could move the cursor of the person who reads it.
fn printable(line: &str) -> String {
    line.chars()
        .map(|c| if c.is_control() && c != '\t' && c != '\u{1b}' { '?' } else { c })
        .filter(|c| *c != '\u{1b}')
        .collect()
}
