//! Tasks for developers and CI: `cargo xtask demo`, `test`, `server`, `dist`, `bench`, `docs`.
//!
//! On a fresh Debian machine with Rust and git, each of them first installs what else it needs, and says so.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for developers: it runs tools and talks to the terminal"
)]

mod bench;
mod demo;
mod dist;
mod docs;
mod prepare;
mod program;
mod server;
mod slowest;
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
    ///
    /// Ends with the ten tests that took longest. Counted are those that start a server, from the start of their
    /// first one to the end of their last one; waiting for other tests' servers is not counted.
    Test {
        /// Leave out the tests that start servers
        #[arg(long)]
        quick: bool,
    },
    /// Boot a Debian with the present piku installed, and open a root shell in it
    ///
    /// The server is a container without a network, and is removed when the shell ends. Needs root.
    Server {
        /// Which Debian: 12 or 13
        #[arg(long, default_value = "12")]
        debian: piku_tests::booted::Debian,
    },
    /// Write the parts of the documentation that the program knows best
    Docs,
    /// Make a Debian package and an archive for servers, in target/dist
    Dist(dist::DistOptions),
    /// Measure what piku costs, or what people notice of it
    Bench {
        #[command(subcommand)]
        bench: Option<Bench>,
    },
}

#[derive(Debug, clap::Subcommand)]
enum Bench {
    /// Pushes against a plain git push, and commands against the clock; what is measured when nothing is named
    Cost {
        /// How many pushes of each kind
        #[arg(long, default_value_t = PUSHES)]
        pushes: usize,
        /// How many runs of each command
        #[arg(long, default_value_t = RUNS)]
        runs: usize,
    },
    /// The first and the second push of each kind of app, with another README
    Builds {
        /// The folders of `tests/apps` to measure; all if none is named
        names: Vec<String>,
    },
    /// Requests at a steady rate while everything is changed that can be
    Downtime(bench::DowntimeOptions),
    /// Requests through the sites that piku writes, beside sites written by hand
    Front {
        /// How many turns each site has
        #[arg(long, default_value_t = 9)]
        rounds: usize,
        /// How long a turn takes, in seconds
        #[arg(long, default_value_t = 2.0)]
        seconds: f64,
    },
    /// The memory of an idle app and everything that keeps it running, on a booted Debian; needs root
    Memory,
    /// A root with 1,000 apps: `apps`, pushes, and the emperor at rest
    Scale {
        /// How many pushes to each root
        #[arg(long, default_value_t = PUSHES)]
        pushes: usize,
        /// How many runs of each command
        #[arg(long, default_value_t = RUNS)]
        runs: usize,
    },
    /// Pushes to a Debian that is held to 256 MB and a quarter of a core; needs root
    Small,
}

const PUSHES: usize = 10;
const RUNS: usize = 30;

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Demo { stay } => demo::run(stay),
        Task::Test { quick } => test::run(quick),
        Task::Server { debian } => server::run(debian),
        Task::Docs => docs::run(),
        Task::Dist(options) => dist::run(&options),
        Task::Bench { bench: None } => bench::cost(PUSHES, RUNS),
        Task::Bench { bench: Some(Bench::Cost { pushes, runs }) } => bench::cost(pushes, runs),
        Task::Bench { bench: Some(Bench::Builds { names }) } => bench::builds(&names),
        Task::Bench { bench: Some(Bench::Downtime(options)) } => bench::downtime(&options),
        Task::Bench { bench: Some(Bench::Front { rounds, seconds }) } => bench::front(rounds, seconds),
        Task::Bench { bench: Some(Bench::Memory) } => bench::memory(),
        Task::Bench { bench: Some(Bench::Scale { pushes, runs }) } => bench::scale(pushes, runs),
        Task::Bench { bench: Some(Bench::Small) } => bench::small(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
