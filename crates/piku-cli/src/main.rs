//! The `piku` command: parses arguments, makes one call into `piku-core`, and prints the result.
//!
//! `piku-launch`, the program beside it, is in `launch.rs`.

#![allow(clippy::disallowed_methods, reason = "the process environment is read here, and nowhere below")]

mod access;
mod act_as;
mod args;
mod changed;
mod client;
mod commands;
mod control_characters;
mod draw;
mod error;
mod examples;
mod fold;
mod json;
mod laptop;
mod moment;
mod refusal;
mod session;
mod ssh;
mod surroundings;
mod table;
mod times;
mod top;
mod ui;

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    let name = words.next().unwrap_or_default();
    // We set the modes of our own files; tools and apps make files that only their owner can write and all can read.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    if Path::new(&name).file_name() == Some(OsStr::new(piku_launch::LAUNCHER)) {
        return become_launcher(words);
    }
    commands::run(words.collect())
}

/// Set for the launcher, so that a link or a copy of this program in its place is noticed.
const BECOMES_LAUNCHER: &str = "PIKU_BECOMES_LAUNCHER";

/// Becomes the launcher beside this program: in the root of an earlier piku, the link to the launcher leads here until
/// the first command after the upgrade.
fn become_launcher(words: impl Iterator<Item = OsString>) -> ExitCode {
    let launcher = surroundings::program().with_file_name(piku_launch::LAUNCHER);
    let reason = if std::env::var_os(BECOMES_LAUNCHER).is_some() {
        "it is `piku` itself".to_owned()
    } else {
        Command::new(&launcher).args(words).env(BECOMES_LAUNCHER, "1").exec().to_string()
    };
    ui::complain(format_args!(
        "piku: could not start `{launcher}`, which is installed beside `piku`: {reason}"
    ));
    ExitCode::from(127)
}
