//! What became of the names of apps that were renamed: `renamed/<old>`, which holds the new name.
//!
//! It refuses pushes to the old name, which would make another app. Until the old name is used again, links lead from the
//! old places of the app's data and builds to the new ones: settings or files may name them.

use camino::Utf8PathBuf;

use crate::app::AppName;
use crate::host::{HostError, files};
use crate::release::store;
use crate::root::Root;

/// How often an app may have been renamed since.
const MOST: usize = 100;

fn file(root: &Root, old: &AppName) -> Utf8PathBuf {
    root.renamed().join(old.as_str())
}

/// The name that the app has now which had this one; `None` if none had, or if it is gone.
pub(crate) fn now(root: &Root, old: &AppName) -> Result<Option<AppName>, HostError> {
    let mut name = old.clone();
    for _ in 0..MOST {
        let Some(text) = files::read_text(&file(root, &name))? else { break };
        let Ok(next) = text.trim().parse() else { break };
        name = next;
        if store::exists(root, &name) {
            return Ok((name != *old).then_some(name));
        }
    }
    Ok(None)
}

/// Records that `old` is called `new`.
pub(crate) fn record(root: &Root, old: &AppName, new: &AppName) -> Result<(), HostError> {
    forget(root, new)?;
    files::make_folder(&root.renamed(), 0o700)?;
    files::write(&file(root, old), new.as_str().as_bytes(), 0o600)
}

/// Makes a name free for an app of its own.
pub(crate) fn forget(root: &Root, name: &AppName) -> Result<(), HostError> {
    for place in left_behind(root, name) {
        if files::link_target(&place).is_some() {
            files::remove(&place)?;
        }
    }
    files::remove(&file(root, name))
}

/// The places from which links lead on.
pub(crate) fn left_behind(root: &Root, name: &AppName) -> [Utf8PathBuf; 2] {
    [root.data(name), root.env(name)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_name_leads_to_the_app_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap());
        let [a, b, c] = ["a", "b", "c"].map(|name| name.parse::<AppName>().unwrap());
        assert_eq!(now(&root, &a).unwrap(), None);
        record(&root, &a, &b).unwrap();
        assert_eq!(now(&root, &a).unwrap(), None, "it is gone");
        files::make_folder(&root.repo(&b), 0o700).unwrap();
        assert_eq!(now(&root, &a).unwrap(), Some(b.clone()));
        files::rename(&root.repo(&b), &root.repo(&c)).unwrap();
        record(&root, &b, &c).unwrap();
        assert_eq!(now(&root, &a).unwrap(), Some(c.clone()));
        // Back to the first name.
        files::rename(&root.repo(&c), &root.repo(&a)).unwrap();
        record(&root, &c, &a).unwrap();
        assert_eq!([now(&root, &a).unwrap(), now(&root, &b).unwrap()], [None, Some(a)]);
    }
}
