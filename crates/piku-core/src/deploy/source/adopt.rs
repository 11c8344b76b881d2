//! Takes over an app that was deployed by legacy piku, piku.py, into the same root.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;

use camino::Utf8Path;

use crate::app::AppName;
use crate::event::{Report, stage};
use crate::host::{HostError, Surroundings, files, git};
use crate::release::store;
use crate::root::Root;

/// The number under which the old clone is kept.
const BEFORE_THE_FIRST: u32 = 0;

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

/// Gives the new tree everything in the old clone that git does not know, and moves the clone out of the way.
///
/// The files are given a second name rather than moved: the old processes are still running on them.
pub(crate) fn clone(
    root: &Root,
    surroundings: &Surroundings,
    app: &AppName,
    number: u32,
    report: &mut Report<'_>,
) -> Result<(), HostError> {
    let old = root.app(app);
    let known =
        if old.join(".git").exists() { git::program(surroundings).tracked(&old)? } else { BTreeSet::new() };
    let known: BTreeSet<&[u8]> = known.iter().map(|path| path.as_os_str().as_bytes()).collect();
    let count = files::take_over(&old, &root.tree(app, number), &known)?;
    let kept = root.release(app, BEFORE_THE_FIRST);
    files::make_folder(&kept, 0o700)?;
    files::rename(&old, &kept.join("tree"))?;
    let own = match count {
        0 => "no file of its own".to_owned(),
        1 => "a file of its own".to_owned(),
        _ => format!("{count} files of its own"),
    };
    stage(report, format!("Took over the clone of legacy piku (piku.py), with {own}"));
    debug_assert!(!store::is_foreign_clone(root, app));
    Ok(())
}
