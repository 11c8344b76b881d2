//! Links the paths of `PIKU_PERSIST` from a release's tree into the app's data, where they outlive it.

use camino::{Utf8Path, Utf8PathBuf};

use crate::deploy::DeployError;
use crate::host::{HostError, Surroundings, copy, files};

/// Where persistent paths of an app live, and where they may come from.
pub(crate) struct Places<'a> {
    /// The tree of the new release.
    pub(crate) tree: &'a Utf8Path,
    /// The app's data.
    pub(crate) data: &'a Utf8Path,
    /// The tree that is live until now, where the app may have written.
    pub(crate) live: Option<&'a Utf8Path>,
    /// The folder of the new release, which notes the copies that it began with.
    pub(crate) release: &'a Utf8Path,
}

/// A file in a release's folder: the copies in the data that it began with, as JSON.
const BEGUN: &str = "begun.json";

/// Makes each path of the new tree a link to its place in the data.
///
/// What is not there yet begins as a copy: of what the live release has at that path, else of what the commit has.
/// A path that is nowhere becomes a folder, or, when its name has a dot in it, a file for the app to make.
///
/// Notes each copy before it is made, for [`undo`].
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

/// Removes the copies of a release that did not become live: the old one goes on writing in its own tree, and the next
/// deploy would take them for what the app has.
pub(crate) fn undo(release: &Utf8Path) -> Result<(), HostError> {
    let path = release.join(BEGUN);
    let Some(text) = files::read(&path)? else { return Ok(()) };
    let begun: Vec<Utf8PathBuf> =
        serde_json::from_slice(&text).map_err(|source| HostError::Damaged { path: path.clone(), source })?;
    begun.iter().try_for_each(|copy| files::remove_folder(copy))?;
    files::remove(&path)
}

/// Something of the app's own; a link may lead anywhere.
fn is_own(path: &Utf8Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_dir() || found.is_file())
}

fn is_named_as_a_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.trim_start_matches('.').contains('.')
}

/// Makes the folder above a place, which must not leave `folder` by way of a link.
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
