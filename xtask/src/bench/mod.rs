//! `cargo xtask bench`: what piku costs, and what people notice of it.

mod builds;
mod cost;
mod downtime;

pub(crate) use builds::run as builds;
pub(crate) use cost::run as cost;
pub(crate) use downtime::{Options as DowntimeOptions, run as downtime};
