//! Recognizes vassals of legacy piku (piku.py) in the same root.

use std::fmt;

use camino::Utf8Path;

use crate::app::AppName;
use crate::host::{HostError, files};
use crate::root::Root;

/// A vassal of legacy piku. `Display` writes its file name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LegacyVassal {
    file: String,
    /// The kind of process.
    pub(crate) kind: String,
    /// The index of the process within its kind.
    pub(crate) index: u32,
}

impl LegacyVassal {
    /// Parses the name of a file that may belong to `app`.
    fn named(app: &AppName, file: &str) -> Option<Self> {
        let process = file.strip_prefix(app.as_str())?.strip_prefix('_')?.strip_suffix(".ini")?;
        // Some versions of legacy piku write three underscores.
        let (kind, index) = process.trim_start_matches('_').rsplit_once('.')?;
        let vassal = Self { file: file.to_owned(), kind: kind.to_owned(), index: index.parse().ok()? };
        (!file.contains('@')).then_some(vassal)
    }
}

impl fmt::Display for LegacyVassal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)
    }
}

/// The vassal in a file, if legacy piku wrote it for `app`.
///
/// Its names are ambiguous (`foo_web.1` may belong to `foo` or `foo_web`), so this reads the file.
pub(crate) fn read(root: &Root, app: &AppName, file: &Utf8Path) -> Result<Option<LegacyVassal>, HostError> {
    let Some(vassal) = file.file_name().and_then(|name| LegacyVassal::named(app, name)) else {
        return Ok(None);
    };
    let text = files::read_text(file)?.unwrap_or_default();
    let folder = root.app(app);
    let ours = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .any(|(key, value)| key.trim() == "chdir" && value.trim() == folder.as_str());
    Ok(ours.then_some(vassal))
}
