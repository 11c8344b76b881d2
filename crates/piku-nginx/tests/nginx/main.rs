//! Sites in a real nginx: what it accepts, and how it behaves.
//!
//! Without nginx on the machine the tests are skipped and say so, unless `CI` is set: then they fail.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "these tests start programs and write files"
)]

mod accepting;
mod errors_and_logs;
mod hosts;
mod includes;
mod instance;
mod maintenance;
mod passing;
mod running;
mod scenarios;
mod serving;
mod transfer;
mod visitors;
