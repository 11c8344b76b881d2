//! What `setup --system` has made of a machine, for `--undo` to take back.

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use super::nginx_way::NginxWay;
use crate::root::Root;

/// Where the record lies. That it is there says that the machine is a server of piku's.
pub const RECORD: &str = "/var/lib/piku/server.json";

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Record {
    /// The version of this form.
    pub schema: u32,
    /// The user that everything runs as.
    pub user: String,
    /// That user's home folder.
    pub home: Utf8PathBuf,
    /// Which nginx serves the sites.
    pub nginx: NginxWay,
    /// Files that were written.
    pub files: Vec<Utf8PathBuf>,
    /// Services that were enabled.
    pub on: Vec<String>,
    /// Services that were disabled, and are enabled again by `--undo`.
    pub off: Vec<String>,
}

impl Record {
    /// The present version of the form.
    pub(super) const SCHEMA: u32 = 1;

    /// The root folder of the server.
    #[must_use]
    pub fn root(&self) -> Root {
        Root::new(self.home.join(".piku"))
    }
}
