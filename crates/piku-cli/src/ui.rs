//! The terminal: data to stdout, everything else to stderr, and no meaning in color alone.
//!
//! Text from others passes through [`visible`] or [`without_sequences`] here: no commit subject, branch, or log line
//! can move the cursor.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::io::{IsTerminal, Write};
use std::time::Instant;

use piku_core::{Error, Event, FileDiagnostic};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::control_characters::{visible, without_sequences};
use crate::fold::Fold;
use crate::table::Table;
use crate::{client, draw, surroundings};

/// Writes to stderr. If the reader is gone, the work goes on.
pub(crate) fn complain(text: fmt::Arguments<'_>) {
    client::write(&format!("{}\n", visible(&text.to_string())));
}

/// Like [`complain`], for text without control characters except our own colors.
pub(crate) fn complain_painted(text: &str) {
    client::write(&format!("{text}\n"));
}

/// The colors of names: those that can be read on dark and on light ground.
const NAMES: [&str; 5] = ["36", "32", "35", "34", "33"];

/// The columns of a terminal that everybody has.
const WIDTH: usize = 80;

/// How long a line may be.
fn width() -> usize {
    let stdout = rustix::stdio::stdout();
    let columns = rustix::termios::tcgetwinsize(stdout).map_or(0, |size| usize::from(size.ws_col));
    if columns > 0 { columns } else { WIDTH }
}

/// Prints to the terminal.
#[derive(Debug)]
pub(crate) struct Ui {
    color: bool,
    color_data: bool,
}

impl Ui {
    pub(crate) fn new() -> Self {
        let colors = !surroundings::no_color();
        Self {
            color: colors && std::io::stderr().is_terminal(),
            color_data: colors && std::io::stdout().is_terminal(),
        }
    }

    fn painted(&self, code: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// Prints a table, as wide as the terminal. Elsewhere it fits one of 80 columns: who reads it over ssh most often
    /// has one, which is not seen from here.
    pub(crate) fn table(&self, table: &Table) {
        let lines = table.lines(width());
        if !lines.is_empty() {
            // One write: there may be a thousand.
            self.data(format_args!("{}", lines.join("\n")));
        }
    }

    /// Prints a line of data. False if the reader is gone.
    pub(crate) fn data(&self, line: fmt::Arguments<'_>) -> bool {
        writeln!(std::io::stdout(), "{line}").is_ok()
    }

    /// Colors the name of a process in front of its lines, always in the same way, if data goes to a terminal.
    pub(crate) fn name<'a>(&self, name: &'a str) -> Cow<'a, str> {
        if !self.color_data {
            return Cow::Borrowed(name);
        }
        let color = name.bytes().fold(0, |sum, byte| sum + usize::from(byte)) % NAMES.len();
        Cow::Owned(format!("\u{1b}[{}m{name}\u{1b}[0m", NAMES[color]))
    }

    /// Whether anyone reads our data. A quiet program has no other way to notice that an ssh connection has ended.
    pub(crate) fn is_read(&self) -> bool {
        let stdout = std::io::stdout();
        let mut asked = [PollFd::new(&stdout, PollFlags::empty())];
        let gone = PollFlags::ERR | PollFlags::HUP;
        poll(&mut asked, Some(&Timespec::default())).is_err() || !asked[0].revents().intersects(gone)
    }

    /// Prints a line for people that contains text from others.
    pub(crate) fn line(&self, line: fmt::Arguments<'_>) -> bool {
        self.data(format_args!("{}", visible(&line.to_string())))
    }

    /// Prints what was done.
    pub(crate) fn done(&self, text: fmt::Arguments<'_>) {
        self.say("32", "----->", &text);
    }

    /// Prints a colored word and the text after it.
    fn say(&self, code: &str, word: &str, text: &dyn fmt::Display) {
        complain_painted(&format!("{} {}", self.painted(code, word), visible(&text.to_string())));
    }

    /// Prints something odd that was done all the same, and what to do about it.
    pub(crate) fn warning(&self, text: fmt::Arguments<'_>, help: &str) {
        self.say("33", "warning:", &text);
        complain(format_args!("   help: {help}"));
    }

    /// Draws a mistake.
    pub(crate) fn diagnostic(&self, found: &FileDiagnostic) {
        complain_painted(&draw::diagnostic(found, self.color));
    }

    /// Prints the events of a running operation.
    pub(crate) fn events(&self) -> impl FnMut(Event<'_>) + '_ {
        self.events_folded(true)
    }

    /// Like [`Ui::events`]; unless `folded`, with every line of build tools.
    pub(crate) fn events_folded(&self, folded: bool) -> impl FnMut(Event<'_>) + '_ {
        let mut fold = Fold::new(!folded);
        move |event| match fold.take(&event, Instant::now()) {
            Some(lines) => lines.iter().for_each(|line| self.output(line)),
            None => self.event(event),
        }
    }

    fn event(&self, event: Event<'_>) {
        match event {
            Event::Stage(text) => self.say("32", "----->", &text),
            Event::Output(line) => self.output(line),
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

    /// Prints a line of a tool or an app.
    #[expect(clippy::unused_self, reason = "the terminal is ours alone to write to")]
    fn output(&self, line: &str) {
        complain(format_args!("       {}", without_sequences(line)));
    }

    /// Prints the output that explains an error, above the error itself.
    pub(crate) fn output_of(&self, error: &Error) {
        error.output().iter().for_each(|line| self.output(line));
    }

    /// Prints why a command failed, and what to do now.
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
