//! Releases: what one is ([`record`]), and where they are kept ([`store`]).

mod record;
pub(crate) mod store;

pub(crate) use record::{Cause, Made, Release};
