//! Lists the enabled vassals of an app.

use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};

use super::legacy::{self, LegacyVassal};
use crate::app::AppName;
use crate::host::{HostError, files};
use crate::release::store;
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

    /// The vassal of legacy piku, if it is one.
    pub(crate) fn legacy(&self) -> Option<&LegacyVassal> {
        match self {
            Self::Ours(_) => None,
            Self::Legacy(vassal) => Some(vassal),
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
    let formerly = store::formerly(root, app);
    for folder in folders(root) {
        for file in files::names(&folder)? {
            found.extend(read_in(root, (app, formerly.as_ref()), &folder, &file)?);
        }
    }
    Ok(found)
}

/// The enabled vassal in `file`, if it belongs to `app`.
pub(crate) fn read(root: &Root, app: &AppName, file: &str) -> Result<Option<Enabled>, HostError> {
    let formerly = store::formerly(root, app);
    for folder in folders(root) {
        if let Some(found) = read_in(root, (app, formerly.as_ref()), &folder, file)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The folders of our emperor, and of legacy piku's.
pub(crate) fn folders(root: &Root) -> Vec<Utf8PathBuf> {
    let mut folders = vec![root.uwsgi_enabled(), root.legacy_enabled()];
    folders.dedup();
    folders
}

/// While an app is being renamed, those of its former name are its own.
fn read_in(
    root: &Root,
    (app, formerly): (&AppName, Option<&AppName>),
    folder: &Utf8Path,
    file: &str,
) -> Result<Option<Enabled>, HostError> {
    Ok(match file.parse::<VassalName>() {
        Ok(name) => (name.app == *app || Some(&name.app) == formerly).then_some(Enabled::Ours(name)),
        Err(_) => legacy::read(root, app, &folder.join(file))?.map(Enabled::Legacy),
    })
}
