//! Who may do what: one function decides it for every command, every service of git, `scp`, and `sftp`. Pure.
//!
//! A [`Request`] is what is asked for, a [`Standing`] what is known of the key that asks;
//! [`decide`](decide::decide) says whether it may, and what it gets to see.

mod decide;
mod denied;
mod key_name;
mod permission;
mod record;
mod request;

pub use decide::{Sight, Standing, decide};
pub use denied::Denied;
pub use key_name::{InvalidKeyName, KeyName};
pub use permission::Permission;
pub(crate) use record::KeyRecord;
pub use request::Request;
