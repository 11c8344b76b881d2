//! The log of an app's last build, with every line of its tools.

use std::fs::{File, OpenOptions};
use std::io::Write;

use camino::{Utf8Path, Utf8PathBuf};
use piku_launch::Times;

use super::{HostError, files};

/// The largest size of the log, in bytes. When it is full it begins again, so that the end is kept: it says why a build
/// failed.
const LARGEST: u64 = 2 * 1024 * 1024;

/// The log of one build; 600. Failing to write it fails nothing.
#[derive(Debug)]
pub(crate) struct BuildLog {
    path: Utf8PathBuf,
    file: File,
    times: Times,
    largest: u64,
}

impl BuildLog {
    /// Begins a log, in place of that of the build before.
    pub(crate) fn begin(path: &Utf8Path) -> Result<Self, HostError> {
        files::write(path, b"", 0o600)?;
        let file = OpenOptions::new().append(true).open(path).map_err(HostError::file("write", path))?;
        Ok(Self { path: path.to_owned(), file, times: Times::of(path), largest: LARGEST })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Writes a line.
    pub(crate) fn line(&mut self, line: &str) {
        let end = self.file.metadata().map_or(0, |found| found.len());
        let is_full = end > self.largest;
        if is_full {
            drop(self.file.set_len(0));
        }
        self.times.note(if is_full { 0 } else { end });
        let left_out = if is_full { "… earlier lines are left out\n" } else { "" };
        drop(self.file.write_all(format!("{left_out}{line}\n").as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_log_has_the_last_build_alone_and_its_end_whatever_its_length() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("build.log")).unwrap();
        BuildLog::begin(&path).unwrap().line("an earlier build");
        let mut log = BuildLog::begin(&path).unwrap();
        log.largest = 1000;
        (0..500).for_each(|number| log.line(&format!("line {number}")));
        let text = std::fs::read_to_string(log.path()).unwrap();
        assert!(text.starts_with("… earlier lines are left out\nline "), "{text}");
        assert!(text.ends_with("line 498\nline 499\n") && text.len() < 1100, "{text}");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
