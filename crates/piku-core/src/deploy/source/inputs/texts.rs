//! What is read of a tree before it is parsed.

use std::collections::BTreeMap;

use piku_runtime::Unread;

use super::missing::Instead;

/// The maximum size of a Procfile or ENV, in bytes.
pub(crate) const LARGEST: usize = 1024 * 1024;

/// The texts of a release.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    /// `Procfile`, if it exists.
    pub(crate) procfile: Option<Vec<u8>>,
    /// What is there instead of a Procfile, if it does not exist.
    pub(crate) instead: Instead,
    /// `ENV`, if it exists.
    pub(crate) env: Option<Vec<u8>>,
    /// `envs/<app>/ENV`; empty if it does not exist.
    pub(crate) stored: Vec<u8>,
    /// The server's defaults for the app, in the same grammar.
    pub(crate) defaults: Vec<u8>,
    /// Those of the files that are there and were not read.
    pub(crate) unread: BTreeMap<String, Unread>,
}
