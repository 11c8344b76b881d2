//! A server, described once: its user, folders, units, and nginx.
//!
//! The description is data ([`Server::parts`]). `setup --system` compares it with the machine and makes the changes,
//! `--dry-run` prints them, `--undo` reverts them, the package ships its unit files, and `doctor` reports differences.
//! Only `settle` touches the machine, through [`host::server`](crate::host).

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
