//! What happens on a whole server: a Debian that its own systemd booted.
//!
//! One file for each theme. They are one program, so that the servers of all of them share the machine's time.

#![allow(clippy::disallowed_methods, reason = "a test looks at the files of its server")]
#![allow(clippy::unwrap_used, reason = "the lint spares tests, but not the functions that they share")]

mod boots;
mod certificates;
mod docs;
mod doctor;
mod front_door;
mod full_disk;
mod hostile;
mod install;
mod life;
mod next_debian;
mod owner;
mod residents;
mod setup;
mod small;
mod upgrade;
