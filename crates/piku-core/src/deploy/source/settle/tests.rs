//! What a crash leaves, in real folders.

#![allow(clippy::disallowed_methods, reason = "tests look at a folder of their own")]

use std::os::unix::fs::symlink;

use camino::Utf8PathBuf;

use super::*;

struct Fixture {
    _folder: tempfile::TempDir,
    root: Root,
    app: AppName,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new(Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap());
    let app: AppName = "blog".parse().unwrap();
    for path in [root.tree(&app, 1), root.data(&app), root.env(&app)] {
        std::fs::create_dir_all(path).unwrap();
    }
    Fixture { _folder: folder, root, app }
}

impl Fixture {
    fn tree(&self, name: &str) -> Utf8PathBuf {
        self.root.tree(&self.app, 1).join(name)
    }

    fn data(&self, name: &str) -> Utf8PathBuf {
        self.root.data(&self.app).join(name)
    }

    /// Stores that `db` is being moved.
    fn begin(&self) {
        let place = Place::Data { at: "db".into(), moving_from: Some(1) };
        Persisted([("db".into(), place)].into()).save(&self.root, &self.app).unwrap();
    }

    /// Settles, and gives the contents of the database and of its journal where they are found by their path.
    fn settled(&self) -> (String, String) {
        settle(&self.root, &self.app).unwrap();
        let real = self.tree("db").canonicalize_utf8().unwrap();
        let journal = real.with_file_name("db-wal");
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        (read(self.tree("db")), read(journal))
    }
}

#[test]
fn a_database_is_with_its_journal_whatever_step_a_crash_came_before() {
    let rows = ("rows".to_owned(), "more".to_owned());
    for step in 0..5 {
        let it = fixture();
        std::fs::write(it.tree("db"), "rows").unwrap();
        std::fs::write(it.tree("db-wal"), "more").unwrap();
        it.begin();
        if step > 0 {
            std::fs::hard_link(it.tree("db-wal"), it.data("db-wal")).unwrap();
        }
        match step {
            2 => symlink(it.data("db"), it.data("db")).unwrap(),
            // On a file system that can't exchange names.
            3 => std::fs::rename(it.tree("db"), it.data("db")).unwrap(),
            4 => {
                std::fs::rename(it.tree("db"), it.data("db")).unwrap();
                symlink(it.data("db"), it.tree("db")).unwrap();
            }
            _ => {}
        }
        for _ in 0..2 {
            assert_eq!(it.settled(), rows, "step {step}");
        }
        assert_eq!(it.data("db-wal").exists(), step >= 3, "step {step}");
    }
}
