//! Which crate may know which, and what libraries keep their hands off.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test reads the sources")]

mod circles;
mod codes;
mod deploying;
mod imports;
mod packages;
mod pure;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use piku_tests::piku::workspace;

const LEAVES: [&str; 4] = ["piku-nginx", "piku-procfile", "piku-runtime", "piku-uwsgi"];

/// Crates that touch the machine below the core; each may know leaves, and none another of them.
const HANDS: [&str; 3] = ["piku-acme", "piku-git", "piku-launch"];

/// Each package of the workspace, and those of its dependencies that are packages of it too; tests' own not counted.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--format-version", "1", "--offline"]).current_dir(workspace());
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let name = |value: &serde_json::Value| value["name"].as_str().unwrap().to_owned();
    let ours: BTreeSet<String> = packages.iter().map(name).collect();
    let below = |package: &serde_json::Value| {
        let all = package["dependencies"].as_array().unwrap().iter().filter(|one| one["kind"] != "dev");
        all.map(name).filter(|one| ours.contains(one)).collect()
    };
    packages.iter().map(|package| (name(package), below(package))).collect()
}

#[test]
fn arrows_go_down_only() {
    let arrows = arrows();
    for leaf in LEAVES {
        assert!(arrows[leaf].is_empty(), "{leaf} knows nothing of piku, not {:?}", arrows[leaf]);
    }
    for hand in HANDS {
        let leaves_alone = arrows[hand].iter().all(|below| LEAVES.contains(&below.as_str()));
        assert!(leaves_alone, "{hand} knows leaves alone, not {:?}", arrows[hand]);
    }
    let below_the_core = |below: &String| LEAVES.iter().chain(&HANDS).any(|known| known == below);
    assert!(arrows["piku-core"].iter().all(below_the_core), "{:?}", arrows["piku-core"]);
    assert_eq!(
        arrows["piku-cli"],
        BTreeSet::from(["piku-core".to_owned(), "piku-launch".to_owned()]),
        "the programs know the core and the launcher"
    );
    assert!(arrows["piku-tests"].is_empty(), "the tests look from outside");
}

/// The sources of the libraries, without their tests and examples.
fn library_sources() -> Vec<(Utf8PathBuf, String)> {
    let mut found = Vec::new();
    for library in LEAVES.iter().chain(&HANDS).chain(&["piku-core"]) {
        sources(&workspace().join("crates").join(library).join("src"), &mut found);
    }
    found
}

fn sources(folder: &Utf8Path, found: &mut Vec<(Utf8PathBuf, String)>) {
    for entry in folder.read_dir_utf8().unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            sources(entry.path(), found);
        } else if entry.path().extension() == Some("rs") && entry.file_name() != "tests.rs" {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
            found.push((entry.path().to_owned(), code));
        }
    }
}

/// Requires that no line of code, comments aside, holds one of the words.
#[track_caller]
fn nobody_says(words: &[&str], but: impl Fn(&Utf8Path) -> bool) {
    let mut found = Vec::new();
    for (file, code) in library_sources() {
        let lines = code.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
        for (number, line) in lines.filter(|_| !but(&file)) {
            found.extend(
                words
                    .iter()
                    .filter(|word| line.contains(*word))
                    .map(|word| format!("{file}:{}: {word}", number + 1)),
            );
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The part of a leaf that looks at the machine for whoever asks for its feature `fs`; see `packages`.
const LOOKS: &str = "/piku-runtime/src/fs/";

/// Questions about a file, and files that nobody asked for.
const QUESTIONS: [&str; 8] = [
    ".exists()",
    ".is_file()",
    ".is_dir()",
    ".is_symlink()",
    "metadata(",
    "read_link",
    "canonicalize",
    "tempfile",
];

/// The files of `piku-acme` that ask the network, the clock, and the system; all others decide.
const ASKS_AUTHORITIES: [&str; 4] = ["limits.rs", "lookout.rs", "transport.rs", "webroot.rs"];

fn touches_the_machine(file: &Utf8Path) -> bool {
    let below = |folder: &str| file.as_str().contains(folder);
    if below("/piku-acme/src/") {
        return file.file_name().is_some_and(|name| ASKS_AUTHORITIES.contains(&name));
    }
    below("/piku-core/src/host/") || below(LOOKS) || HANDS.iter().any(|hand| below(&format!("/{hand}/src/")))
}

#[test]
fn libraries_never_print_or_exit() {
    nobody_says(
        &["print!(", "println!(", "eprint!(", "eprintln!(", "dbg!(", "process::exit", "process::abort"],
        |_| false,
    );
}

#[test]
fn only_the_host_of_the_core_and_the_crates_for_it_touch_the_machine() {
    nobody_says(
        &[
            "std::env",
            "env::var",
            "std::fs",
            "fs::read",
            "fs::write",
            "File::open",
            "process::Command",
            "thread::sleep",
            "SystemTime::now",
            "Timestamp::now",
            "Instant::now",
            "rustix::",
        ],
        touches_the_machine,
    );
}

#[test]
fn leaves_are_pure() {
    // Not even a question about a file: whether it is there is a fact that a caller passes in.
    nobody_says(&QUESTIONS, |file| {
        let is_leaf = LEAVES.iter().any(|leaf| file.as_str().contains(&format!("/{leaf}/")));
        !is_leaf || file.as_str().contains(LOOKS)
    });
}

#[test]
fn a_leaf_that_may_look_changes_nothing_and_starts_nothing() {
    nobody_says(
        &[
            "fs::write",
            "File::create",
            "OpenOptions",
            "fs::remove",
            "fs::rename",
            "create_dir",
            "Command::new",
            "env::var",
        ],
        |file| !file.as_str().contains(LOOKS),
    );
}

#[test]
fn nothing_is_unsafe() {
    nobody_says(&["unsafe "], |_| false);
}

/// What is said in the name of a program is for that program to say: its name, its header, its paths.
#[test]
fn configuration_is_rendered_without_a_word_of_piku() {
    let mut found = Vec::new();
    for leaf in ["piku-nginx", "piku-uwsgi"] {
        let mut files = Vec::new();
        sources(&workspace().join("crates").join(leaf).join("src"), &mut files);
        for (file, text) in files {
            let text = text.replace(leaf, "").replace(&leaf.replace('-', "_"), "");
            found.extend(text.to_lowercase().contains("piku").then(|| file.to_string()));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
