//! Takes over an app that was deployed by piku's Python original, into the same root.

use camino::Utf8PathBuf;

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
    if !name.starts_with(&format!("{app}_")) || !name.ends_with(".ini") || name.contains('@') {
        return Ok(false);
    }
    let text = files::read_text(&root.uwsgi_enabled().join(name))?.unwrap_or_default();
    let folder = root.app(app);
    Ok(text
        .lines()
        .filter_map(|line| line.split_once('='))
        .any(|(key, value)| key.trim() == "chdir" && value.trim() == folder.as_str()))
}

/// Gives the new tree every file of the old clone that git does not know, and moves the clone out of the way.
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
    let untracked: Vec<Utf8PathBuf> =
        if old.join(".git").exists() { git::untracked(surroundings, &old)? } else { Vec::new() };
    let tree = root.tree(app, number);
    for path in &untracked {
        let (from, to) = (old.join(path), tree.join(path));
        if files::exists(&to) || !from.is_file() {
            continue;
        }
        if let Some(folder) = to.parent() {
            files::make_folder(folder, 0o755)?;
        }
        files::second_name(&to, &from)?;
    }
    let kept = root.release(app, BEFORE_THE_FIRST);
    files::make_folder(&kept, 0o700)?;
    files::rename(&old, &kept.join("tree"))?;
    stage(
        report,
        format!("Took over the clone of an earlier piku, with {} files of its own", untracked.len()),
    );
    debug_assert!(!store::is_foreign_clone(root, app));
    Ok(())
}
