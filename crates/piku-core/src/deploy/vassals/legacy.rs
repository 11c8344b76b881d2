//! Recognizes vassals of legacy piku (piku.py) in the same root.

use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};

use crate::app::AppName;
use crate::host::{HostError, files, legacy};
use crate::root::Root;

/// A vassal of legacy piku. `Display` writes its file name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LegacyVassal {
    app: AppName,
    file: String,
    /// The folder with its file: of the emperor of legacy piku, or of ours.
    folder: Utf8PathBuf,
    /// The kind of process.
    pub(crate) kind: String,
    /// The index of the process within its kind.
    pub(crate) index: u32,
}

impl LegacyVassal {
    /// Parses the name of a file that may belong to `app`.
    fn named(app: &AppName, file: &Utf8Path) -> Option<Self> {
        let (folder, file) = (file.parent()?.to_owned(), file.file_name()?);
        let process = file.strip_prefix(app.as_str())?.strip_prefix('_')?.strip_suffix(".ini")?;
        // Some versions of legacy piku write three underscores.
        let (kind, index) = process.trim_start_matches('_').rsplit_once('.')?;
        let (kind, index) = (kind.to_owned(), index.parse().ok()?);
        let vassal = Self { app: app.clone(), file: file.to_owned(), folder, kind, index };
        (!file.contains('@')).then_some(vassal)
    }

    /// Its app.
    pub(crate) fn app(&self) -> &AppName {
        &self.app
    }

    /// The file that enables it.
    pub(crate) fn path(&self) -> Utf8PathBuf {
        self.folder.join(&self.file)
    }

    /// Its uWSGI, if it runs, whoever is its emperor.
    pub(crate) fn masters(&self, root: &Root) -> Vec<i32> {
        legacy::masters(root, &self.app, &self.kind, self.index, &self.file)
    }

    /// Whether it has something to do with `pid`.
    pub(crate) fn runs(&self, root: &Root, pid: i32) -> bool {
        legacy::is_below(root, &self.app, &self.kind, pid)
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
    let Some(vassal) = LegacyVassal::named(app, file) else {
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

/// The vassals of the app that a deploy has ended, and that return if it does not go live.
pub(crate) fn ended(root: &Root, app: &AppName) -> Result<Vec<LegacyVassal>, HostError> {
    let folder = root.legacy_ended();
    let mut found = Vec::new();
    for name in files::names(&folder)? {
        found.extend(read(root, app, &folder.join(name))?);
    }
    Ok(found)
}
