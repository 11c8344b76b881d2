//! A server, described once: its user, folders, units, and nginx.
//!
//! The description is data ([`Server::parts`]). `setup --system` compares it with the machine and carries out what
//! differs, `--dry-run` prints that, `--undo` takes back what was made, the package ships the unit files of it, and
//! `doctor` compares again. `settle` alone touches the machine, by way of `host::server`.

pub(crate) mod change;
pub(crate) mod describe;
pub(crate) mod machine;
pub(crate) mod nginx_way;
pub(crate) mod parts;
pub(crate) mod record;
mod settle;
mod unit;

pub use change::Change;
pub use describe::Server;
pub use nginx_way::NginxWay;
pub use parts::Part;
pub use record::{RECORD, Record};
pub use settle::{ServerError, Settled, undo};
pub use unit::UnitFile;

#[cfg(test)]
mod tests;
