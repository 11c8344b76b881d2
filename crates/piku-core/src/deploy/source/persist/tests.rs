//! Paths that outlive releases, in real folders.

#![allow(clippy::disallowed_methods, reason = "tests look at a folder of their own")]

use super::*;

/// Begins and links one path after another.
fn persist(data: &Utf8Path, tree: &Utf8Path, release: &Utf8Path, paths: &[&str]) -> Result<(), DeployError> {
    let places = Places { tree, data, release };
    begin(&Surroundings::of_tests(data), &places, paths.iter().map(|path| (*path, false)))?;
    for path in paths {
        link(tree, Path::new(path), data.join(path).as_std_path(), InTheWay::Removed)?;
    }
    Ok(())
}

#[test]
fn a_path_begins_as_what_is_in_the_commit_and_then_outlives_trees() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
    for name in ["one/uploads", "two", "data"] {
        std::fs::create_dir_all(at(name)).unwrap();
    }
    std::fs::write(at("one/uploads/.gitkeep"), "").unwrap();
    let paths = ["uploads", "var/db.sqlite3", "cache"];
    let (one, two, data) = (at("one"), at("two"), at("data"));
    persist(&data, &one, &data, &paths).unwrap();
    std::fs::write(one.join("uploads/cat.png"), "cat").unwrap();
    std::fs::write(one.join("var/db.sqlite3"), "rows").unwrap();
    assert!(one.join("cache").is_dir());
    persist(&data, &two, &data, &paths).unwrap();
    assert_eq!(std::fs::read_to_string(two.join("uploads/cat.png")).unwrap(), "cat");
    assert_eq!(std::fs::read_to_string(data.join("var/db.sqlite3")).unwrap(), "rows");
    assert!(data.join("uploads/.gitkeep").exists());
}

#[test]
fn a_folder_of_which_a_part_is_kept_already_gets_the_rest_of_the_commit() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
    for name in ["tree/pages/deep", "data/pages", "release"] {
        std::fs::create_dir_all(at(name)).unwrap();
    }
    for (name, text) in [
        ("tree/pages/home", "home"),
        ("tree/pages/deep/x", "x"),
        ("tree/pages/new", "commit"),
        ("data/pages/new", "app"),
    ] {
        std::fs::write(at(name), text).unwrap();
    }
    let (tree, data, release) = (at("tree"), at("data"), at("release"));
    let places = Places { tree: &tree, data: &data, release: &release };
    let begin = |has_parts| begin(&Surroundings::of_tests(&data), &places, [("pages", has_parts)]).unwrap();
    begin(false);
    assert!(!data.join("pages/home").exists(), "what is in the data alone counts");
    begin(true);
    let read = |name: &str| std::fs::read_to_string(data.join("pages").join(name)).unwrap();
    assert_eq!(["home", "deep/x", "new"].map(read), ["home", "x", "app"]);
    undo(&release).unwrap();
    assert!(!data.join("pages/home").exists() && data.join("pages/new").exists());
}

#[test]
fn the_first_copies_of_a_refused_release_go() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
    for name in ["new/uploads", "data", "release"] {
        std::fs::create_dir_all(at(name)).unwrap();
    }
    persist(&at("data"), &at("new"), &at("release"), &["uploads"]).unwrap();
    assert!(at("data/uploads").is_dir());
    for _ in 0..2 {
        undo(&at("release")).unwrap();
        assert!(!at("data/uploads").exists());
    }
}

#[test]
fn what_is_in_the_way_of_a_link_is_moved_if_it_must_not_be_lost() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
    std::fs::create_dir_all(at("tree/var")).unwrap();
    std::fs::write(at("tree/var/db"), "old").unwrap();
    let (tree, rescued, target) = (at("tree"), at("rescued"), at("data/db"));
    let put = |in_the_way| link(&tree, Path::new("var/db"), target.as_std_path(), in_the_way).unwrap();
    put(InTheWay::Kept);
    assert!(!tree.join("var/db").is_symlink());
    put(InTheWay::MovedTo(rescued.as_std_path()));
    assert_eq!(files::link_target(&tree.join("var/db")), Some(target.clone()));
    assert_eq!(std::fs::read_to_string(rescued.join("var/db")).unwrap(), "old");
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
    let refused = persist(&at("data"), &at("tree"), &at("data"), &["a/authorized_keys"]).unwrap_err();
    assert_eq!(refused.to_string(), "`a/authorized_keys` can't be kept: a link is in its way");
    assert_eq!(std::fs::read_to_string(at("ssh/authorized_keys")).unwrap(), "mine");
}
