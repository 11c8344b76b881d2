//! Lists the enabled vassals of an app.

use std::fmt;

use super::legacy::{self, LegacyVassal};
use crate::app::AppName;
use crate::host::{HostError, files};
use crate::root::Root;
use crate::vassal::{CRON, FRONT, VassalName};

/// An enabled vassal. `Display` writes its file name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Enabled {
    Ours(VassalName),
    /// A vassal of legacy piku.
    Legacy(LegacyVassal),
}

impl Enabled {
    /// Its name; `None` for legacy piku.
    pub(crate) fn ours(&self) -> Option<&VassalName> {
        match self {
            Self::Ours(name) => Some(name),
            Self::Legacy(_) => None,
        }
    }

    /// The kind of process.
    pub(crate) fn kind(&self) -> &str {
        match self {
            Self::Ours(name) => &name.kind,
            Self::Legacy(vassal) => &vassal.kind,
        }
    }

    /// The name of the process for people, such as `web.1`. All cron jobs share one process.
    pub(crate) fn shown(&self) -> String {
        match self.kind() {
            CRON => "the cron jobs".to_owned(),
            FRONT => format!("the router of port {}", self.index()),
            kind => format!("{kind}.{}", self.index()),
        }
    }

    /// The index of the process within its kind.
    pub(crate) fn index(&self) -> u32 {
        match self {
            Self::Ours(name) => name.index,
            Self::Legacy(vassal) => vassal.index,
        }
    }
}

impl fmt::Display for Enabled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ours(name) => name.fmt(f),
            Self::Legacy(vassal) => vassal.fmt(f),
        }
    }
}

impl From<VassalName> for Enabled {
    fn from(name: VassalName) -> Self {
        Self::Ours(name)
    }
}

/// The enabled vassals of an app, by exact name. Vassals of legacy piku are identified by their contents.
pub(crate) fn of_app(root: &Root, app: &AppName) -> Result<Vec<Enabled>, HostError> {
    let mut found = Vec::new();
    for file in files::names(&root.uwsgi_enabled())? {
        found.extend(read(root, app, &file)?);
    }
    Ok(found)
}

/// The enabled vassal in `file`, if it belongs to `app`.
pub(crate) fn read(root: &Root, app: &AppName, file: &str) -> Result<Option<Enabled>, HostError> {
    Ok(match file.parse::<VassalName>() {
        Ok(name) => (name.app == *app).then_some(Enabled::Ours(name)),
        Err(_) => legacy::read(root, app, &root.uwsgi_enabled().join(file))?.map(Enabled::Legacy),
    })
}
