//! Caches what programs say of themselves, for as long as the programs do not change.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;

use camino::Utf8Path;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::files;

/// The state of a program file; another one after an upgrade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProgramFile {
    modified: (i64, i64),
    size: u64,
}

impl ProgramFile {
    /// The state now. `None` for a script, which may run another program each time.
    pub(crate) fn of(program: &Utf8Path) -> Option<Self> {
        let mut file = File::open(program).ok()?;
        let mut magic = [0; 4];
        file.read_exact(&mut magic).ok()?;
        let now = file.metadata().ok()?;
        (magic == *b"\x7fELF").then(|| Self { modified: (now.mtime(), now.mtime_nsec()), size: now.size() })
    }

    /// A file that was changed since.
    #[cfg(test)]
    pub(crate) fn changed(self) -> Self {
        Self { size: self.size + 1, ..self }
    }
}

/// What is in a cache; `None` if it can't be read.
pub(crate) fn cached<T: DeserializeOwned>(cache: &Utf8Path) -> Option<T> {
    serde_json::from_slice(&files::read(cache).ok()??).ok()
}

/// Writes a cache. If it can't be written, the programs are asked again next time.
pub(crate) fn cache(cache: &Utf8Path, answers: &impl Serialize) {
    if let (Some(folder), Ok(text)) = (cache.parent(), serde_json::to_vec(answers)) {
        drop(files::make_folder(folder, 0o700).and_then(|()| files::write(cache, &text, 0o600)));
    }
}
