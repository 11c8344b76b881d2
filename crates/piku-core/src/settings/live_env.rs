//! `LIVE_ENV`: the environment of the live release, in the same format as stored settings.

use std::collections::BTreeMap;

use super::{limits, quoting, stored};

/// Writes one line per variable, ordered by key. Leaves out variables that a process can't be started with.
#[must_use]
pub fn render(map: &BTreeMap<String, String>) -> String {
    let given = map.iter().filter(|(key, value)| limits::check(key, value).is_ok());
    given.map(|(key, value)| quoting::line(key, value) + "\n").collect()
}

/// Reads what [`render`] wrote. Skips lines it can't read, which another program may have written.
#[must_use]
pub fn read(bytes: &[u8]) -> BTreeMap<String, String> {
    stored::read_pairs(bytes).collect()
}
