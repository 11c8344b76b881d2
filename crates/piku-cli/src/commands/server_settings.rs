//! `server`, `server:set`, `server:unset`.

use std::process::ExitCode;

use piku_core::{ServerChange, ServerEntry, ServerOrigin};

use super::settings;
use crate::error::CliError;
use crate::json::{self, Versioned};
use crate::session::Session;
use crate::table::wrapped;

/// How many apps are named.
const NAMED: usize = 5;
/// The width of a line.
const WIDTH: usize = 80;

pub(super) fn server(session: &Session) -> Result<ExitCode, CliError> {
    let entries = session.piku.server()?;
    if session.json {
        json::print(&Versioned::all(&entries), &session.ui);
        return Ok(ExitCode::SUCCESS);
    }
    for entry in entries.iter().filter(|entry| !entry.for_apps) {
        print(entry, session);
    }
    for (at, entry) in entries.iter().filter(|entry| entry.for_apps).enumerate() {
        if at == 0 {
            session.ui.data(format_args!(""));
            session.ui.line(format_args!("Defaults for apps:"));
        }
        print(entry, session);
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints a setting with its origin, and below it what it does.
fn print(entry: &ServerEntry, session: &Session) {
    let origin = match entry.origin {
        ServerOrigin::Environment => "environment",
        ServerOrigin::Server => "server:set",
        _ if entry.value.is_none() => "not set",
        _ => "default",
    };
    let value = match &entry.value {
        None if entry.origin == ServerOrigin::Server => "(secret)",
        None => "",
        Some(value) => value,
    };
    session.ui.line(format_args!("{:<60} {origin}", format!("{}={value}", entry.key)));
    for line in wrapped(&entry.meaning, WIDTH - 4) {
        session.ui.line(format_args!("    {line}"));
    }
}

pub(super) fn set(words: &[String], session: &Session) -> Result<ExitCode, CliError> {
    let given = settings::given(words, session)?;
    let change = session.piku.server_set(&given, &session.actor, &mut session.ui.events())?;
    session.ui.done(format_args!("Set {}", settings::lengths(&given)));
    tell(&change, session);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn unset(keys: &[String], session: &Session) -> Result<ExitCode, CliError> {
    let change = session.piku.server_unset(keys, &session.actor, &mut session.ui.events())?;
    session.ui.done(format_args!("Removed {}", keys.join(", ")));
    tell(&change, session);
    Ok(ExitCode::SUCCESS)
}

/// Says which apps the change does not concern yet, and prints them with `--json`.
fn tell(change: &ServerChange, session: &Session) {
    if session.json {
        json::print(&Versioned::new(change), &session.ui);
    }
    let apps = &change.at_next_deploy;
    let Some(first) = apps.first() else { return };
    let mut names = apps.iter().take(NAMED).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if apps.len() > NAMED {
        names = format!("{names}, and {} more", apps.len() - NAMED);
    }
    session.ui.done(format_args!("Defaults of {names} change at the next deploy, such as `deploy {first}`"));
}
