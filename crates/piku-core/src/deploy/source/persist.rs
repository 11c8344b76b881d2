//! Links persisted paths from the tree of a release to the app's data, where they outlive the release.

mod error;

use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};

pub use self::error::PersistError;
use crate::deploy::DeployError;
use crate::host::listing::{Listing, Sort};
use crate::host::{HostError, Surroundings, copy, files, relocate};
use crate::persisted::shown;

/// The folders involved in persisting paths.
pub(crate) struct Places<'a> {
    /// The tree of the new release.
    pub(crate) tree: &'a Utf8Path,
    /// The app's data.
    pub(crate) data: &'a Utf8Path,
    /// The folder of the new release, which records the initial copies.
    pub(crate) release: &'a Utf8Path,
}

/// A file in the folder of a release that lists its initial copies in the app's data, as JSON.
const BEGUN: &str = "begun.json";

/// Gives each path in `PIKU_PERSIST` that does not exist in the data its first contents: those of the commit. If it is
/// not in the commit either, it becomes a folder; if its name contains a dot, it is left for the app to create. A
/// folder of which parts are persisted already gets the other files of the commit.
///
/// Records each copy before it is made, for [`undo`].
pub(crate) fn begin<'a>(
    surroundings: &Surroundings,
    places: &Places<'_>,
    paths: impl IntoIterator<Item = (&'a str, bool)>,
) -> Result<(), DeployError> {
    let mut begun = Vec::new();
    for (path, has_parts) in paths {
        let (here, kept) = (places.tree.join(path), places.data.join(path));
        make_way(places.tree, Path::new(path))?;
        make_way(places.data, Path::new(path))?;
        if has_parts && is_folder(&here) && is_folder(&kept) {
            let of_commit = Listing::of(&here)?.0.into_iter();
            let of_commit = of_commit.filter(|(_, stamp)| matches!(stamp.sort, Sort::File | Sort::Link));
            for (below, _) in of_commit {
                let to = kept.as_std_path().join(&below);
                if to.symlink_metadata().is_err() && relocate::make_way(kept.as_std_path(), &below)? {
                    begun.extend(Utf8PathBuf::from_path_buf(to.clone()));
                    note(places.release, &begun)?;
                    relocate::copy_to(&here.as_std_path().join(&below), &to)?;
                }
            }
        }
        if files::exists(&kept) {
            continue;
        }
        if is_own(&here) {
            begun.push(kept.clone());
            note(places.release, &begun)?;
            copy::copy(surroundings, &here, &kept)?;
        } else if !is_named_as_a_file(path) {
            files::make_folder(&kept, 0o700)?;
        }
    }
    Ok(())
}

/// What happens to a file or folder that is where a link is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum InTheWay<'a> {
    /// It is removed, as a file of the commit is.
    Removed,
    /// It stays, and there is no link.
    Kept,
    /// It is moved to this folder, under the same path.
    MovedTo(&'a Path),
}

/// Links a path in the tree to `target`.
pub(crate) fn link(
    tree: &Utf8Path,
    path: &Path,
    target: &Path,
    in_the_way: InTheWay<'_>,
) -> Result<(), DeployError> {
    let here = tree.as_std_path().join(path);
    if relocate::leads_to(&here, target) {
        return Ok(());
    }
    make_way(tree, path)?;
    if here.symlink_metadata().is_ok_and(|about| !about.is_symlink()) {
        match in_the_way {
            InTheWay::Removed => relocate::remove(&here)?,
            InTheWay::Kept => return Ok(()),
            InTheWay::MovedTo(folder) => relocate::move_away(&here, &folder.join(path))?,
        }
    }
    Ok(relocate::link(&here, target)?)
}

fn note(release: &Utf8Path, begun: &[Utf8PathBuf]) -> Result<(), HostError> {
    let path = release.join(BEGUN);
    let text =
        serde_json::to_vec(begun).map_err(|source| HostError::Damaged { path: path.clone(), source })?;
    files::write(&path, &text, 0o600)
}

/// Removes the copies of a release that did not go live: the commit of the next one may have other contents.
pub(crate) fn undo(release: &Utf8Path) -> Result<(), HostError> {
    let path = release.join(BEGUN);
    let Some(text) = files::read(&path)? else { return Ok(()) };
    let begun: Vec<Utf8PathBuf> =
        serde_json::from_slice(&text).map_err(|source| HostError::Damaged { path: path.clone(), source })?;
    begun.iter().try_for_each(|copy| files::remove_folder(copy))?;
    files::remove(&path)
}

/// Whether a path is a file or folder, not a link, which may point anywhere.
fn is_own(path: &Utf8Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_dir() || found.is_file())
}

fn is_folder(path: &Utf8Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_dir())
}

fn is_named_as_a_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.trim_start_matches('.').contains('.')
}

/// Creates the folders above a path in `folder`, and refuses if a link leads out of it.
pub(crate) fn make_way(folder: &Utf8Path, path: &Path) -> Result<(), DeployError> {
    let made = relocate::make_way(folder.as_std_path(), path)?;
    let refused = || PersistError::Link { path: shown(path).into_owned() }.into();
    made.then_some(()).ok_or_else(refused)
}

#[cfg(test)]
mod tests;
