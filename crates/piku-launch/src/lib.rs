//! Starts the processes of uWSGI's emperor: a vassal's uWSGI, a daemon with all its descendants, the jobs of an app.
//!
//! uWSGI expands values (`%d`, `$(X)`, `@(exec://…)`), so none passes through its files. Beside each vassal's file
//! lies a [`LaunchRecord`], from which everything here starts. Nothing prints or reads variables of the process
//! environment, and nothing knows how an app was deployed.
//!
//! ```
//! use piku_launch::{DaemonRecord, DaemonWork, LaunchRecord, Status, endings, record_path, run_daemon};
//! # let folder = tempfile::tempdir()?;
//! # let available = camino::Utf8Path::from_path(folder.path()).unwrap();
//! let record = LaunchRecord {
//!     uwsgi: "/usr/bin/uwsgi".into(),
//!     env: [("GREETING".to_owned(), "100 % $(HOME)".to_owned())].into(),
//!     daemon: Some(DaemonRecord {
//!         work: DaemonWork::Command("test \"$GREETING\" = '100 % $(HOME)'".to_owned()),
//!         cwd: "/".into(),
//!         slot: None,
//!         drain_ms: 0,
//!         drain_port: None,
//!     }),
//!     log: None,
//! };
//! let path = record_path(available, "blog_worker.1@blog.7.1.ini");
//! std::fs::write(&path, serde_json::to_string(&record)?)?;
//! assert_eq!(run_daemon(&path)?, Status::Code(0));
//! assert_eq!(std::fs::read_to_string(endings(&path))?, "exit status 0\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Begin at [`run_vassal`] and [`run_daemon`]. Most functions take over the calling process: its signals, its
//! children, or all of it.

#![allow(clippy::disallowed_methods, reason = "starting processes is what this crate is for")]

mod connections;
mod crontab;
mod daemon;
mod emperor;
mod error;
mod follow;
mod leftovers;
mod line;
mod log;
mod output;
mod record;
mod restarts;
mod status;
mod stopping;
mod supervise;
mod times;
mod vassal;
mod wait;

pub use crontab::Job;
pub use daemon::{GRACE, run_daemon, run_job, run_supervised};
pub use error::Error;
pub use follow::become_follower;
pub use leftovers::end_leftovers;
pub use log::{Log, LogRecord};
pub use record::{
    DaemonRecord, DaemonWork, LaunchRecord, drain_marker, endings, first_start, hold_marker, record_path,
    slot_holder,
};
pub use status::Status;
pub use stopping::{LONGEST_DRAIN, Patience};
pub use supervise::supervise;
pub use times::{TimeEntry, Times, times_path};
pub use vassal::run_vassal;

/// The file name of the program that calls this library, and of the link to it in a root.
pub const LAUNCHER: &str = "piku-launch";

/// The examples of the README, which are tested with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
