//! The file `authorized_keys`: its lines, which of them are piku's, and public keys for it. Pure.
//!
//! Lines that are not piku's keep every byte.

mod error;
mod file;
mod forced;
mod line;
mod public_key;

pub use error::KeysError;
pub(crate) use file::{Entry, File};
pub(crate) use forced::{Forced, LEGACY_NAME, LegacyCommand, OurCommand};
pub use public_key::KeyError;
pub(crate) use public_key::{PublicKey, read_keys};
