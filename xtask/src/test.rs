//! `cargo xtask test`: all that CI asks for.

use std::fs;

use crate::{prepare, program, step};

/// Runs every step, also after one that failed, and counts the tests.
///
/// # Errors
///
/// When a step failed.
pub(crate) fn run() -> Result<(), String> {
    prepare::prepare(prepare::For::Tests)?;
    prepare::tools();
    let mut failed = Vec::new();
    let mut step = |name: &'static str, done: bool| {
        if !done {
            failed.push(name);
        }
    };
    step("format", step::run("cargo fmt --check", &mut step::cargo(&["fmt", "--all", "--check"])));
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    step("clippy", step::run("cargo clippy", &mut step::cargo(&clippy)));
    let mut doc = step::cargo(&["doc", "--workspace", "--no-deps"]);
    step("doc", step::run("cargo doc", doc.env("RUSTDOCFLAGS", "-D warnings")));
    step("build", step::run("cargo build", &mut step::cargo(&["build", "--package", "piku-cli"])));

    let skipped = program::target().join("tests-skipped.txt");
    drop(fs::remove_file(&skipped));
    let mut tests = step::cargo(&["test", "--workspace", "--no-fail-fast"]);
    tests.env("PIKU_TESTS_SKIPPED", &skipped);
    if std::env::var_os("RUST_TEST_THREADS").is_none() {
        // Sessions mostly wait for others.
        tests.env("RUST_TEST_THREADS", "4");
    }
    let mut count = Count::default();
    step("test", step::watch("cargo test", &mut tests, |line| count.add(line)));

    let skipped = fs::read_to_string(&skipped).unwrap_or_default();
    println!();
    for line in skipped.lines() {
        println!("skipped: {line}");
    }
    count.skip(skipped.lines().count());
    println!("{} passed, {} failed, {} skipped", count.passed, count.failed, count.skipped);
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Count {
    /// Adds what a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; …` says.
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

    /// Tests that skipped themselves were counted as passed.
    fn skip(&mut self, tests: usize) {
        self.passed = self.passed.saturating_sub(tests);
        self.skipped += tests;
    }
}

#[cfg(test)]
mod tests {
    use super::Count;

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
