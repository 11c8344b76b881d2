//! Sessions with a whole server: what a person types at the far end, and what comes of it.
//!
//! One file for each theme. They are one program, so that the servers of all of them share the machine's time.

#![allow(clippy::disallowed_methods, reason = "a test looks at the files of its server")]
#![allow(clippy::unwrap_used, reason = "the lint spares tests, but not the functions that they share")]

mod accounts;
mod adoption;
mod apps;
mod arrival;
mod auth;
mod backups;
mod beginnings;
mod builds;
mod certificates;
mod clock;
mod colleagues;
mod commands;
mod concurrency;
mod cron;
mod departures;
mod deploy_lock;
mod embedding;
mod fault_walk;
mod first_push;
mod first_seconds;
mod git;
mod handover;
mod json;
mod kinds;
mod laptop;
mod launcher;
mod listings;
mod maintenance;
mod moving_in;
mod names;
mod neighbours;
mod nginx;
mod output;
mod plugins;
mod refused;
mod releases;
mod remote_commands;
mod removed;
mod renamed;
mod requests;
mod retention;
mod runtimes;
mod runtimes_failing;
mod runtimes_node;
mod runtimes_others;
mod runtimes_python;
mod secrets;
mod server_settings;
mod settings;
mod sites;
mod strangers;
mod told;
mod top;
mod uwsgi_options;
mod written_files;
