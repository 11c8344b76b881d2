//! Files that the program itself writes for a package: manual, completions, units.

use std::fs;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use super::output;

/// Text files by name.
pub(super) type Files = Vec<(String, Vec<u8>)>;

/// All of them.
#[derive(Debug)]
pub(super) struct Pages {
    /// `piku.1`, `piku-apps.1`, …
    pub(super) manual: Files,
    /// The completion scripts of bash, zsh, and fish.
    pub(super) completions: [Vec<u8>; 3],
    /// The systemd units of the package.
    pub(super) units: Files,
}

impl Pages {
    /// Runs a program that was built for this machine.
    pub(super) fn read(program: &Utf8Path) -> Result<Self, String> {
        let ask = |words: &[&str]| output(Command::new(program).args(words));
        let mut manual = vec![("piku.1".to_owned(), ask(&["man"])?)];
        for command in String::from_utf8_lossy(&ask(&["man", "--list"])?).lines() {
            manual.push((format!("piku-{command}.1"), ask(&["man", command])?));
        }
        let completions =
            [ask(&["completions", "bash"])?, ask(&["completions", "zsh"])?, ask(&["completions", "fish"])?];
        Ok(Self { manual, completions, units: units(program)? })
    }
}

/// The units written by `piku units FOLDER`.
fn units(program: &Utf8Path) -> Result<Files, String> {
    let failed = |error: std::io::Error| format!("could not read the units of {program}: {error}");
    let folder = tempfile::tempdir().map_err(failed)?;
    output(Command::new(program).arg("units").arg(folder.path()))?;
    let mut files = Files::new();
    for entry in fs::read_dir(folder.path()).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let path =
            Utf8PathBuf::from_path_buf(path).map_err(|path| format!("a unit is named {}", path.display()))?;
        files.push((path.file_name().unwrap_or_default().to_owned(), fs::read(&path).map_err(failed)?));
    }
    files.sort();
    Ok(files)
}
