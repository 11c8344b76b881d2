//! `cargo xtask bench`: what piku costs, and what users notice of it.

mod builds;
mod cost;
mod downtime;
mod small;

pub(crate) use builds::run as builds;
pub(crate) use cost::run as cost;
pub(crate) use downtime::{Options as DowntimeOptions, run as downtime};
pub(crate) use small::run as small;
