//! The records of keys, and when each was last used: `keys/` below the root.

use std::time::{Duration, SystemTime};

use camino::Utf8PathBuf;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{HostError, files};
use crate::access::KeyRecord;
use crate::root::Root;

/// A key that was used so recently need not be noted again.
const RECENTLY: Duration = Duration::from_secs(10);

/// The file name of a key: a fingerprint may have a `/`.
fn digest(fingerprint: &str) -> String {
    Sha256::digest(fingerprint).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where the record of a key is.
pub(crate) fn path(root: &Root, fingerprint: &str) -> Utf8PathBuf {
    root.key_record(&digest(fingerprint))
}

/// Reads the record of a key; `None` if it has none.
pub(crate) fn read(root: &Root, fingerprint: &str) -> Result<Option<KeyRecord>, HostError> {
    let path = path(root, fingerprint);
    let Some(text) = files::read(&path)? else { return Ok(None) };
    let damaged = |source| HostError::Damaged { path: path.clone(), source };
    let record: KeyRecord = serde_json::from_slice(&text).map_err(damaged)?;
    if record.fingerprint != fingerprint {
        return Err(damaged(serde::de::Error::custom("it is the record of another key")));
    }
    Ok(Some(record))
}

/// Every record that can be read.
pub(crate) fn all(root: &Root) -> Result<Vec<KeyRecord>, HostError> {
    let names = files::names(&root.keys())?;
    let read = |name: &String| serde_json::from_slice(&files::read(&root.keys().join(name)).ok()??).ok();
    Ok(names.iter().filter(|name| name.ends_with(".json")).filter_map(read).collect())
}

/// Writes the record of a key.
pub(crate) fn write(root: &Root, record: &KeyRecord) -> Result<(), HostError> {
    files::make_folder(&root.keys(), 0o700)?;
    let path = path(root, &record.fingerprint);
    let text =
        serde_json::to_vec(record).map_err(|source| HostError::Damaged { path: path.clone(), source })?;
    files::write(&path, &text, 0o600)
}

/// Removes all that is kept about a key.
pub(crate) fn remove(root: &Root, fingerprint: &str) -> Result<(), HostError> {
    files::remove(&root.key_used(&digest(fingerprint)))?;
    files::remove(&path(root, fingerprint))
}

/// Notes that a key is used now.
pub(crate) fn note_use(root: &Root, fingerprint: &str) -> Result<(), HostError> {
    let path = root.key_used(&digest(fingerprint));
    let now = SystemTime::now();
    let age = files::modified(&path).and_then(|last| now.duration_since(last).ok());
    if age.is_some_and(|age| age < RECENTLY) {
        return Ok(());
    }
    if !root.keys().is_dir() {
        files::make_folder(&root.keys(), 0o700)?;
    }
    let file = files::open_to_lock(&path)?;
    file.set_modified(now).map_err(HostError::file("write", &path))
}

/// When a key was last used.
pub(crate) fn last_used(root: &Root, fingerprint: &str) -> Option<Timestamp> {
    files::modified(&root.key_used(&digest(fingerprint)))?.try_into().ok()
}
