//! What developers and CI run: `cargo xtask demo`, `test`, `bench`, `docs`.
//!
//! On a fresh Debian machine with Rust and git each of them first installs what else it needs, and says what.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for developers: it runs tools and talks to the terminal"
)]

mod bench;
mod demo;
mod docs;
mod prepare;
mod program;
mod step;
mod test;

use std::process::ExitCode;

use clap::Parser;

/// What developers and CI run
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Watch a real git push put an app behind a real uWSGI and nginx
    Demo {
        /// Leave everything running until Enter is pressed, to look around
        #[arg(long)]
        stay: bool,
    },
    /// Format, lint, document, build, and run every test
    Test,
    /// Write the parts of the documentation that the program knows best
    Docs,
    /// Measure pushes against a plain git push, and commands against the clock
    Bench {
        /// How many pushes of each kind
        #[arg(long, default_value_t = 10)]
        pushes: usize,
        /// How many runs of each command
        #[arg(long, default_value_t = 30)]
        runs: usize,
    },
}

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Demo { stay } => demo::run(stay),
        Task::Test => test::run(),
        Task::Docs => docs::run(),
        Task::Bench { pushes, runs } => bench::run(pushes, runs),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
