//! A backup as a stream: written entry by entry, and unpacked into a folder of its own.
//!
//! What is read may come from anybody. Only regular files, folders, and links that stay in the data are made, in a folder
//! that is new; links come last, so that nothing is written through one.

mod data;
mod read;
mod write;

pub(crate) use data::Data;
pub(crate) use read::{Limits, unpack};
pub(crate) use write::Writer;
