//! Checks what the keys may do.

use std::collections::BTreeSet;

use super::{Finding, error, warning};
use crate::host::{authorized_keys, key_records};
use crate::piku::Piku;

const ABOUT: &str = "keys";

impl Piku {
    /// Limits that can't be read, that name something that is not there, or that something else goes around.
    pub(super) fn odd_keys(&self) -> Vec<Finding> {
        let file = authorized_keys::read(&self.surroundings).unwrap_or_default();
        let (path, keys) = (authorized_keys::path(&self.surroundings), self.keys().unwrap_or_default());
        let mut found = Vec::new();
        for key in &keys {
            let name = &key.name;
            if let Some(problem) = &key.problem {
                let fix =
                    format!("`piku keys:allow {name} APP…`, or `piku keys:allow {name} --administrator`");
                found.push(error(ABOUT, format!("the key `{name}` may do nothing: {problem}"), fix));
            }
            for app in key.apps.iter().flatten().filter(|app| !self.is_app(app)) {
                let what = format!("the key `{name}` is limited to `{app}`, which is not an app");
                found.push(warning(ABOUT, what, format!("name its apps with `piku keys:allow {name} APP…`")));
            }
            let around = file.entries().into_iter().find(|entry| {
                entry.fingerprint.as_ref() == Some(&key.fingerprint)
                    && !authorized_keys::is_ours(entry, &self.root)
            });
            if let Some(entry) = around.filter(|_| !key.is_administrator()) {
                let line = entry.at + 1;
                let what =
                    format!("the key `{name}` is limited, but line {line} of `{path}` lets it in anyway");
                found.push(error(ABOUT, what, "remove that line, which is not piku's"));
            }
        }
        let known: BTreeSet<&String> = keys.iter().map(|key| &key.fingerprint).collect();
        for record in key_records::all(&self.root).unwrap_or_default() {
            if !known.contains(&record.fingerprint) {
                let what = format!("the key `{}` is recorded, but not in `{path}`", record.name);
                let fix = format!("`rm {}`", key_records::path(&self.root, &record.fingerprint));
                found.push(warning(ABOUT, what, fix));
            }
        }
        found
    }
}
