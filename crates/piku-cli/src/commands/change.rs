//! Commands that change an app, and `run`.

use std::collections::BTreeSet;
use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;

use piku_core::{AppName, Done, Scale};

use super::settings;
use crate::changed;
use crate::error::CliError;
use crate::json::{self, Versioned};
use crate::session::Session;
use crate::surroundings;

/// Printed after a change of settings of an app that was never live.
pub(super) const KEPT: &str = "Kept for the next release";

/// Prints which release is live and where, or why none is.
pub(super) fn tell(app: &AppName, done: &Done, session: &Session) {
    let place =
        if done.addresses.is_empty() { String::new() } else { format!(": {}", done.addresses.join(" ")) };
    if done.live {
        session.ui.done(format_args!("Release {} of {app} is live{place}", done.release));
    } else if done.stopped {
        session
            .ui
            .done(format_args!("Release {} of {app} is ready; `start {app}` makes it live", done.release));
    } else {
        session.ui.done(format_args!(
            "Release {} of {app} is ready; PIKU_AUTO_RESTART is off, so `restart {app}` makes it live",
            done.release
        ));
    }
    changed::done(app, done, session);
}

/// Prints which release is live and where, or `otherwise` if the change made none.
pub(super) fn tell_or(app: &AppName, done: Option<&Done>, otherwise: &str, session: &Session) -> ExitCode {
    match done {
        Some(done) => tell(app, done, session),
        None => {
            session.ui.done(format_args!("{otherwise}"));
            changed::stored(app, true, None, session);
        }
    }
    ExitCode::SUCCESS
}

pub(super) fn config_set(app: &AppName, words: &[String], session: &Session) -> Result<ExitCode, CliError> {
    let given = settings::given(words, session)?;
    let done = session.piku.config_set(app, &given, &session.actor, &mut session.ui.events())?;
    session.ui.done(format_args!("Set {}", settings::lengths(&given)));
    Ok(tell_or(app, done.as_ref(), KEPT, session))
}

pub(super) fn create(app: &AppName, session: &Session) -> Result<ExitCode, CliError> {
    session.piku.create(app, &session.actor, &mut session.ui.events())?;
    changed::stored(app, true, None, session);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn rename(old: &AppName, new: &AppName, session: &Session) -> Result<ExitCode, CliError> {
    let done = session.piku.rename(old, new, &session.actor, &mut session.ui.events())?;
    session.ui.done(format_args!("{old} is called {new} now"));
    session.ui.done(format_args!("Tell git on your computer: `git remote set-url piku piku@<server>:{new}`"));
    if let Some(done) = done {
        tell(new, &done, session);
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn config_unset(app: &AppName, keys: &[String], session: &Session) -> Result<ExitCode, CliError> {
    let done = session.piku.config_unset(app, keys, &session.actor, &mut session.ui.events())?;
    Ok(tell_or(app, done.as_ref(), KEPT, session))
}

pub(super) fn scale(app: &AppName, changes: &[Scale], session: &Session) -> Result<ExitCode, CliError> {
    let mut kinds = BTreeSet::new();
    if let Some(twice) = changes.iter().find(|change| !kinds.insert(&change.kind)) {
        return Err(CliError::Usage(format!("`{}` is given more than one count", twice.kind)));
    }
    let done = session.piku.scale(app, changes, &session.actor, &mut session.ui.events())?;
    Ok(tell_or(app, done.as_ref(), "Kept for the next start: the app is stopped", session))
}

pub(super) fn deploy(app: &AppName, session: &Session) -> Result<ExitCode, CliError> {
    let done = session.piku.deploy(app, &session.actor, &mut session.ui.events())?;
    tell(app, &done, session);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn rollback(app: &AppName, release: Option<u32>, session: &Session) -> Result<ExitCode, CliError> {
    let done = session.piku.rollback(app, release, &session.actor, &mut session.ui.events())?;
    tell(app, &done, session);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn restart(app: &AppName, session: &Session) -> Result<ExitCode, CliError> {
    let done = session.piku.restart(app, &session.actor, &mut session.ui.events())?;
    tell(app, &done, session);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn start(app: &AppName, session: &Session) -> Result<ExitCode, CliError> {
    let done = session.piku.start(app, &session.actor, &mut session.ui.events())?;
    match &done {
        Some(done) => tell(app, done, session),
        None => {
            session.ui.done(format_args!("{app} is already running"));
            changed::stored(app, false, Some(false), session);
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn stop(app: &AppName, session: &Session) -> Result<ExitCode, CliError> {
    session.piku.stop(app, &session.actor, &mut session.ui.events())?;
    session.ui.done(format_args!("Stopped {app}; `start {app}` or a push starts it again"));
    changed::stored(app, true, Some(true), session);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn destroy(app: &AppName, force: bool, session: &Session) -> Result<ExitCode, CliError> {
    if !force {
        confirm(app)?;
    }
    let destroyed = session.piku.destroy(app, &session.actor, &mut session.ui.events())?;
    for path in &destroyed.removed {
        session.ui.done(format_args!("Removed {path}"));
    }
    for path in &destroyed.kept {
        session.ui.done(format_args!("Kept {path}"));
    }
    if session.json {
        json::print(&Versioned::new(&destroyed), &session.ui);
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks for the name of the app, on a terminal only.
fn confirm(app: &AppName) -> Result<(), CliError> {
    if !std::io::stdin().is_terminal() {
        return Err(CliError::NotAsked(app.clone()));
    }
    drop(write!(
        std::io::stderr(),
        "Type the name of the app to destroy it, its settings, and its releases: "
    ));
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    if read.is_ok() && answer.trim() == app.as_str() {
        return Ok(());
    }
    Err(CliError::NotConfirmed { app: app.clone(), answer: answer.trim().to_owned() })
}

pub(super) fn run(app: &AppName, command: &[String], session: &Session) -> Result<ExitCode, CliError> {
    match session.piku.become_command(app, command, &surroundings::terminal())? {}
}
