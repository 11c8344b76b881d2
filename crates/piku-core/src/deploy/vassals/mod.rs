//! What of an app runs on the machine: vassals, the files by which uWSGI's emperor knows its processes.
//!
//! [`enabled`] lists them, those of [`legacy`] piku among them. [`start`] lets the emperor see new ones, [`check`] waits
//! until they are healthy, [`predecessor`] finds those that are to go, and [`end`] lets them go. [`socket_links`] are how
//! nginx and routers reach those that uWSGI runs.

pub(crate) mod check;
pub(crate) mod enabled;
pub(crate) mod end;
pub(crate) mod legacy;
pub(crate) mod predecessor;
pub(crate) mod socket_links;
pub(crate) mod start;
