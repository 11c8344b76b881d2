//! Links the paths of `PIKU_PERSIST` from a release's tree into the app's data, where they outlive it.

use camino::{Utf8Path, Utf8PathBuf};

use super::DeployError;
use crate::host::{Surroundings, copy, files};

/// Where persistent paths of an app live, and where they may come from.
pub(crate) struct Places<'a> {
    /// The tree of the new release.
    pub(crate) tree: &'a Utf8Path,
    /// The app's data.
    pub(crate) data: &'a Utf8Path,
    /// The tree that is live until now, where the app may have written.
    pub(crate) live: Option<&'a Utf8Path>,
}

/// Makes each path of the new tree a link to its place in the data.
///
/// What is not there yet begins as a copy: of what the live release has at that path, else of what the commit has.
/// A path that is nowhere becomes a folder, or, when its name has a dot in it, a file for the app to make.
pub(crate) fn link(
    surroundings: &Surroundings,
    places: &Places<'_>,
    paths: &[String],
) -> Result<(), DeployError> {
    for path in paths {
        let (here, kept) = (places.tree.join(path), places.data.join(path));
        let above = within(places.tree, &here, path)?;
        within(places.data, &kept, path)?;
        if !files::exists(&kept) {
            let written = places.live.map(|live| live.join(path)).filter(|written| is_own(written));
            match written.or_else(|| Some(here.clone()).filter(|here| is_own(here))) {
                Some(first) => copy::copy(surroundings, &first, &kept)?,
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
#[allow(clippy::disallowed_methods, reason = "tests look at a folder of their own")]
mod tests {
    use super::*;

    #[test]
    fn a_path_begins_as_what_was_there_and_then_outlives_trees() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        for name in ["one/uploads", "two", "data"] {
            std::fs::create_dir_all(at(name)).unwrap();
        }
        std::fs::write(at("one/uploads/.gitkeep"), "").unwrap();
        let paths = ["uploads", "var/db.sqlite3", "cache"].map(str::to_owned);
        let (one, two, data) = (at("one"), at("two"), at("data"));
        link(&Surroundings::of_tests(&data), &Places { tree: &one, data: &data, live: None }, &paths)
            .unwrap();
        std::fs::write(one.join("uploads/cat.png"), "cat").unwrap();
        std::fs::write(one.join("var/db.sqlite3"), "rows").unwrap();
        assert!(one.join("cache").is_dir());
        link(&Surroundings::of_tests(&data), &Places { tree: &two, data: &data, live: Some(&one) }, &paths)
            .unwrap();
        assert_eq!(std::fs::read_to_string(two.join("uploads/cat.png")).unwrap(), "cat");
        assert_eq!(std::fs::read_to_string(data.join("var/db.sqlite3")).unwrap(), "rows");
        assert!(data.join("uploads/.gitkeep").exists());
    }

    #[test]
    fn what_the_live_release_has_written_before_is_taken_along() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        for name in ["live/uploads", "new/uploads", "data"] {
            std::fs::create_dir_all(at(name)).unwrap();
        }
        std::fs::write(at("live/uploads/cat.png"), "cat").unwrap();
        let (live, new, data) = (at("live"), at("new"), at("data"));
        let places = Places { tree: &new, data: &data, live: Some(&live) };
        link(&Surroundings::of_tests(&data), &places, &["uploads".to_owned()]).unwrap();
        assert_eq!(std::fs::read_to_string(new.join("uploads/cat.png")).unwrap(), "cat");
    }

    #[test]
    fn a_link_of_the_commit_leads_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        for name in ["tree", "data", "ssh"] {
            std::fs::create_dir_all(at(name)).unwrap();
        }
        std::fs::write(at("ssh/authorized_keys"), "mine").unwrap();
        files::link(&at("tree/a"), &at("ssh")).unwrap();
        let (tree, data) = (at("tree"), at("data"));
        let places = Places { tree: &tree, data: &data, live: None };
        let refused =
            link(&Surroundings::of_tests(&data), &places, &["a/authorized_keys".to_owned()]).unwrap_err();
        assert_eq!(refused.to_string(), "`a/authorized_keys` can't be kept: a link is in its way");
        assert_eq!(std::fs::read_to_string(at("ssh/authorized_keys")).unwrap(), "mine");
    }
}
