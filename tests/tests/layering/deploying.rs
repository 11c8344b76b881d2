//! The folder of deploying: as the map shows it, in files and functions that can be read at once.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use piku_tests::piku::workspace;

/// The most lines of a file, its tests left out.
const LONGEST_FILE: usize = 250;
/// The most lines of a function.
const LONGEST_FUNCTION: usize = 60;

fn folder() -> Utf8PathBuf {
    workspace().join("crates/piku-core/src/deploy")
}

/// Every file of the folder but tests, with its code.
fn files() -> Vec<(Utf8PathBuf, String)> {
    let mut found = Vec::new();
    super::sources(&folder(), &mut found);
    found
}

/// What stands between backticks in the first column of the table of stages.
fn stages(map: &str) -> BTreeSet<String> {
    let table = map.split("| stage | does |").nth(1).unwrap().split("\n\n").next().unwrap();
    let first = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    first
        .flat_map(|cell| cell.split('`').step_by(2).map(str::to_owned))
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn the_table_of_stages_names_files_and_all_of_them() {
    let map = std::fs::read_to_string(workspace().join("ARCHITECTURE.md")).unwrap();
    let stages = stages(&map);
    let folders = ["", "plan", "source", "vassals"].map(|name| folder().join(name));
    let in_them = files().into_iter().filter(|(file, _)| {
        folders.iter().any(|folder| file.parent().is_some_and(|parent| parent == folder.as_path()))
    });
    let files: BTreeSet<String> = in_them.map(|(file, _)| file.file_stem().unwrap().to_owned()).collect();
    let gone: Vec<_> = stages.difference(&files).collect();
    assert!(stages.len() > 10 && gone.is_empty(), "no files: {gone:?}");
    // What is no stage: the folder itself, what goes from one stage to the next, and what stages have in common.
    let beside = ["mod", "order", "pipeline", "error", "cloudflare", "hosted", "procfile_path"]
        .map(str::to_owned)
        .into();
    let missing: Vec<_> =
        files.difference(&stages).filter(|file| !BTreeSet::contains(&beside, *file)).collect();
    assert!(missing.is_empty(), "not in the table: {missing:?}");
}

#[test]
fn the_calls_of_a_deploy_are_those_of_the_map() {
    let map = std::fs::read_to_string(workspace().join("ARCHITECTURE.md")).unwrap();
    let table = map.split("| call | does |").nth(1).unwrap().split("\n\n").next().unwrap();
    let named: Vec<&str> =
        table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(named.len(), 4);
    let pipeline = std::fs::read_to_string(folder().join("pipeline.rs")).unwrap();
    let at = |call: &&str| pipeline.find(&format!("{call}::{call}(")).unwrap_or_else(|| panic!("no {call}"));
    assert!(named.iter().map(at).is_sorted(), "another order than {named:?}");
}

#[test]
fn files_and_functions_are_short() {
    let mut long = Vec::new();
    for (file, code) in files() {
        let lines: Vec<&str> = code.lines().collect();
        if lines.len() > LONGEST_FILE {
            long.push(format!("{file}: {} lines", lines.len()));
        }
        for (start, line) in lines.iter().enumerate() {
            let begins = line.trim_start();
            let indent = &line[..line.len() - begins.len()];
            let is_function = ["fn ", "pub fn ", "pub(crate) fn ", "pub(super) fn "];
            if !is_function.iter().any(|word| begins.starts_with(word)) {
                continue;
            }
            let end = lines[start..].iter().position(|line| *line == format!("{indent}}}")).unwrap_or(0);
            if end + 1 > LONGEST_FUNCTION {
                long.push(format!("{file}:{}: a function of {} lines", start + 1, end + 1));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}
