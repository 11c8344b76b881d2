//! The folders of roots, layers, and running servers.

use std::env;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};

use super::Debian;

/// The folder of everything for booted servers: `PIKU_TESTS_SERVERS`, or `target/servers`.
pub(crate) fn servers() -> Utf8PathBuf {
    let named = env::var("PIKU_TESTS_SERVERS").ok();
    named.map_or_else(|| crate::piku::workspace().join("target/servers"), Utf8PathBuf::from)
}

/// The folder of a release's roots and layers.
pub(crate) fn of(debian: Debian) -> Utf8PathBuf {
    let folder = servers().join(debian.codename());
    fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{folder} can't be made: {error}"));
    folder
}

/// Waits for the lock of this file, which is held until the value is dropped.
pub(crate) fn lock(path: &Utf8Path) -> File {
    let file = File::options().create(true).append(true).open(path);
    let file = file.unwrap_or_else(|error| panic!("{path} can't be opened: {error}"));
    file.lock().unwrap_or_else(|error| panic!("{path} can't be locked: {error}"));
    file
}

/// A short name for this content.
pub(crate) fn stamp(content: &impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("{:08x}", hasher.finish() >> 32)
}

/// Prints progress, even if the output of tests is captured.
pub(crate) fn tell(text: &str) {
    drop(writeln!(io::stderr(), "    {text}"));
}

/// Runs one step of making something, and prints how long it took.
///
/// # Panics
///
/// When it fails, with its output.
pub(crate) fn step(what: &str, command: &mut Command) {
    tell(&format!("{what} …"));
    let begin = Instant::now();
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{what}: {command:?} can't be started: {error}"));
    let said = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    };
    assert!(
        output.status.success(),
        "{what}: {command:?} failed:\n{}\n{}",
        said(&output.stdout),
        said(&output.stderr)
    );
    tell(&format!("{what}: {:.1} s", begin.elapsed().as_secs_f64()));
}
