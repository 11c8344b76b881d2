//! `cargo xtask bench`: what piku costs, and what users notice of it.

mod builds;
mod cost;
mod downtime;
mod front;
mod memory;
mod scale;
mod small;

pub(crate) use builds::run as builds;
pub(crate) use cost::run as cost;
pub(crate) use downtime::{Options as DowntimeOptions, run as downtime};
pub(crate) use front::run as front;
pub(crate) use memory::run as memory;
pub(crate) use scale::run as scale;
pub(crate) use small::run as small;
