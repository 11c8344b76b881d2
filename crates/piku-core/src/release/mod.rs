//! Releases: the record of one ([`record`]), and where they are stored ([`store`]).

mod record;
pub(crate) mod store;

pub(crate) use record::{Cause, Made, Release};
