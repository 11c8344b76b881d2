//! `maintenance:on` and `maintenance:off`.

use std::process::ExitCode;

use piku_core::{AppName, MaintenanceChange, Network};
use serde::Serialize;

use crate::error::CliError;
use crate::json::{self, Versioned};
use crate::session::Session;

/// What `--json` prints.
#[derive(Serialize)]
struct Shown<'a> {
    app: &'a AppName,
    /// Whether it is on now.
    on: bool,
    /// Whether it was different before.
    changed: bool,
    since: Option<String>,
    allow: &'a [String],
    /// The file of the app that visitors see; piku's own page without one.
    page: Option<&'a str>,
}

fn show(app: &AppName, on: bool, done: &MaintenanceChange, session: &Session) {
    let current = done.maintenance.as_ref().filter(|_| on);
    let shown = Shown {
        app,
        on,
        changed: done.changed,
        since: current.map(|one| one.since.to_string()),
        allow: current.map_or(&[], |one| &one.allow),
        page: current.and_then(|one| one.page.as_deref()),
    };
    json::print(&Versioned::new(shown), &session.ui);
}

pub(super) fn on(app: &AppName, allow: &[Network], session: &Session) -> Result<ExitCode, CliError> {
    let done = session.piku.maintenance_on(app, allow, &session.actor, &mut session.ui.events())?;
    let Some(maintenance) = &done.maintenance else { return Ok(ExitCode::SUCCESS) };
    if session.json {
        show(app, true, &done, session);
        return Ok(ExitCode::SUCCESS);
    }
    if !done.changed {
        session.ui.done(format_args!("{app} is already under maintenance; nothing was changed"));
        return Ok(ExitCode::SUCCESS);
    }
    let page =
        maintenance.page.as_ref().map_or_else(|| "piku's own page".to_owned(), |page| format!("`{page}`"));
    let but = match maintenance.allow.as_slice() {
        [] => String::new(),
        allowed => format!(" except from {}", allowed.join(", ")),
    };
    session.ui.done(format_args!(
        "{app} is under maintenance: it answers with status 503 and {page}{but}; `maintenance:off {app}` ends it"
    ));
    Ok(ExitCode::SUCCESS)
}

pub(super) fn off(app: &AppName, session: &Session) -> Result<ExitCode, CliError> {
    let done = session.piku.maintenance_off(app, &session.actor, &mut session.ui.events())?;
    if session.json {
        show(app, false, &done, session);
    } else if done.changed {
        session.ui.done(format_args!("The maintenance of {app} is over: visitors reach it again"));
    } else {
        session.ui.done(format_args!("{app} is not under maintenance; nothing was changed"));
    }
    Ok(ExitCode::SUCCESS)
}
