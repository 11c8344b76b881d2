//! `keys`, `keys:add`, `keys:remove`, and `keys:allow`.

use std::process::ExitCode;

use piku_core::access::{KeyName, Permission};
use piku_core::{AppName, KeyStatus};

use super::setup::key_text;
use crate::error::CliError;
use crate::json::{self, Versioned};
use crate::session::Session;
use crate::table::{Table, text};
use crate::times::Clock;

/// What a key is to be allowed: nothing given means everything.
pub(super) fn permission(apps: &[AppName], read_only: bool) -> Permission {
    if apps.is_empty() {
        Permission::Administrator
    } else {
        Permission::limited_to(apps.iter().cloned(), read_only)
    }
}

pub(super) fn list(session: &Session) -> Result<ExitCode, CliError> {
    let keys = session.piku.keys()?;
    if session.json {
        json::print(&Versioned::all(&keys), &session.ui);
        return Ok(ExitCode::SUCCESS);
    }
    if keys.is_empty() {
        session.ui.done(format_args!("No key yet; `keys:add NAME FILE` adds one"));
        return Ok(ExitCode::SUCCESS);
    }
    session.ui.table(&listed(&keys, &Clock::here()));
    for key in &keys {
        if let Some(problem) = &key.problem {
            session.ui.done(format_args!("`{}` may do nothing: {problem}", key.name));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A row for each key, with its fingerprint below.
fn listed(keys: &[KeyStatus], clock: &Clock) -> Table {
    let mut table = Table::new(&[text("NAME"), text("ADDED"), text("LAST USED"), text("MAY").at_least(16)]);
    let day = |time: Option<_>| time.map_or_else(|| "-".to_owned(), |time| clock.day(time));
    for key in keys {
        table.row([key.name.clone(), day(key.added), day(key.last_used), may(key)]);
        table.line(format!("  {} {}", key.fingerprint, key.kind));
    }
    table
}

/// What a key may do, in words.
fn may(key: &KeyStatus) -> String {
    let Some(apps) = &key.apps else { return key.may.clone() };
    let apps: Vec<&str> = apps.iter().map(AppName::as_str).collect();
    let apps = if apps.is_empty() { "no app".to_owned() } else { apps.join(", ") };
    if key.may == "read-only" { format!("{apps} (read-only)") } else { apps }
}

pub(super) fn add(
    name: &KeyName,
    file: &str,
    permission: &Permission,
    session: &Session,
) -> Result<ExitCode, CliError> {
    let key = session.piku.add_key(name, &key_text(file)?, permission)?;
    session.ui.done(format_args!("Added {} ({}): {}", key.name, key.fingerprint, may(&key)));
    if key.is_administrator() {
        session.ui.done(format_args!(
            "It may do everything on this server; `keys:allow {} APP…` limits it to apps",
            key.name
        ));
    }
    print(&key, session);
    Ok(ExitCode::SUCCESS)
}

/// Prints, with `--json`, the key after a change, or as it was before it was removed.
fn print(key: &KeyStatus, session: &Session) {
    if session.json {
        json::print(&Versioned::new(key), &session.ui);
    }
}

pub(super) fn remove(key: &str, session: &Session) -> Result<ExitCode, CliError> {
    let key = session.piku.remove_key(key)?;
    session.ui.done(format_args!("Removed {} ({})", key.name, key.fingerprint));
    session.ui.done(format_args!("What it has running now, such as `run` or `logs`, goes on until it ends"));
    print(&key, session);
    mind_the_last(session)
}

pub(super) fn allow(key: &str, permission: &Permission, session: &Session) -> Result<ExitCode, CliError> {
    let (before, after) = session.piku.allow_key(key, permission)?;
    let (was, is) = (may(&before), may(&after));
    if was == is {
        session.ui.done(format_args!("{}: {is}, as before", after.name));
    } else {
        session.ui.done(format_args!("{}: {is} (before: {was})", after.name));
    }
    print(&after, session);
    mind_the_last(session)
}

/// Says that no key is an administrator any more.
fn mind_the_last(session: &Session) -> Result<ExitCode, CliError> {
    if !session.piku.keys()?.iter().any(KeyStatus::is_administrator) {
        session.ui.warning(
            format_args!("no key is an administrator any more"),
            "on the server itself, `piku keys:add NAME FILE` adds one, and `piku keys:allow NAME --administrator` makes one",
        );
    }
    Ok(ExitCode::SUCCESS)
}
