//! Saves the files that an app wrote to a tree before the tree is removed.

use std::path::Path;

use camino::Utf8Path;

use super::left::listing_file;
use crate::app::AppName;
use crate::event::{Report, warn};
use crate::host::listing::{Listing, Sort, Stamp, is_by_product};
use crate::host::{HostError, Surroundings, copy, files, git};
use crate::root::Root;

/// Moves the files that the app wrote to the tree of release `number` to `data/<app>/rescued`, which is never deleted.
/// Names may be any bytes.
pub(crate) fn rescue(
    root: &Root,
    surroundings: &Surroundings,
    app: &AppName,
    number: u32,
    report: &mut Report<'_>,
) -> Result<(), HostError> {
    let (tree, data) = (root.tree(app, number), root.data(app));
    if tree.is_symlink() || !tree.is_dir() {
        return Ok(());
    }
    let mut written = git::written(&tree)?;
    let before = Listing::read(&listing_file(root, app, number)).unwrap_or_default();
    let is_made = |path: &Path| {
        let now = Stamp::at(&tree.as_std_path().join(path));
        now.is_some_and(|now| now.sort == Sort::Passing || before.get(path) == Some(now))
    };
    written.retain(|path| !is_by_product(path) && !is_made(path) && !is_elsewhere(&tree, &data, path));
    if written.is_empty() {
        return Ok(());
    }
    // A destroyed app with the same name may have had a release with this number.
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
        format!("release {number} was removed; {files} that the app wrote there moved to `{rescued}`"),
        Some("make the app write to $DATA_ROOT instead"),
    );
    Ok(())
}

/// Whether the file is not lost with the tree: it is a link of `PIKU_PERSIST`, the original of a copy in the data, or a
/// file that a build placed in the tree.
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
