//! Whoever embeds `piku-runtime` plans a build of a folder with the tools of the machine.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test makes a folder, and may fail")]

#[path = "../examples/build_plan.rs"]
mod build_plan;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use build_plan::described;
use camino::{Utf8Path, Utf8PathBuf};

/// A source tree, and a machine with npm and a Node.js that says its version.
fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let top = Utf8Path::from_path(folder.path()).unwrap().to_owned();
    for (file, text) in [
        ("app/package.json", r#"{"scripts": {"build": "vite build"}}"#),
        ("app/package-lock.json", "{}"),
        ("bin/node", "#!/bin/sh\necho v20.11.1\n"),
        ("bin/npm", "#!/bin/sh\nexit 1\n"),
    ] {
        fs::create_dir_all(top.join(file).parent().unwrap()).unwrap();
        fs::write(top.join(file), text).unwrap();
        fs::set_permissions(top.join(file), fs::Permissions::from_mode(0o755)).unwrap();
    }
    (folder, top)
}

fn plan_of(commit: &str, top: &Utf8Path) -> String {
    described(top.join("app").as_str(), commit, top.join("bin").as_str()).unwrap()
}

#[test]
fn an_embedder_prints_the_build_of_a_folder() {
    let (_folder, top) = folder();
    let text = plan_of("1ee8373", &top).replace(top.as_str(), "$TOP");
    let (plan, key) = text.rsplit_once("key ").unwrap();
    let packages = plan.split_once("packages, key ").unwrap().1.split_once(',').unwrap().0;
    let plan = plan.replace(packages, "$PACKAGES_KEY");
    assert!(key.len() > 8, "{text}");
    insta::assert_snapshot!(plan, @r#"
    Node.js
      because package-lock.json locks the packages
    packages, key $PACKAGES_KEY, unless they are there
      (copy package-lock.json to $BUILD/work)
      (write $BUILD/work/package.json)
      [$BUILD/work] npm_config_cache=$CACHE/npm $TOP/bin/npm ci --no-audit --no-fund --include=dev
    (copy the tree to $BUILD/work)
    (copy $PACKAGES/work/node_modules to $BUILD/work/node_modules)
    [$BUILD/work] npm_config_cache=$CACHE/npm $TOP/bin/npm run build
    then PATH begins with $TREE/node_modules/.bin
    "#);
}

#[test]
fn the_key_is_that_of_what_decides_the_build() {
    let (_folder, top) = folder();
    let first = plan_of("1ee8373", &top);
    assert_eq!(plan_of("1ee8373", &top), first);
    assert_ne!(plan_of("4f2a90c", &top), first, "the whole tree goes into the script `build`");
    fs::write(top.join("app/package.json"), "{}").unwrap();
    let packages = plan_of("1ee8373", &top);
    assert_eq!(plan_of("4f2a90c", &top), packages);
    fs::write(top.join("app/package-lock.json"), r#"{"packages": {}}"#).unwrap();
    assert_ne!(plan_of("1ee8373", &top), packages);
}

#[test]
fn a_missing_tool_is_an_error_that_names_it() {
    let (_folder, top) = folder();
    fs::remove_file(top.join("bin/npm")).unwrap();
    let error = described(top.join("app").as_str(), "1ee8373", top.join("bin").as_str()).unwrap_err();
    assert!(error.to_string().contains("npm"), "{error}");
}
