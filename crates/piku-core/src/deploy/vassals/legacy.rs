//! Vassals that legacy piku, piku.py, has left in the same root.

use camino::Utf8Path;

use crate::app::AppName;
use crate::host::{HostError, files};
use crate::root::Root;

/// Whether the vassal file `name` belongs to `app` and was written by the original.
///
/// Its names can't be told apart (`foo_web.1` may be `foo` or `foo_web`'s), so its contents decide.
pub(crate) fn is_foreign_vassal(root: &Root, app: &AppName, name: &str) -> Result<bool, HostError> {
    is_foreign(root, app, &root.uwsgi_enabled().join(name))
}

/// The same of a vassal file in any folder.
pub(crate) fn is_foreign(root: &Root, app: &AppName, file: &Utf8Path) -> Result<bool, HostError> {
    if file.file_name().is_none_or(|name| foreign_process(app, name).is_none()) {
        return Ok(false);
    }
    let text = files::read_text(file)?.unwrap_or_default();
    let folder = root.app(app);
    Ok(text
        .lines()
        .filter_map(|line| line.split_once('='))
        .any(|(key, value)| key.trim() == "chdir" && value.trim() == folder.as_str()))
}

/// The kind and the number that a file name of the original's tells, if it is `app`'s.
pub(crate) fn foreign_process<'a>(app: &AppName, name: &'a str) -> Option<(&'a str, u32)> {
    let process = name.strip_prefix(app.as_str())?.strip_prefix('_')?.strip_suffix(".ini")?;
    // Some versions of it write three.
    let process = process.trim_start_matches('_');
    let (kind, index) = process.rsplit_once('.')?;
    let index = index.parse().ok()?;
    (!name.contains('@')).then_some((kind, index))
}
