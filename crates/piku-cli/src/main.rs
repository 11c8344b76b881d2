//! The `piku` command: parses arguments, makes one call into `piku-core`, and prints the result.
//!
//! `piku-launch`, the program beside it, is in `launch.rs`.

#![allow(clippy::disallowed_methods, reason = "the process environment is read here, and nowhere below")]

mod act_as;
mod args;
mod client;
mod commands;
mod control_characters;
mod draw;
mod error;
mod session;
mod ssh;
mod surroundings;
mod table;
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

/// Becomes the launcher beside this program: in the root of an earlier piku, the link to the launcher leads here until
/// the first command after the upgrade.
fn become_launcher(words: impl Iterator<Item = OsString>) -> ExitCode {
    let launcher = surroundings::program().with_file_name(piku_launch::LAUNCHER);
    let error = Command::new(&launcher).args(words).exec();
    ui::complain(format_args!(
        "piku: could not start `{launcher}`, which is installed beside `piku`: {error}"
    ));
    ExitCode::from(127)
}
