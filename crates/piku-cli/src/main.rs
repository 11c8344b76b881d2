//! The `piku` command: words in, one call into `piku-core`, a sentence out.
//!
//! Under the name `piku-launch` it is the emperor's wrapper and the launcher of daemons instead (see `launch`).

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
    // Files have the modes we give them; those of tools and apps are for their owner to write and all to read.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    if launch::is_launcher(&name) {
        return launch::run(words.collect());
    }
    commands::run(words.collect())
}
