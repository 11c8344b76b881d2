//! The machine: files, processes, sockets. Nearly all code of this crate that reads or changes it is below this folder.
//! [`piku_git`] handles repositories, and [`piku_launch`] starts the processes of apps.
//!
//! Changes to what is live are lists of [`Step`]s that a [`Host`] carries out: [`Machine`] for real, [`FakeHost`] in
//! memory. The other files talk to one thing each: git, the emperor, nginx, a process.

#![allow(clippy::disallowed_methods, reason = "this folder is the one place that touches the machine")]

mod account;
pub mod certificate;
pub mod command;
pub(crate) mod copy;
pub(crate) mod door;
pub mod emperor;
pub(crate) mod environment;
mod error;
pub(crate) mod examine;
pub(crate) mod facts;
pub(crate) mod files;
pub(crate) mod git;
pub mod health;
pub mod launch;
mod listening;
pub(crate) mod lock;
pub(crate) mod logs;
pub(crate) mod nginx;
pub(crate) mod nginx_error;
pub(crate) mod own_nginx;
pub(crate) mod placing;
pub(crate) mod ports;
pub(crate) mod processes;
pub(crate) mod reach;
pub(crate) mod search_path;
pub(crate) mod server;
pub(crate) mod server_record;
pub(crate) mod socket_access;
pub(crate) mod sockets;
mod step;
mod surroundings;
mod tls;
pub(crate) mod toolbox;
pub(crate) mod wait;

pub use account::{account, become_user, enter, has_terminal, is_root, may_use_sudo, read_from};
pub use error::HostError;
pub use step::{FakeHost, Host, Machine, Step, apply};
pub(crate) use surroundings::SYSTEM_PATH;
pub use surroundings::Surroundings;
