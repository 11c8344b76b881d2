//! `config`, `config:get`, `config:live`.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::process::ExitCode;

use piku_core::settings::{Origin, live_env};
use piku_core::{AppName, ConfigEntry};

use crate::error::CliError;
use crate::json::{self, Versioned};
use crate::session::Session;

/// The longest line on a terminal.
const WIDTH: usize = 80;

/// How settings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One line each, below its origin.
    Lines,
    /// A JSON object of keys and values.
    Object,
    /// A JSON object for each.
    Objects,
}

impl Form {
    pub(super) fn of(json: bool, origin: bool) -> Self {
        match (json, origin) {
            (false, _) => Self::Lines,
            (true, false) => Self::Object,
            (true, true) => Self::Objects,
        }
    }
}

pub(super) fn config(
    app: &AppName,
    defaults: bool,
    form: Form,
    session: &Session,
) -> Result<ExitCode, CliError> {
    let entries = session.piku.config(app, defaults)?;
    match form {
        Form::Lines => {
            let width = std::io::stdout().is_terminal().then_some(WIDTH);
            for line in lines(&entries, width) {
                session.ui.data(format_args!("{line}"));
            }
        }
        Form::Object => {
            let pairs = entries.into_iter().map(|entry| (entry.key, entry.value));
            json::print(&Versioned::of_settings(pairs), &session.ui);
        }
        Form::Objects => json::print(&Versioned::all(&entries), &session.ui),
    }
    Ok(ExitCode::SUCCESS)
}

/// One line for each setting, those of one origin below its name. Without such lines, all are from `config:set`.
fn lines(entries: &[ConfigEntry], width: Option<usize>) -> Vec<String> {
    let has_heads = entries.iter().any(|entry| entry.origin != Origin::Stored);
    let mut lines = Vec::new();
    let mut origin = None;
    for entry in entries {
        if has_heads && origin != Some(entry.origin) {
            origin = Some(entry.origin);
            lines.push(format!("# {}", entry.origin));
        }
        lines.push(shortened(line(entry.key.clone(), entry.value.clone()), width));
    }
    lines
}

/// The setting as in the file of stored settings: a value that does not fit on a line is a JSON string.
fn line(key: String, value: String) -> String {
    live_env::render(&BTreeMap::from([(key, value)])).trim_end_matches('\n').to_owned()
}

/// A line that fits on a terminal, with the length of what it stands for.
fn shortened(line: String, width: Option<usize>) -> String {
    match width.filter(|width| line.chars().count() > *width) {
        None => line,
        Some(width) => {
            let note = format!("… ({} bytes)", line.len());
            line.chars().take(width - note.chars().count()).chain(note.chars()).collect()
        }
    }
}

pub(super) fn get(app: &AppName, key: &str, session: &Session) -> Result<ExitCode, CliError> {
    let entry = session.piku.config_get(app, key)?;
    if session.json {
        json::print(&Versioned::new(&entry), &session.ui);
        return Ok(ExitCode::SUCCESS);
    }
    session.ui.data(format_args!("{}", entry.value));
    session.ui.done(format_args!("`{key}` is from {}", entry.origin));
    Ok(ExitCode::SUCCESS)
}

pub(super) fn live(app: &AppName, session: &Session) -> Result<ExitCode, CliError> {
    let all = session.piku.config_live(app)?;
    if session.json {
        json::print(&Versioned::of_settings(all), &session.ui);
        return Ok(ExitCode::SUCCESS);
    }
    for (key, value) in all {
        session.ui.data(format_args!("{}", line(key, value)));
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn a_long_value_is_cut_on_a_terminal_and_nowhere_else() {
        let long = format!("KEY={}", "é".repeat(100));
        let cut = shortened(long.clone(), Some(80));
        assert_eq!(cut.chars().count(), 80);
        assert!(cut.starts_with("KEY=éé") && cut.ends_with("éé… (204 bytes)"), "{cut}");
        assert_eq!(shortened(long.clone(), None), long);
        assert_eq!(shortened("KEY=x".to_owned(), Some(80)), "KEY=x");
    }
}
