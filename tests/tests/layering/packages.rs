//! Each library can be published, with all that its page on crates.io shows.

use std::process::Command;

use piku_tests::piku::workspace;

/// Runs cargo on the workspace, offline, and gives what it printed.
#[track_caller]
fn cargo(words: &[&str]) -> String {
    run(Command::new(env!("CARGO")).args(words).arg("--offline").current_dir(workspace()))
}

#[track_caller]
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The packages that may be published, as cargo describes them.
fn published() -> Vec<serde_json::Value> {
    let metadata: serde_json::Value =
        serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version", "1"])).unwrap();
    let all = metadata["packages"].as_array().unwrap().iter();
    all.filter(|package| package["publish"].is_null()).cloned().collect()
}

#[test]
fn every_library_is_packaged_with_its_readme_and_licences() {
    let packages = published();
    let names: Vec<&str> = packages.iter().map(|package| package["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"piku-core") && !names.contains(&"piku-tests"), "{names:?}");
    for package in &packages {
        for field in ["description", "license", "readme", "rust_version"] {
            assert!(package[field].is_string(), "{}: no {field}", package["name"]);
        }
        for list in ["keywords", "categories"] {
            let count = package[list].as_array().unwrap().len();
            assert!((1..=5).contains(&count), "{}: {count} {list}", package["name"]);
        }
    }

    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().to_str().unwrap();
    let mut words = vec!["package", "--no-verify", "--allow-dirty", "--target-dir", target];
    words.extend(names.iter().flat_map(|name| ["--package", name]));
    cargo(&words);
    for package in &packages {
        let name = format!("{}-{}", package["name"].as_str().unwrap(), package["version"].as_str().unwrap());
        let archive = format!("{target}/package/{name}.crate");
        let files = run(Command::new("tar").args(["--list", "--gzip", "--file", &archive]));
        for file in ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "src/lib.rs"] {
            assert!(files.lines().any(|line| line == format!("{name}/{file}")), "{name}: no {file}");
        }
    }
}

/// What a package is built with, with these words for its features.
#[track_caller]
fn below(package: &str, features: &[&str]) -> Vec<String> {
    let words = ["tree", "--package", package, "--edges", "normal", "--depth", "1", "--prefix", "none"];
    let tree = cargo(&[&words, features].concat());
    tree.lines().skip(1).map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn reading_a_procfile_brings_no_clock_along() {
    assert_eq!(below("piku-procfile", &["--no-default-features"]), ["thiserror"]);
}

#[test]
fn a_build_is_planned_without_the_machine_unless_it_is_asked_for() {
    let system = "rustix".to_owned();
    assert!(!below("piku-runtime", &[]).contains(&system));
    assert!(below("piku-runtime", &["--features", "fs"]).contains(&system));
    let text = std::fs::read_to_string(workspace().join("crates/piku-runtime/src/lib.rs")).unwrap();
    assert!(text.contains("#[cfg(feature = \"fs\")]\nmod fs;\n"));
}
