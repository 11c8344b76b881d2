//! Keeps the static files that were collected for a release, for later releases that have the same.

use camino::Utf8Path;

use super::{HostError, files, placing};

/// The path in the tree where the files belong; empty if there are none.
const WHERE: &str = "where";
/// The files.
const FILES: &str = "files";
/// How many collections are kept beside each other.
const KEEP: usize = 3;

/// Places the files of the collection `kept` into the tree. Returns whether there is such a collection; it may be one
/// without files.
pub(crate) fn place(kept: &Utf8Path, tree: &Utf8Path) -> Result<bool, HostError> {
    let Some(to) = files::read_text(&kept.join(WHERE))? else { return Ok(false) };
    if !to.is_empty() {
        placing::place(&kept.join(FILES), &tree.join(to))?;
    }
    Ok(true)
}

/// Keeps a folder of the tree as the collection `kept`, or that there are no files. The collection becomes complete by
/// a rename; the oldest ones beside it are removed.
pub(crate) fn keep(kept: &Utf8Path, from: Option<(&Utf8Path, &Utf8Path)>) -> Result<(), HostError> {
    let half = kept.with_extension("half");
    files::remove_folder(&half)?;
    files::make_folder(&half, 0o755)?;
    if let Some((tree, folder)) = from {
        placing::place(&tree.join(folder), &half.join(FILES))?;
    }
    let folder = from.map_or("", |(_, folder)| folder.as_str());
    files::write(&half.join(WHERE), folder.as_bytes(), 0o600)?;
    files::remove_folder(kept)?;
    files::rename(&half, kept)?;
    prune(kept.parent().unwrap_or(kept))
}

fn prune(folder: &Utf8Path) -> Result<(), HostError> {
    let mut names: Vec<String> = files::names(folder)?.into_iter().collect();
    names.sort_by_key(|name| std::cmp::Reverse(files::modified(&folder.join(name))));
    names.iter().skip(KEEP).try_for_each(|name| files::remove_folder(&folder.join(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_few_collections_are_kept_and_each_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let top = Utf8Path::from_path(folder.path()).unwrap();
        std::fs::create_dir_all(top.join("one/static")).unwrap();
        std::fs::write(top.join("one/static/a.css"), "a").unwrap();
        let at = |number: usize| top.join(format!("collected/{number}"));
        assert!(!place(&at(0), top).unwrap());
        for number in 0..5 {
            keep(&at(number), Some((&top.join("one"), Utf8Path::new("static")))).unwrap();
        }
        let names: Vec<String> = files::names(&top.join("collected")).unwrap().into_iter().collect();
        assert!(names.len() == KEEP && names.contains(&"4".to_owned()), "{names:?}");
        assert!(place(&at(4), &top.join("two")).unwrap());
        assert_eq!(std::fs::read_to_string(top.join("two/static/a.css")).unwrap(), "a");

        keep(&at(5), None).unwrap();
        assert!(place(&at(5), &top.join("three")).unwrap() && !top.join("three").exists());
    }
}
