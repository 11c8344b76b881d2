//! Orders from a real ACME server, Debian's `pebble`, on the loopback interface.
//!
//! Without pebble on the machine the tests are skipped and say so, unless `CI` is set: then they fail.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests start servers"
)]

mod accounts;
mod authority;
mod orders;
mod pages;
mod proofs;
mod site;
mod trouble;
