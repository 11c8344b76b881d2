//! `keys`, `keys:add`, `keys:remove`, and `keys:allow`.

use std::process::ExitCode;

use piku_core::access::{KeyName, Permission};
use piku_core::{AppName, KeyStatus};

use super::list::print_json;
use super::setup::key_text;
use crate::error::CliError;
use crate::json::Versioned;
use crate::session::Session;
use crate::table;

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
        print_json(&Versioned::all(&keys), session);
        return Ok(ExitCode::SUCCESS);
    }
    if keys.is_empty() {
        session.ui.done(format_args!("No key yet; `keys:add NAME FILE` adds one"));
        return Ok(ExitCode::SUCCESS);
    }
    let head = ["NAME", "ADDED", "LAST USED", "MAY"].map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> = keys.iter().map(row).collect();
    let lines = table::lines(&[&[head][..], &rows].concat());
    session.ui.line(format_args!("{}", lines[0]));
    for (line, key) in lines[1..].iter().zip(&keys) {
        session.ui.line(format_args!("{line}"));
        session.ui.line(format_args!("  {} {}", key.fingerprint, key.kind));
        if let Some(problem) = &key.problem {
            session.ui.done(format_args!("`{}` may do nothing: {problem}", key.name));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn row(key: &KeyStatus) -> Vec<String> {
    let day = |time: Option<&dyn ToString>| {
        time.map_or_else(|| "-".to_owned(), |time| time.to_string().chars().take(10).collect())
    };
    vec![
        key.name.clone(),
        day(key.added.as_ref().map(|time| time as &dyn ToString)),
        day(key.last_used.as_ref().map(|time| time as &dyn ToString)),
        may(key),
    ]
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
        print_json(&Versioned::new(key), session);
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
