//! `lock` and `unlock`.

use std::process::ExitCode;

use piku_core::{AppName, DeployLock};
use serde::Serialize;

use crate::error::CliError;
use crate::json::{self, Versioned};
use crate::session::Session;

/// What `--json` prints.
#[derive(Serialize)]
struct Shown<'a> {
    app: &'a AppName,
    /// Whether it is locked now.
    locked: bool,
    /// Whether it was different before.
    changed: bool,
    /// The lock that it has or had.
    lock: Option<&'a DeployLock>,
}

pub(super) fn lock(app: &AppName, reason: &str, session: &Session) -> Result<ExitCode, CliError> {
    let reason = Some(reason.trim()).filter(|reason| !reason.is_empty());
    let lock = session.piku.lock_deploys(app, reason, &session.actor, &mut session.ui.events())?;
    if session.json {
        let shown = Shown { app, locked: true, changed: true, lock: Some(&lock) };
        json::print(&Versioned::new(shown), &session.ui);
    } else {
        session.ui.done(format_args!(
            "{app} is locked: deploys are refused; restarts go on; `unlock {app}` allows deploys again"
        ));
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn unlock(app: &AppName, session: &Session) -> Result<ExitCode, CliError> {
    let lock = session.piku.unlock_deploys(app, &session.actor, &mut session.ui.events())?;
    if session.json {
        let shown = Shown { app, locked: false, changed: lock.is_some(), lock: lock.as_ref() };
        json::print(&Versioned::new(shown), &session.ui);
    } else if let Some(lock) = lock {
        session.ui.done(format_args!("{app} can be deployed again; it was locked {}", lock.described()));
    } else {
        session.ui.done(format_args!("{app} is not locked; nothing was changed"));
    }
    Ok(ExitCode::SUCCESS)
}
