//! A deploy in two halves: prepared, and then live or discarded.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test looks at folders of its own")]

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use piku_core::{Actor, AppName, Piku, Root, Surroundings};

/// An app of files only, which needs no emperor, and a piku on a root of its own.
struct Machine {
    _folder: tempfile::TempDir,
    home: Utf8PathBuf,
    piku: Piku,
    app: AppName,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        // What `setup` makes, as far as an app of files needs it.
        std::fs::create_dir_all(home.join("root/apps")).unwrap();
        // An app of files starts neither.
        std::fs::create_dir(home.join("bin")).unwrap();
        for program in ["piku", "piku-launch"] {
            std::fs::write(home.join("bin").join(program), "").unwrap();
        }
        let surroundings = Surroundings::new("piku", &home, home.join("bin/piku"));
        let piku = Piku::new(Root::new(home.join("root")), surroundings);
        Self { _folder: folder, home, piku, app: "site".parse().unwrap() }
    }

    /// Prepares a version of the app.
    fn prepare(&self, page: &str) -> piku_core::PreparedDeploy<'_> {
        let site = self.home.join("site");
        std::fs::create_dir_all(site.join("public")).unwrap();
        std::fs::write(site.join("Procfile"), "static: public\n").unwrap();
        std::fs::write(site.join("public/index.html"), page).unwrap();
        self.piku.prepare_folder(&self.app, &site, &Actor::default(), &mut |_| {}).unwrap()
    }

    fn live_page(&self) -> Option<String> {
        std::fs::read_to_string(self.home.join("root/apps/site/public/index.html")).ok()
    }

    /// Every file of the root that tells of an app, but counts, which only ever go up, and what git keeps.
    fn files(&self) -> BTreeSet<Utf8PathBuf> {
        let mut found = BTreeSet::new();
        let root = self.home.join("root");
        for folder in ["apps", "data", "envs", "logs", "releases", "ports", "uwsgi-enabled", "nginx"] {
            below(&root.join(folder), &mut found);
        }
        found
    }
}

fn below(folder: &Utf8Path, found: &mut BTreeSet<Utf8PathBuf>) {
    for entry in folder.read_dir_utf8().into_iter().flatten().flatten() {
        // A spare tree is there to be filled again.
        if entry.file_name() == "spare" {
            continue;
        }
        found.insert(entry.path().to_owned());
        if entry.file_type().unwrap().is_dir() {
            below(entry.path(), found);
        }
    }
}

#[test]
fn a_first_deploy_that_is_discarded_leaves_no_app() {
    let machine = Machine::new();
    let before = machine.files();
    let prepared = machine.prepare("one");
    assert!(machine.home.join("root/releases/site/1/tree/public/index.html").is_file());
    assert_eq!(machine.live_page(), None);
    prepared.discard(&mut |_| {}).unwrap();
    assert_eq!(machine.files(), before);
    assert!(machine.piku.apps().unwrap().is_empty());
}

#[test]
fn what_is_discarded_changes_nothing_and_what_goes_live_everything() {
    let machine = Machine::new();
    let done = machine.prepare("one").go_live(&mut |_| {}).unwrap();
    assert_eq!((done.release, done.live, machine.live_page().as_deref()), (1, true, Some("one")));
    let before = machine.files();

    let prepared = machine.prepare("two");
    assert_eq!((prepared.release(), machine.live_page().as_deref()), (2, Some("one")));
    prepared.discard(&mut |_| {}).unwrap();
    assert_eq!(machine.files(), before);
    assert_eq!(machine.live_page().as_deref(), Some("one"));

    let done = machine.prepare("three").go_live(&mut |_| {}).unwrap();
    assert_eq!((done.release, machine.live_page().as_deref()), (3, Some("three")));
}
