//! What changes the build key of an app, except Python's, and what does not.

use std::collections::BTreeSet;

use piku_runtime::{MemoryTree, Toolbox, Wishes};

use crate::given::{Files, equipped, planned, tree};
use crate::node_plans::{BUILT, NPM};

/// A change to the inputs of a build.
type Change = fn(&mut MemoryTree, &mut Toolbox, &mut Wishes);

fn key(files: Files<'_>, change: Change) -> String {
    let (mut tree, mut host, mut wishes) = (tree(files), equipped(), Wishes::default());
    change(&mut tree, &mut host, &mut wishes);
    planned(&tree, &host, &wishes).unwrap().unwrap().key.to_string()
}

fn put(tree: &mut MemoryTree, path: &str, text: &str) {
    *tree = std::mem::take(tree).with(path, text);
}

fn set(wishes: &mut Wishes, name: &str, value: &str) {
    wishes.settings.insert(name.to_owned(), value.to_owned());
}

fn update(host: &mut Toolbox, tool: &str, version: &str) {
    *host = std::mem::take(host).with_version(tool, version.parse().unwrap());
}

#[test]
fn packages_are_installed_again_when_what_decides_them_changes() {
    let changes: [Change; 8] = [
        |_, _, _| {},
        |tree, _, _| put(tree, "package-lock.json", "{ }"),
        |tree, _, _| put(tree, "package.json", "{ }"),
        |tree, _, _| put(tree, ".npmrc", "omit=dev\n"),
        |_, host, _| update(host, "node", "22.0.0"),
        |_, host, _| host.platform = "linux-aarch64-glibc".to_owned(),
        |_, _, wishes| set(wishes, "NODE_ENV", "production"),
        |_, _, wishes| set(wishes, "npm_config_registry", "https://npm.example.org"),
    ];
    let keys: BTreeSet<String> = changes.iter().map(|change| key(NPM, *change)).collect();
    assert_eq!(keys.len(), changes.len());
}

#[test]
fn packages_are_not_installed_again_for_anything_else() {
    let changes: [Change; 5] = [
        |tree, _, _| put(tree, "server.js", "changed"),
        |tree, _, _| *tree = std::mem::take(tree).with_tree_id("another"),
        |_, host, _| drop(host.tools.insert("npm".to_owned(), "/opt/npm".into())),
        |_, host, _| update(host, "go", "1.23.0"),
        |_, _, wishes| set(wishes, "SECRET", "another"),
    ];
    for change in changes {
        assert_eq!(key(NPM, |_, _, _| {}), key(NPM, change));
    }
}

#[test]
fn what_is_compiled_belongs_to_its_sources_and_its_settings() {
    let trees: [Files; 5] = [
        &[("Cargo.toml", ""), ("Cargo.lock", "")],
        &[("pom.xml", "")],
        &[("project.clj", "")],
        &[BUILT, ("package-lock.json", "{}")],
        &[("composer.json", r#"{"scripts": {"a": "b"}}"#)],
    ];
    for files in trees {
        let same = key(files, |_, _, _| {});
        assert_ne!(
            same,
            key(files, |tree, _, _| *tree = std::mem::take(tree).with_tree_id("another")),
            "{files:?}"
        );
        assert_ne!(
            same,
            key(files, |_, _, wishes| set(wishes, "API", "https://api.example.org")),
            "{files:?}"
        );
        assert_ne!(
            same,
            key(files, |_, _, wishes| set(wishes, "PORTAL", "https://example.org")),
            "{files:?}"
        );
        assert_eq!(same, key(files, |_, _, wishes| set(wishes, "PORT", "8000")), "{files:?}");
        assert_eq!(same, key(files, |_, _, wishes| set(wishes, "NGINX_SERVER_NAME", "a")), "{files:?}");
    }
}

#[test]
fn a_commit_with_the_same_files_finds_the_build_of_the_other() {
    let of = |commit: &str, tree_id: &str| {
        let tree = MemoryTree::new(commit).with_tree_id(tree_id).with("go.mod", "");
        planned(&tree, &equipped(), &Wishes::default()).unwrap().unwrap().key
    };
    assert_eq!(of("1", "t"), of("2", "t"));
    assert_ne!(of("1", "t"), of("1", "u"));
}

#[test]
fn go_looks_at_its_own_settings_only() {
    let files: Files = &[("go.mod", "")];
    let same = key(files, |_, _, _| {});
    assert_eq!(same, key(files, |_, _, wishes| set(wishes, "SECRET", "another")));
    assert_ne!(same, key(files, |_, _, wishes| set(wishes, "CGO_ENABLED", "0")));
    assert_ne!(same, key(files, |_, _, wishes| set(wishes, "GOFLAGS", "-tags=x")));
}
