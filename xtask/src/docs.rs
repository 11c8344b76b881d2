//! `cargo xtask docs`: writes the parts of the documentation that come from the program itself.

use std::fs;

use piku_tests::piku::workspace;

use crate::{program, step};

/// Writes `docs/reference.md`: every command and every setting. A test of `piku-cli` fails if it is stale.
///
/// # Errors
///
/// When piku can't be built, or the file can't be written.
pub(crate) fn run() -> Result<(), String> {
    if !step::run("cargo build", &mut step::cargo(&["build", "--package", "piku-cli"])) {
        return Err("piku could not be built".to_owned());
    }
    let piku = program::target().join("debug/piku");
    let page = std::process::Command::new(&piku).arg("reference").output();
    let page = page.map_err(|error| format!("could not start {piku}: {error}"))?;
    let path = workspace().join("docs/reference.md");
    fs::write(&path, page.stdout).map_err(|error| format!("could not write {path}: {error}"))?;
    println!("    wrote {path}");
    Ok(())
}
