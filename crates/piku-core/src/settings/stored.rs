//! `envs/<app>/ENV`: what `config:set` stored.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use piku_procfile::{Diagnostic, Severity};

use super::assignment::{self, Written, check_key};
use super::keys::SUGGESTIONS;
use super::limits::{self, InvalidSetting};
use super::lines::{self, Line};
use super::{keys, quoting};

/// The stored settings of an app: one line each, every value exactly as it was set.
///
/// Values are never expanded, neither when set nor when read. A value that does not fit on a line, such as one with a
/// newline or trailing white space, is written as `KEY@json="…"`; no key contains `@`. Comments, blank lines, and
/// the order of an existing file are preserved.
#[derive(Clone, Debug, Default)]
pub struct StoredSettings {
    entries: Vec<Entry>,
}

/// A line of the file.
#[derive(Clone, Debug)]
struct Entry {
    /// The line as written, without its line ending.
    text: String,
    setting: Option<Stored>,
}

/// The setting on a line.
#[derive(Clone, Debug)]
struct Stored {
    key: String,
    value: String,
    /// The bytes of the value in the file that was read; empty if set since.
    span: Range<usize>,
    /// The same for the key.
    key_span: Range<usize>,
}

impl StoredSettings {
    /// Parses the file; `None` if there is any error.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> (Option<Self>, Vec<Diagnostic>) {
        let (entries, mut diagnostics) = read_entries(bytes);
        let mut seen = BTreeSet::new();
        for setting in entries.iter().filter_map(|entry| entry.setting.as_ref()) {
            if !seen.insert(&setting.key) {
                let message = format!("`{}` is set again, and this line wins", setting.key);
                diagnostics.push(
                    Diagnostic::warning("env::duplicate-key", setting.key_span.clone(), message)
                        .with_help("remove the earlier line, or let the next `config:set` of the key do it"),
                );
            }
            diagnostics.extend(keys::second_look(
                &setting.key,
                setting.key_span.clone(),
                seen.len() < SUGGESTIONS,
            ));
        }
        diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
        let failed = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
        ((!failed).then_some(Self { entries }), diagnostics)
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.find(key).map(|setting| setting.value.as_str())
    }

    /// The keys, in the order of the file.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(key, _)| key)
    }

    /// Each key once, with its value, in the order of the lines in force.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut seen = BTreeSet::new();
        let settings = self.entries.iter().rev().filter_map(|entry| entry.setting.as_ref());
        let last: Vec<_> = settings.filter(|setting| seen.insert(&setting.key)).collect();
        last.into_iter().rev().map(|setting| (setting.key.as_str(), setting.value.as_str()))
    }

    /// Sets a key in place, or on a new line at the end.
    ///
    /// # Errors
    /// [`InvalidSetting`] if no process could be started with it.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), InvalidSetting> {
        limits::check(key, value)?;
        let setting = Stored { key: key.to_owned(), value: value.to_owned(), span: 0..0, key_span: 0..0 };
        let entry = Entry { text: quoting::line(key, value), setting: Some(setting) };
        match self.entries.iter().rposition(|entry| entry.sets(key)) {
            Some(at) if self.get(key) != Some(value) => self.entries[at] = entry,
            Some(_) => {}
            None => self.entries.push(entry),
        }
        self.keep_last(key);
        Ok(())
    }

    /// Checks that all settings together fit into the environment of a process.
    ///
    /// # Errors
    /// [`InvalidSetting::TooMuch`].
    pub fn check_size(&self) -> Result<(), InvalidSetting> {
        limits::check_together(self.iter())
    }

    /// Removes a key; `false` if it was not set.
    pub fn unset(&mut self, key: &str) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| !entry.sets(key));
        self.entries.len() < before
    }

    /// The span of a value in the file that was read; empty if set since.
    pub(super) fn span(&self, key: &str) -> Range<usize> {
        self.find(key).map_or(0..0, |setting| setting.span.clone())
    }

    fn find(&self, key: &str) -> Option<&Stored> {
        self.entries
            .iter()
            .rev()
            .filter_map(|entry| entry.setting.as_ref())
            .find(|setting| setting.key == key)
    }

    /// Removes earlier lines that set the same key, so that they can't take effect again.
    fn keep_last(&mut self, key: &str) {
        let last = self.entries.iter().rposition(|entry| entry.sets(key));
        let mut number = 0..;
        self.entries.retain(|entry| {
            let number = number.next();
            !entry.sets(key) || number == last
        });
    }
}

impl Entry {
    fn sets(&self, key: &str) -> bool {
        self.setting.as_ref().is_some_and(|setting| setting.key == key)
    }
}

impl fmt::Display for StoredSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.iter().try_for_each(|entry| writeln!(f, "{}", entry.text))
    }
}

/// Reads every valid line, as pairs in the order of the file.
pub(super) fn read_pairs(bytes: &[u8]) -> impl Iterator<Item = (String, String)> {
    let (entries, _) = read_entries(bytes);
    entries.into_iter().filter_map(|entry| entry.setting).map(|setting| (setting.key, setting.value))
}

fn read_entries(bytes: &[u8]) -> (Vec<Entry>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let mut entries = Vec::new();
    for line in lines::split(bytes, &mut diagnostics) {
        match read_setting(&line, &mut diagnostics) {
            Ok(setting) => entries.push(Entry { text: line.text.to_owned(), setting }),
            Err(diagnostic) => diagnostics.push(diagnostic),
        }
    }
    (entries, diagnostics)
}

fn read_setting(line: &Line<'_>, diagnostics: &mut Vec<Diagnostic>) -> Result<Option<Stored>, Diagnostic> {
    let Some(written) = assignment::read(line)? else { return Ok(None) };
    let Written { key, key_span, value, value_span, export, .. } = written;
    let (key, value) = match key.strip_suffix(quoting::SUFFIX) {
        Some(key) => (key, quoting::read(value, &value_span)?),
        None => (key, value.to_owned()),
    };
    check_key(key, &key_span)?;
    limits::check(key, &value).map_err(|error| match error {
        InvalidSetting::Nul { .. } => {
            Diagnostic::error("env::nul", value_span.clone(), error.to_string()).with_help(error.help())
        }
        _ => limits::too_long(key, value_span.clone()),
    })?;
    if let Some(span) = export {
        let message = format!("`export` is not needed: this sets `{key}`");
        diagnostics.push(Diagnostic::warning("env::export", span, message).with_help("remove `export`"));
    }
    let key_span = key_span.start..key_span.start + key.len();
    Ok(Some(Stored { key: key.to_owned(), value, span: value_span, key_span }))
}
