//! Keeps the files that an app wrote into a tree, before the tree goes.

use std::path::Path;

use camino::Utf8Path;

use crate::app::AppName;
use crate::event::{Report, warn};
use crate::host::{HostError, Surroundings, copy, files, git};
use crate::root::Root;

/// Moves what the app itself wrote into the tree of release `number` to `data/<app>/rescued`, where nothing is ever
/// deleted. Names may be any bytes.
pub(crate) fn rescue(
    root: &Root,
    surroundings: &Surroundings,
    app: &AppName,
    number: u32,
    report: &mut Report<'_>,
) -> Result<(), HostError> {
    let (tree, data) = (root.tree(app, number), root.data(app));
    if tree.is_symlink() || !tree.join(".git").exists() {
        return Ok(());
    }
    let mut written = git::program(surroundings).written(&tree)?;
    written.retain(|path| !is_by_product(path) && !is_elsewhere(&tree, &data, path));
    if written.is_empty() {
        return Ok(());
    }
    // An app of this name may have had a release of this number before it was destroyed.
    let folder = data.join("rescued");
    let names =
        std::iter::once(number.to_string()).chain((2..).map(|again: u32| format!("{number}-{again}")));
    let free = names.map(|name| folder.join(name)).find(|path| !files::exists(path));
    let rescued = free.unwrap_or_else(|| folder.join(number.to_string()));
    for path in &written {
        let (from, to) = (tree.as_std_path().join(path), rescued.as_std_path().join(path));
        match (Utf8Path::from_path(&from), Utf8Path::from_path(&to)) {
            (Some(from), Some(to)) => {
                to.parent().map_or(Ok(()), |folder| files::make_folder(folder, 0o700))?;
                copy::move_to(surroundings, from, to)?;
            }
            _ => files::rename_any(&from, &to)?,
        }
    }
    let count = written.len();
    let files = if count == 1 { "a file".to_owned() } else { format!("{count} files") };
    warn(
        report,
        format!("release {number} was removed; {files} that the app had written there moved to `{rescued}`"),
        Some("let the app write to $DATA_ROOT instead"),
    );
    Ok(())
}

/// Whether the file is not lost with the tree: a link of `PIKU_PERSIST`, or the file that its place in the data began
/// with; or a file that a build has lent to the tree.
fn is_elsewhere(tree: &Utf8Path, data: &Utf8Path, path: &Path) -> bool {
    let Some(path) = Utf8Path::from_path(path) else { return false };
    let here = tree.join(path);
    let seen = |path: &Utf8Path| {
        let found = path.symlink_metadata().ok()?;
        Some((found.len(), found.modified().ok()?, found.file_type()))
    };
    files::link_target(&here).is_some_and(|to| to.starts_with(data))
        || files::is_lent(&here)
        || seen(&here).is_some_and(|file| seen(&data.join(path)) == Some(file))
}

/// What interpreters leave beside the sources; nobody misses it.
fn is_by_product(path: &Path) -> bool {
    let known = ["__pycache__", "node_modules", ".pytest_cache"];
    path.components().any(|part| known.iter().any(|name| part.as_os_str() == *name))
        || path.extension().is_some_and(|ending| ending == "pyc")
}
