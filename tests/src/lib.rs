//! Servers, apps, and requests for the end-to-end tests, the demo, and the benchmarks.
//!
//! Everything here is black box: a real `piku` behind a real sshd, with a real uWSGI emperor and nginx, in a home
//! folder of its own below `/tmp`. It uses none of piku's crates, and changes nothing on the machine outside that
//! folder. If root runs the tests, each server runs as an ordinary user who exists only in the server's [`Namespace`]
//! and sees only its own processes. Dropping the [`TestServer`] ends them all, and the test fails if one has outlived
//! the emperor. If another user runs the tests, the servers run as that user.
//!
//! ```no_run
//! use piku_tests::TestServer;
//!
//! let server = TestServer::new();
//! let blog = server.app_from("hello-wsgi", "blog");
//! blog.push().succeeds();
//! assert_eq!(blog.get("/").body, "Hello from version 1\n");
//! ```
//!
//! Begin at [`TestServer`]; [`machine`] describes what is installed, and how a test is skipped.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a fixture works on the machine, and tells whoever reads a failed test what it saw"
)]

mod account;
mod app;
mod await_condition;
pub mod booted;
mod browser;
mod builder;
mod child;
mod colleague;
mod git;
mod home;
pub mod http;
mod json_page;
mod laptop;
mod legacy;
pub mod load;
mod logs;
pub mod machine;
pub mod markdown;
mod namespace;
mod nginx;
mod outcome;
mod package;
mod pebble;
pub mod piku;
pub mod processes;
mod reloader;
mod server;
mod session;
mod slots;
mod sshd;
mod websocket;

pub use account::{Account, NGINX_GROUP};
pub use app::{App, Push};
pub use await_condition::{eventually, eventually_within};
pub use browser::{Browser, Upload};
pub use builder::{Builder, Uwsgi};
pub use colleague::Colleague;
pub use git::Git;
pub use json_page::JsonPage;
pub use laptop::Laptop;
pub use legacy::{LegacyApp, LegacyEmperor};
pub use namespace::Namespace;
pub use nginx::Nginx;
pub use outcome::Outcome;
pub use package::Package;
pub use pebble::Pebble;
pub use server::TestServer;
pub use session::Session;
pub use sshd::{Sshd, public_key};
pub use websocket::WebSocket;
