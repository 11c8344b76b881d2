//! Lists the enabled vassals of an app.

use std::fmt;

use super::legacy::{self, LegacyVassal};
use crate::app::AppName;
use crate::host::{HostError, files};
use crate::root::Root;
use crate::vassal::VassalName;

/// A vassal that the emperor has been given; shown as the name of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Enabled {
    Ours(VassalName),
    /// Of legacy piku.
    Legacy(LegacyVassal),
}

impl Enabled {
    /// Its name, when it is of ours.
    pub(crate) fn ours(&self) -> Option<&VassalName> {
        match self {
            Self::Ours(name) => Some(name),
            Self::Legacy(_) => None,
        }
    }

    /// The kind of its process.
    pub(crate) fn kind(&self) -> &str {
        match self {
            Self::Ours(name) => &name.kind,
            Self::Legacy(vassal) => &vassal.kind,
        }
    }

    /// The number of its process among those of its kind.
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

/// The enabled vassal in `file`, when it is of `app`.
pub(crate) fn read(root: &Root, app: &AppName, file: &str) -> Result<Option<Enabled>, HostError> {
    Ok(match file.parse::<VassalName>() {
        Ok(name) => (name.app == *app).then_some(Enabled::Ours(name)),
        Err(_) => legacy::read(root, app, &root.uwsgi_enabled().join(file))?.map(Enabled::Legacy),
    })
}
