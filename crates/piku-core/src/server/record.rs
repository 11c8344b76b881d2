//! The record of what `setup --system` changed, for `--undo`.

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use super::nginx_way::NginxWay;
use crate::root::Root;

/// The path of the record. A machine is a piku server if this file exists.
pub const RECORD: &str = "/var/lib/piku/server.json";

/// What `setup --system` changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Record {
    /// The version of this format.
    pub schema: u32,
    /// The user that everything runs as.
    pub user: String,
    /// That user's home folder.
    pub home: Utf8PathBuf,
    /// Which nginx serves the sites.
    pub nginx: NginxWay,
    /// Files it wrote.
    pub files: Vec<Utf8PathBuf>,
    /// Services it enabled.
    pub on: Vec<String>,
    /// Services it disabled, which `--undo` enables again.
    pub off: Vec<String>,
}

impl Record {
    /// The current version of the format.
    pub(super) const SCHEMA: u32 = 1;

    /// The root folder of the server.
    #[must_use]
    pub fn root(&self) -> Root {
        Root::new(self.home.join(".piku"))
    }
}
