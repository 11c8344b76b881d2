//! Paths that outlive releases, in real folders.

#![allow(clippy::disallowed_methods, reason = "tests look at a folder of their own")]

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
    link(
        &Surroundings::of_tests(&data),
        &Places { tree: &one, data: &data, live: None, release: &data },
        &paths,
    )
    .unwrap();
    std::fs::write(one.join("uploads/cat.png"), "cat").unwrap();
    std::fs::write(one.join("var/db.sqlite3"), "rows").unwrap();
    assert!(one.join("cache").is_dir());
    link(
        &Surroundings::of_tests(&data),
        &Places { tree: &two, data: &data, live: Some(&one), release: &data },
        &paths,
    )
    .unwrap();
    assert_eq!(std::fs::read_to_string(two.join("uploads/cat.png")).unwrap(), "cat");
    assert_eq!(std::fs::read_to_string(data.join("var/db.sqlite3")).unwrap(), "rows");
    assert!(data.join("uploads/.gitkeep").exists());
}

#[test]
fn what_the_live_release_has_written_before_is_taken_along() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
    for name in ["live/uploads", "new/uploads", "data", "release"] {
        std::fs::create_dir_all(at(name)).unwrap();
    }
    std::fs::write(at("live/uploads/cat.png"), "cat").unwrap();
    let (live, new, data, release) = (at("live"), at("new"), at("data"), at("release"));
    let places = Places { tree: &new, data: &data, live: Some(&live), release: &release };
    link(&Surroundings::of_tests(&data), &places, &["uploads".to_owned()]).unwrap();
    assert_eq!(std::fs::read_to_string(new.join("uploads/cat.png")).unwrap(), "cat");
    undo(&release).unwrap();
    assert!(!data.join("uploads").exists());
    assert_eq!(std::fs::read_to_string(live.join("uploads/cat.png")).unwrap(), "cat");
    undo(&release).unwrap();
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
    let places = Places { tree: &tree, data: &data, live: None, release: &data };
    let refused =
        link(&Surroundings::of_tests(&data), &places, &["a/authorized_keys".to_owned()]).unwrap_err();
    assert_eq!(refused.to_string(), "`a/authorized_keys` can't be kept: a link is in its way");
    assert_eq!(std::fs::read_to_string(at("ssh/authorized_keys")).unwrap(), "mine");
}
