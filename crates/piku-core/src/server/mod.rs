//! A whole server, described once: its user, its folders, its units, its nginx.
//!
//! The description is data ([`Server::parts`]). `setup --system` compares it with the machine and carries out what
//! differs, `--dry-run` prints that, `--undo` takes back what was made, the package ships the unit files of it, and
//! `doctor` compares again. Pure but for what it asks [`host::server`](crate::host).

mod change;
mod describe;
mod machine;
mod record;
mod settle;
mod unit;

pub use change::Change;
pub use describe::{NginxWay, Part, Server};
pub use record::{RECORD, Record};
pub use settle::{ServerError, Settled, undo};
pub use unit::UnitFile;

pub(crate) use describe::PACKAGED_UNITS;
pub(crate) use machine::{NginxSeen, Seen, ServiceSeen};
pub(crate) use settle::{preparing, suits};

#[cfg(test)]
mod tests;
