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
        |tree, _, _| put(tree, "package.json", r#"{"dependencies": {"a": "1"}}"#),
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
    let changes: [Change; 6] = [
        |tree, _, _| put(tree, "server.js", "changed"),
        |tree, _, _| put(tree, "package.json", r#"{ "scripts": {"start": "node server.js"} }"#),
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
fn packages_outlive_a_changed_tree_and_a_changed_build_script() {
    let packages = |files: Files<'_>, change: Change| {
        let (mut tree, mut host, mut wishes) = (tree(files), equipped(), Wishes::default());
        change(&mut tree, &mut host, &mut wishes);
        let plan = planned(&tree, &host, &wishes).unwrap().unwrap();
        (plan.key.to_string(), plan.packages.unwrap().key.to_string())
    };
    let node: Files = &[BUILT, ("package-lock.json", "{}")];
    let composer: Files = &[("composer.json", r#"{"scripts": {"a": "b"}}"#), ("composer.lock", "{}")];
    let same: [(Files, Change); 4] = [
        (node, |tree, _, _| *tree = std::mem::take(tree).with_tree_id("another")),
        (node, |tree, _, _| put(tree, "package.json", r#"{"scripts": {"build": "vite"}}"#)),
        (node, |_, _, wishes| set(wishes, "API", "https://api.example.org")),
        (composer, |tree, _, _| *tree = std::mem::take(tree).with_tree_id("another")),
    ];
    for (files, change) in same {
        let change = |tree: &mut MemoryTree, host: &mut Toolbox, wishes: &mut Wishes| {
            change(tree, host, wishes);
            // A changed file is another tree.
            *tree = std::mem::take(tree).with_tree_id("2");
        };
        let (mut new, mut host, mut wishes) = (tree(files), equipped(), Wishes::default());
        change(&mut new, &mut host, &mut wishes);
        let plan = planned(&new, &host, &wishes).unwrap().unwrap();
        let (key, of_packages) = packages(files, |_, _, _| {});
        assert_ne!(plan.key.to_string(), key);
        assert_eq!(plan.packages.unwrap().key.to_string(), of_packages, "{files:?}");
    }
    let (key, of_packages) = packages(node, |_, _, _| {});
    let (other, of_others) = packages(node, |tree, _, _| put(tree, "package-lock.json", "{ }"));
    assert!(key != other && of_packages != of_others);
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
