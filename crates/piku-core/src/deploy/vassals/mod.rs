//! The vassals of an app: files from which uWSGI's emperor starts its processes.
//!
//! [`enabled`] lists them, including those of [`legacy`] piku. [`start`] enables new ones, [`check`] waits until they
//! are healthy, [`predecessor`] finds the ones to replace, [`draining`] lets them
//! finish their requests, and [`end`] disables them. Through [`socket_links`], nginx
//! and routers reach apps that uWSGI runs.

pub(crate) mod check;
pub(crate) mod draining;
pub(crate) mod enabled;
pub(crate) mod end;
pub(crate) mod legacy;
pub(crate) mod predecessor;
pub(crate) mod socket_links;
pub(crate) mod start;
