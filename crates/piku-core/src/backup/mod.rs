//! What a backup of an app is: its parts, and what may be in it. Pure.
//!
//! A backup is a tar archive, compressed with gzip. Its first entry is the [manifest](Manifest); then come the
//! [parts](Part), and the app's data below `data/`.

mod error;
mod inside;
mod manifest;

pub use error::BackupError;
pub(crate) use inside::{Inside, leads_within};
pub(crate) use manifest::{FORMAT, MANIFEST, Manifest, Part};
