//! The `piku` command: parses arguments, makes one call into `piku-core`, and prints the result.
//!
//! Called as `piku-launch`, it is the emperor's wrapper and the launcher of daemons instead (see `launch`).

#![allow(clippy::disallowed_methods, reason = "the process environment is read here, and nowhere below")]

mod act_as;
mod args;
mod client;
mod commands;
mod control_characters;
mod draw;
mod error;
mod launch;
mod session;
mod ssh;
mod surroundings;
mod table;
mod ui;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    let name = words.next().unwrap_or_default();
    // We set the modes of our own files; tools and apps make files that only their owner can write and all can read.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    if launch::is_launcher(&name) {
        return launch::run(words.collect());
    }
    commands::run(words.collect())
}
