//! `LIVE_ENV`: the environment of the live release, written as settings are.

use std::collections::BTreeMap;

use super::{limits, quoting, stored};

/// Writes one line a variable, in the order of their keys. What no process could be given is left out.
#[must_use]
pub fn render(map: &BTreeMap<String, String>) -> String {
    let given = map.iter().filter(|(key, value)| limits::check(key, value).is_ok());
    given.map(|(key, value)| quoting::line(key, value) + "\n").collect()
}

/// Reads what [`render`] wrote, or as much of a file of another program as can be read.
#[must_use]
pub fn read(bytes: &[u8]) -> BTreeMap<String, String> {
    stored::read_pairs(bytes).collect()
}
