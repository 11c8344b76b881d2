//! Links the paths in `PIKU_PERSIST` from the tree of a release to the app's data, where they outlive the release.

use camino::{Utf8Path, Utf8PathBuf};

use crate::deploy::DeployError;
use crate::host::{HostError, Surroundings, copy, files};

/// The folders involved in persisting paths.
pub(crate) struct Places<'a> {
    /// The tree of the new release.
    pub(crate) tree: &'a Utf8Path,
    /// The app's data.
    pub(crate) data: &'a Utf8Path,
    /// The tree of the live release, which the app may have written to.
    pub(crate) live: Option<&'a Utf8Path>,
    /// The folder of the new release, which records the initial copies.
    pub(crate) release: &'a Utf8Path,
}

/// A file in the folder of a release that lists its initial copies in the app's data, as JSON.
const BEGUN: &str = "begun.json";

/// Replaces each path in the new tree with a link to the app's data.
///
/// If a path does not exist in the data yet, it is copied from the live release, or else from the commit. If it exists
/// in neither, it becomes a folder; if its name contains a dot, it is left for the app to create.
///
/// Records each copy before it is made, for [`undo`].
pub(crate) fn link(
    surroundings: &Surroundings,
    places: &Places<'_>,
    paths: &[String],
) -> Result<(), DeployError> {
    let mut begun = Vec::new();
    for path in paths {
        let (here, kept) = (places.tree.join(path), places.data.join(path));
        let above = within(places.tree, &here, path)?;
        within(places.data, &kept, path)?;
        if !files::exists(&kept) {
            let written = places.live.map(|live| live.join(path)).filter(|written| is_own(written));
            match written.or_else(|| Some(here.clone()).filter(|here| is_own(here))) {
                Some(first) => {
                    begun.push(kept.clone());
                    note(places.release, &begun)?;
                    copy::copy(surroundings, &first, &kept)?;
                }
                None if is_named_as_a_file(path) => {}
                None => files::make_folder(&kept, 0o700)?,
            }
        }
        files::make_folder(&above, 0o755)?;
        files::remove_folder(&here)?;
        files::link(&here, &kept)?;
    }
    Ok(())
}

fn note(release: &Utf8Path, begun: &[Utf8PathBuf]) -> Result<(), HostError> {
    let path = release.join(BEGUN);
    let text =
        serde_json::to_vec(begun).map_err(|source| HostError::Damaged { path: path.clone(), source })?;
    files::write(&path, &text, 0o600)
}

/// Removes the copies of a release that did not go live. The old release keeps writing to its own tree, so these copies
/// would be stale at the next deploy.
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

fn is_named_as_a_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.trim_start_matches('.').contains('.')
}

/// Creates the parent of `place`, and refuses if a link leads out of `folder`.
fn within(folder: &Utf8Path, place: &Utf8Path, path: &str) -> Result<Utf8PathBuf, DeployError> {
    let leaves = || DeployError::Persist { path: path.to_owned() };
    let above = place.parent().ok_or_else(leaves)?.to_owned();
    let mut reached = folder.to_owned();
    for part in above.strip_prefix(folder).map_err(|_| leaves())? {
        reached.push(part);
        match reached.symlink_metadata() {
            Ok(found) if !found.is_dir() => return Err(leaves()),
            Ok(_) => {}
            Err(_) => files::make_folder(&reached, 0o755)?,
        }
    }
    Ok(above)
}

#[cfg(test)]
mod tests;
