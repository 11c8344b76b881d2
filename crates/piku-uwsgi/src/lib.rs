//! Describes how uWSGI runs an emperor and its vassals, and renders that as ini text; reads the emperor's stats.
//!
//! Pure: typed values go in, text comes out; bytes from uWSGI are parsed. It never starts a process, opens a socket,
//! or touches a file, and knows nothing about its caller. uWSGI expands `%x`, `$(VAR)`, and `@(exec://command)` in
//! every value of a configuration file, so text gets into one only as a [`Value`], which refuses what can't be
//! escaped.
//!
//! ```
//! use piku_uwsgi::{Common, DaemonVassal, Vassal};
//! let common = Common::new("/srv/blog", "blog:worker.1");
//! let vassal = Vassal::Daemon(DaemonVassal::new(common, "exec /usr/bin/launch blog worker.1"));
//! assert!(vassal.to_ini()?.contains("\nattach-daemon = exec /usr/bin/launch blog worker.1\n"));
//! # Ok::<(), piku_uwsgi::InvalidValue>(())
//! ```
//!
//! Begin at [`Vassal`] and [`Emperor`]. [`stats`] says which vassals accept requests, [`Flavour`] recognizes the
//! installed uWSGI, and [`protocol`] requests one page from an app's socket.

mod app;
mod common;
mod daemon;
mod emperor;
mod flavour;
mod front;
mod ini;
mod owner;
pub mod protocol;
pub mod stats;
mod value;
mod vassal;

pub use app::{AppVassal, Application, Concurrency, JwsgiApp, PhpApp, RackApp, WsgiApp};
pub use common::Common;
pub use daemon::DaemonVassal;
pub use emperor::Emperor;
pub use flavour::{Flavour, plugin_python_version};
pub use front::FrontVassal;
pub use owner::Owner;
pub use value::{Fault, InvalidValue, Value};
pub use vassal::Vassal;

/// The examples of the README, which are tested with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
