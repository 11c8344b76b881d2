//! Where what an app wrote is from now on: under which path in its data, or as which link.

use std::path::{Component, Path, PathBuf};

use camino::Utf8Path;

use super::written::Written;
use crate::host::journals::journals;
use crate::persisted::{Persisted, Place};

/// The folder in the app's data for what can't have its own name there, because something else has it.
const BESIDE: &str = "written";

/// The folder for what piku has saved from trees that it removed.
const RESCUED: &str = "rescued";

/// Something to move to the app's data.
#[derive(Debug)]
pub(crate) struct Move {
    pub(crate) what: Written,
    /// The path in the data.
    pub(crate) at: PathBuf,
    /// Whether it was moved before, and the app has replaced the link.
    pub(crate) again: bool,
}

/// A path in the data that nothing else uses: the same as in the tree, if that is free.
pub(crate) fn free(data: &Utf8Path, persisted: &Persisted, path: &Path) -> PathBuf {
    let beside = (2..).map(|number: u32| Path::new(&format!("{BESIDE}-{number}")).join(path));
    let first = path.components().next().map(Component::as_os_str);
    let own = first.is_none_or(|name| name != RESCUED && name != BESIDE).then(|| path.to_owned());
    let mut places = own.into_iter().chain([Path::new(BESIDE).join(path)]).chain(beside);
    places.find(|at| is_free(data, persisted, at)).unwrap_or_else(|| path.to_owned())
}

fn is_free(data: &Utf8Path, persisted: &Persisted, at: &Path) -> bool {
    let data = data.as_std_path();
    let there = |at: &Path| data.join(at).symlink_metadata().is_ok();
    // A link on the way leads elsewhere, and a file is no folder.
    let folders = at.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
    let mut above = folders.filter_map(|folder| data.join(folder).symlink_metadata().ok());
    let used = |place: &Place| place.in_data() == Some(at);
    !there(at)
        && !journals(at).iter().any(|journal| there(journal))
        && above.all(|about| about.is_dir())
        && !persisted.0.values().any(used)
}

/// A link to something in the tree becomes a relative one, so that it leads to the same place in the next tree. `live`
/// is the link to the tree.
pub(crate) fn within(link: Place, path: &Path, tree: &Utf8Path, live: &Utf8Path) -> Place {
    let Place::Link(target) = &link else { return link };
    let inner = target.strip_prefix(tree).or_else(|_| target.strip_prefix(live));
    let Ok(inner) = inner else { return link };
    let up = path.components().skip(1).map(|_| "..");
    let to = up.collect::<PathBuf>().join(inner);
    Place::Link(if to.as_os_str().is_empty() { PathBuf::from(".") } else { to })
}

/// The target of a link that was at `path` in a tree and is to lead to the same place from elsewhere: a relative one
/// begins at `live`, the link to the tree.
pub(crate) fn from_elsewhere(target: &Path, path: &Path, live: &Utf8Path) -> PathBuf {
    let mut to = path.parent().unwrap_or(path).to_owned();
    for part in target.components() {
        match part {
            Component::Normal(name) => to.push(name),
            Component::ParentDir if to.pop() => {}
            Component::CurDir => {}
            // It leads out of the tree.
            _ => return target.to_owned(),
        }
    }
    live.as_std_path().join(to)
}

/// The path in the data that a link leads to.
pub(crate) fn in_data(link: &Path, data: &Utf8Path) -> Option<PathBuf> {
    let target = link.read_link().ok()?;
    let at = target.strip_prefix(data).ok()?;
    (!at.as_os_str().is_empty()).then(|| at.to_owned())
}

/// A link as the app made it.
pub(crate) fn link(path: &Path) -> Option<Place> {
    path.read_link().ok().map(Place::Link)
}

/// The target of the link that a tree has for a place.
pub(crate) fn target(place: &Place, data: &Utf8Path) -> PathBuf {
    match place {
        Place::Data { at, .. } => data.as_std_path().join(at),
        Place::Link(target) => target.clone(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests look at a folder of their own")]

    use camino::Utf8PathBuf;

    use super::*;

    #[test]
    fn what_has_the_name_in_the_data_keeps_it() {
        let folder = tempfile::tempdir().unwrap();
        let data = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        std::fs::create_dir_all(data.join("uploads")).unwrap();
        std::fs::write(data.join("db-wal"), "").unwrap();
        let mut known = Persisted::default();
        let next = |known: &Persisted, path: &str| free(&data, known, Path::new(path));
        assert_eq!(next(&known, "new/x"), Path::new("new/x"));
        for path in ["uploads", "db", "db-wal/x", "rescued/1"] {
            assert_eq!(next(&known, path), Path::new("written").join(path));
        }
        known.0.insert("a".into(), Place::Data { at: "written/db".into(), moving_from: None });
        assert_eq!(next(&known, "db"), Path::new("written-2/db"));
    }

    #[test]
    fn a_link_into_the_tree_leads_into_the_next_one() {
        let of = |path: &str, target: &str| {
            let link = Place::Link(target.into());
            match within(link, Path::new(path), "/r/3/tree".into(), "/r/apps/blog".into()) {
                Place::Link(target) => target.to_str().unwrap().to_owned(),
                Place::Data { .. } => unreachable!(),
            }
        };
        assert_eq!(of("public/storage", "/r/3/tree/storage/app"), "../storage/app");
        assert_eq!(of("a", "/r/apps/blog/b"), "b");
        assert_eq!(of("a/b", "/r/3/tree"), "../");
        for target in ["/etc", "../b", "/r/33/tree/x"] {
            assert_eq!(of("a/c", target), target);
        }
        let elsewhere =
            |target: &str| from_elsewhere(target.as_ref(), Path::new("a/c"), "/r/apps/blog".into());
        assert_eq!(elsewhere("../b/./x"), Path::new("/r/apps/blog/b/x"));
        assert_eq!([elsewhere("/etc"), elsewhere("../../b")], ["/etc", "../../b"].map(PathBuf::from));
    }
}
