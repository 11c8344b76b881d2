//! What is moved, in real folders.

#![allow(clippy::disallowed_methods, reason = "tests look at a folder of their own")]

use camino::Utf8PathBuf;

use super::*;
use crate::deploy::source::written::Written;

#[test]
fn a_replaced_database_is_moved_with_its_own_journal_alone() {
    let folder = tempfile::tempdir().unwrap();
    let root = crate::root::Root::new(Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap());
    let app: AppName = "blog".parse().unwrap();
    let (clone, data) = (root.app(&app), root.data(&app));
    std::fs::create_dir_all(&clone).unwrap();
    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(clone.join("db"), "new").unwrap();
    std::fs::write(data.join("db"), "old").unwrap();
    std::fs::write(data.join("db-wal"), "of the old").unwrap();
    let what = Written { path: "db".into(), sort: Sort::File, size: 3, count: 0, tracked: false };
    let left = LeftTree::of(&root, &app, None, 1).unwrap();
    move_one(&left, &data, &rescued(&data, 1), &Move { what, at: "db".into(), again: true }).unwrap();
    assert_eq!(std::fs::read_to_string(clone.join("db")).unwrap(), "new");
    assert!(clone.join("db").is_symlink() && !data.join("db-wal").exists());
}
