//! `cargo xtask test`: everything that CI runs.

use std::fs;
use std::thread;

use piku_tests::booted::{self, Debian};
use piku_tests::machine::Need;
use piku_tests::piku::workspace;

use crate::slowest;
use crate::{prepare, program, server, step};

/// The tests that start servers, which `--quick` leaves out.
const WITH_SERVERS: [&str; 2] = ["sessions", "servers"];

/// Runs every step, even after a failure, and counts the tests.
///
/// # Errors
///
/// When a step failed.
pub(crate) fn run(quick: bool) -> Result<(), String> {
    prepare::prepare(prepare::For::Tests)?;
    prepare::tools();
    let mut failed = Vec::new();
    let mut step = |name: &'static str, done: bool| {
        if !done && !failed.contains(&name) {
            failed.push(name);
        }
    };
    // Optimizing the whole program keeps one core busy for minutes. Cargo locks debug and release builds apart.
    let package = (!quick).then(|| thread::spawn(server::build_package));
    step("format", step::run("cargo fmt --check", &mut step::cargo(&["fmt", "--all", "--check"])));
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    step("clippy", step::run("cargo clippy", &mut step::cargo(&clippy)));
    let bare = ["check", "--package", "piku-procfile", "--no-default-features"];
    step("features", step::run("cargo check without features", &mut step::cargo(&bare)));
    let mut doc = step::cargo(&["doc", "--workspace", "--no-deps"]);
    step("doc", step::run("cargo doc", doc.env("RUSTDOCFLAGS", "-D warnings")));
    step("build", step::run("cargo build", &mut step::cargo(&["build", "--package", "piku-cli"])));

    let skipped = program::target().join("tests-skipped.txt");
    drop(fs::remove_file(&skipped));
    let times = program::target().join("tests-times.txt");
    drop(fs::remove_file(&times));
    if let Some(package) = package {
        let tests = ["test", "--workspace", "--no-run"];
        step("build", step::run("cargo test --no-run", &mut step::cargo(&tests)));
        let built = package.join().unwrap_or_else(|_| Err("making the package panicked".to_owned()));
        step("package", built.inspect_err(|why| eprintln!("error: {why}")).is_ok());
        prepare_servers();
    }
    let mut count = Count::default();
    if !quick && Need::Booted.missing().is_none() {
        let nginx = booted::nginx_of(Debian::Trixie);
        let mut tests = step::cargo(&["test", "--package", "piku-nginx", "--test", "nginx"]);
        let name = "the tests of piku-nginx, with the nginx of Debian 13";
        step("test", step::watch(name, tests.env("PIKU_TESTS_NGINX", nginx), |line| count.add(line)));
    }
    for words in words(quick) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut tests = step::cargo(&words);
        tests.env("PIKU_TESTS_SKIPPED", &skipped).env("PIKU_TESTS_TIMES", &times);
        if std::env::var_os("RUST_TEST_THREADS").is_none() {
            // Sessions spend most of their time waiting.
            tests.env("RUST_TEST_THREADS", "6");
        }
        let name = format!("cargo {}", words.join(" "));
        step("test", step::watch(&name, &mut tests, |line| count.add(line)));
    }

    let skipped = fs::read_to_string(&skipped).unwrap_or_default();
    println!();
    slowest::show(&fs::read_to_string(&times).unwrap_or_default());
    for line in skipped.lines() {
        println!("skipped: {line}");
    }
    count.skip(skipped.lines().count());
    println!("{} passed, {} failed, {} skipped", count.passed, count.failed, count.skipped);
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
}

/// The cargo commands that run the tests: one for all; or, if `quick`, one for the program's and one for the quick
/// ones of the tests' own package.
fn words(quick: bool) -> Vec<Vec<String>> {
    let words = |text: &str| text.split(' ').map(ToOwned::to_owned).collect::<Vec<_>>();
    if !quick {
        return vec![words("test --workspace --no-fail-fast")];
    }
    let mut own = words("test --no-fail-fast --package piku-tests --lib");
    let entries = workspace().join("tests/tests").read_dir_utf8().into_iter().flatten().flatten();
    // As cargo finds them: a file, or a folder with `main.rs`.
    let targets = entries
        .filter(|entry| entry.path().extension() == Some("rs") || entry.path().join("main.rs").is_file());
    let names = targets.map(|entry| entry.file_name().trim_end_matches(".rs").to_owned());
    for name in names.filter(|name| !WITH_SERVERS.contains(&name.as_str())) {
        own.extend(["--test".to_owned(), name]);
    }
    vec![words("test --workspace --exclude piku-tests --no-fail-fast"), own]
}

/// Makes what booted servers share, if possible, so that no test has to wait for it.
///
/// The package is installed by the tests: if that fails, a test fails, and the others still run.
fn prepare_servers() {
    if let Some(why) = Need::Booted.missing() {
        println!("without booted servers: {why}");
        return;
    }
    step::announce("making the roots of booted servers, where there are none yet");
    Debian::ALL.into_iter().for_each(booted::prepare);
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Count {
    /// Adds the counts of a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    fn add(&mut self, line: &str) {
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for part in counts.split("; ") {
            let Some((number, what)) = part.split_once(' ') else { continue };
            let Ok(number) = number.parse::<usize>() else { continue };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }

    /// Corrects the count for tests that skipped themselves, which cargo counts as passed.
    fn skip(&mut self, tests: usize) {
        self.passed = self.passed.saturating_sub(tests);
        self.skipped += tests;
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{Count, words};

    #[test]
    fn quick_names_tests_that_cargo_knows() {
        let mut metadata = Command::new(env!("CARGO"));
        let output = metadata.args(["metadata", "--no-deps", "--offline", "--format-version=1"]).output();
        let metadata: serde_json::Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
        let packages = metadata["packages"].as_array().unwrap();
        let own = packages.iter().find(|package| package["name"] == "piku-tests").unwrap();
        let known: Vec<&str> = own["targets"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|target| target["kind"][0] == "test")
            .filter_map(|target| target["name"].as_str())
            .collect();
        let quick = words(true).pop().unwrap();
        let named: Vec<&String> =
            quick.windows(2).filter(|two| two[0] == "--test").map(|two| &two[1]).collect();
        assert!(!named.is_empty());
        for name in named {
            assert!(known.contains(&name.as_str()), "no test target `{name}`: {known:?}");
        }
    }

    #[test]
    fn the_lines_of_all_programs_are_summed() {
        let mut count = Count::default();
        for line in [
            "running 4 tests",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.20s",
        ] {
            count.add(line);
        }
        count.skip(4);
        assert_eq!(count, Count { passed: 9, failed: 2, skipped: 5 });
    }
}
