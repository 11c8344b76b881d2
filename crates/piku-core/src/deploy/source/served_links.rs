//! Where links in the tree of a release lead, for nginx, which follows none: their targets are served under their URLs.
//!
//! Only links within the app's own folders count, as they are when the release is made. A link that the app makes or
//! changes later is not followed.

use camino::{Utf8Path, Utf8PathBuf};

use crate::app::AppName;
use crate::deploy::plan::statics::ServedLink;
use crate::host::{HostError, links};
use crate::persisted::{Persisted, Place};
use crate::root::Root;
use crate::settings::PRIVATE;

/// The links in the tree on the way to these paths in it, and below them. What the app keeps in its data is reached
/// there, even if it is not moved there yet. `linked` is what the tree has links to.
pub(crate) fn of_tree(
    root: &Root,
    app: &AppName,
    tree: &Utf8Path,
    linked: &Persisted,
    served: &[Utf8PathBuf],
) -> Result<Vec<ServedLink>, HostError> {
    if served.is_empty() {
        return Ok(Vec::new());
    }
    let mut persisted = Persisted::load(root, app)?;
    persisted.0.extend(linked.0.clone());
    let places =
        Places { live: root.app(app), data: root.data(app), releases: root.releases(app), persisted };
    let mut found: Vec<ServedLink> = places.kept().collect();
    for (link, leads) in served.iter().flat_map(|path| links::within(tree, path)) {
        let Ok(path) = link.strip_prefix(tree) else { continue };
        let path = places.live.join(path);
        let target = places.target(tree, &leads).filter(|target| !is_private(target));
        if let Some(target) = target.filter(|_| !found.iter().any(|known| known.path == path)) {
            found.push(ServedLink { path, target });
        }
    }
    Ok(found)
}

struct Places {
    live: Utf8PathBuf,
    data: Utf8PathBuf,
    releases: Utf8PathBuf,
    persisted: Persisted,
}

impl Places {
    /// The links to what the app keeps in its data.
    fn kept(&self) -> impl Iterator<Item = ServedLink> {
        self.persisted.0.iter().filter_map(|(path, place)| {
            let Place::Data { at, .. } = place else { return None };
            let (path, at) = (Utf8Path::from_path(path)?, Utf8Path::from_path(at)?);
            let (path, target) = (self.live.join(path), self.data.join(at));
            (!is_private(&target)).then_some(ServedLink { path, target })
        })
    }

    /// A real path, as nginx reaches it: in the tree, or in the data; `None` if it is elsewhere.
    fn target(&self, tree: &Utf8Path, real: &Utf8Path) -> Option<Utf8PathBuf> {
        let below = |folder: &Utf8Path| {
            real.strip_prefix(folder.canonicalize_utf8().ok()?).ok().map(Utf8Path::to_owned)
        };
        if let Some(path) = below(tree) {
            return Some(self.live.join(path));
        }
        if let Some(path) = below(&self.data) {
            return Some(self.data.join(path));
        }
        // The tree that is left, from which it will be moved to the data.
        let path: Utf8PathBuf = below(&self.releases)?.components().skip(2).collect();
        self.persisted.0.iter().find_map(|(kept, place)| {
            let rest = path.strip_prefix(Utf8Path::from_path(kept)?).ok()?;
            Some(self.data.join(Utf8Path::from_path(place.in_data()?)?).join(rest))
        })
    }
}

/// Whether a part of the path has the name of a file that is never served.
fn is_private(path: &Utf8Path) -> bool {
    path.components().any(|part| PRIVATE.contains(&part.as_str()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests look at a folder of their own")]

    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_within_the_app_are_served_where_they_lead_and_others_never() {
        let folder = tempfile::tempdir().unwrap();
        let top = Utf8PathBuf::from_path_buf(folder.path().canonicalize().unwrap()).unwrap();
        let (root, app) = (Root::new(&top), "blog".parse::<AppName>().unwrap());
        let (tree, data) = (root.tree(&app, 2), root.data(&app));
        for folder in [tree.join("public"), tree.join("v1"), root.tree(&app, 1).join("up/x"), data.join("d")]
        {
            std::fs::create_dir_all(folder).unwrap();
        }
        for file in [tree.join("ENV"), tree.join("Procfile"), top.join("data/victim"), tree.join(".env")] {
            std::fs::write(file, "secret").unwrap();
        }
        for (link, target) in [
            ("in", "../v1"),
            ("env", "../ENV"),
            ("proc", "../Procfile"),
            ("out", "/etc"),
            ("victim", "../../../../../data/victim"),
            ("up", "../../../1/tree/up"),
        ] {
            symlink(target, tree.join("public").join(link)).unwrap();
        }
        symlink(data.join("d"), tree.join("public/data")).unwrap();
        let at = |at: &str| Place::Data { at: at.into(), moving_from: None };
        let linked = Persisted([("up".into(), at("up")), ("public/conf/ENV".into(), at("conf/ENV"))].into());
        let found = of_tree(&root, &app, &tree, &linked, &["public".into()]).unwrap();
        let shown = |path: &Utf8Path| path.strip_prefix(&top).unwrap().to_string();
        let found: Vec<String> =
            found.iter().map(|one| format!("{} {}", shown(&one.path), shown(&one.target))).collect();
        assert_eq!(
            found,
            [
                "apps/blog/up data/blog/up",
                "apps/blog/public/data data/blog/d",
                "apps/blog/public/in apps/blog/v1",
                "apps/blog/public/up data/blog/up",
            ]
        );
    }
}
