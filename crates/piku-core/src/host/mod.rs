//! The machine: files, processes, sockets. Nearly all code of this crate that reads or changes it is below this folder.
//! [`piku_git`] handles repositories, and [`piku_launch`] starts the processes of apps.
//!
//! Changing what is live is a list of [`Step`]s, which can be shown before it is carried out. The other files each speak
//! with one neighbour: git, the emperor, nginx, a process.

#![allow(clippy::disallowed_methods, reason = "this folder is the one place that touches the machine")]

pub(crate) mod access_log;
pub(crate) mod account;
pub(crate) mod app_folders;
pub(crate) mod archive;
pub(crate) mod authority;
pub(crate) mod authorized_keys;
pub(crate) mod bounded;
pub(crate) mod build_log;
pub(crate) mod certificate;
pub(crate) mod collected;
pub(crate) mod command;
pub(crate) mod copy;
pub(crate) mod deploy_lock;
pub(crate) mod door;
pub(crate) mod emperor;
pub(crate) mod environment;
mod error;
pub(crate) mod examine;
pub(crate) mod facts;
pub(crate) mod files;
pub(crate) mod git;
pub(crate) mod health;
pub(crate) mod job_runs;
pub(crate) mod journals;
pub(crate) mod key_records;
pub(crate) mod launch;
pub(crate) mod legacy;
pub(crate) mod links;
mod listening;
pub(crate) mod listing;
pub(crate) mod lock;
pub(crate) mod logs;
pub(crate) mod maintenance;
pub(crate) mod nginx;
pub(crate) mod nginx_error;
pub(crate) mod nginx_trial;
pub(crate) mod own_nginx;
pub(crate) mod placing;
pub(crate) mod plugins;
pub(crate) mod ports;
pub(crate) mod processes;
pub(crate) mod program_file;
pub(crate) mod random;
pub(crate) mod reach;
pub(crate) mod relay;
pub(crate) mod relocate;
pub(crate) mod request_log;
pub(crate) mod scratch;
pub(crate) mod script_file;
pub(crate) mod search_path;
pub(crate) mod server;
pub(crate) mod server_record;
pub(crate) mod socket_access;
pub(crate) mod sockets;
pub(crate) mod sqlite;
mod step;
mod surroundings;
mod tls;
pub(crate) mod toolbox;
pub(crate) mod usage;
pub(crate) mod users_file;
pub(crate) mod wait;

pub use error::HostError;
pub(crate) use step::{Step, apply};
pub(crate) use surroundings::SYSTEM_PATH;
pub use surroundings::Surroundings;
