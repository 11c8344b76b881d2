//! Reads a Procfile: ordered, typed entries, and every mistake in it with its place.
//!
//! Pure: bytes go in, values come out. It never reads a file, never runs a command, and never stops at
//! the first mistake.
//!
//! ```
//! use piku_procfile::{Kind, Place, parse};
//!
//! let parsed = parse(b"web: node app.js\nworker: node jobs.js\n");
//! let procfile = parsed.procfile.expect("nothing is wrong with it");
//! assert_eq!(procfile.entries()[1].command, "node jobs.js");
//! assert_eq!(procfile.get("web").map(|entry| &entry.kind), Some(&Kind::Web));
//!
//! let text = b"web.1: node app.js\nworker:\n";
//! let places = parse(text).diagnostics.iter().map(|found| Place::of(text, found.span.start)).collect::<Vec<_>>();
//! assert_eq!(places, [Place { line: 1, column: 4 }, Place { line: 2, column: 7 }]);
//! ```
//!
//! Begin at [`parse`]. Schedules of `cron` entries are in [`cron`]; a [`Diagnostic`] fits any file that a person
//! wrote, and a [`Source`] finds the places of many diagnostics.
//!
//! Without default features the crate depends on `thiserror` alone; the feature `cron` adds `Schedule::next_after`,
//! and with it `croner` and `jiff`.
//!
//! # The `procfile` crate
//!
//! The `procfile` crate is the oracle of our tests, not a dependency: every line that it accepts, this crate reads
//! with the same name and the same command. At run time it would cost a third of piku's binary and 0.4 ms of every
//! start (it compiles a regular expression), for lines that must be explained anyway. It reports no places, and
//! silently drops what it can't read: names with a hyphen, a dot, or a letter outside ASCII (`my-worker: x`, `web.1:
//! x`), lines with white space around the name (`  web: x`, `web : x`), a first line after a byte order mark, `- web:
//! x`, and `web:`. Of two lines with the same name it keeps one, and it loses the order of lines.

pub mod cron;
mod diagnostic;
mod encoding;
mod entry;
mod kind;
mod line;
mod name;
mod parse;
mod piece;
mod place;
mod procfile;
mod source;
mod wsgi;

pub use cron::{CronJob, Schedule};
pub use diagnostic::{Diagnostic, Severity};
pub use entry::Entry;
pub use kind::{Kind, runs_in_uwsgi};
pub use name::ProcessName;
pub use parse::{Parsed, parse};
pub use place::Place;
pub use procfile::Procfile;
pub use source::Source;
pub use wsgi::WsgiEntry;

/// The examples of the README, which are tested with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
