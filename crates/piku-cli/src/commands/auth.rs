//! `auth`, `auth:add`, and `auth:remove`.

use std::process::ExitCode;

use piku_core::{AppName, SiteUsers, UserName};

use super::input;
use crate::error::CliError;
use crate::json::{self, Versioned};
use crate::session::Session;

pub(super) fn list(app: &AppName, session: &Session) -> Result<ExitCode, CliError> {
    let users = session.piku.users(app)?;
    if session.json {
        json::print(&Versioned::new(&users), &session.ui);
        return Ok(ExitCode::SUCCESS);
    }
    for user in &users.users {
        session.ui.line(format_args!("{user}"));
    }
    tell(app, &users, session);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn add(app: &AppName, user: &UserName, session: &Session) -> Result<ExitCode, CliError> {
    // Before anybody types a password for nothing.
    session.piku.users(app)?;
    let password = input::password(user.as_str(), session)?;
    let users = session.piku.add_user(app, user, &password, &session.actor, &mut session.ui.events())?;
    if users.was_there == Some(true) {
        session.ui.done(format_args!("Changed the password of `{user}` for {app}"));
    } else {
        session.ui.done(format_args!("Added `{user}` to the users of {app}"));
    }
    tell(app, &users, session);
    print(&users, session);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn remove(app: &AppName, user: &UserName, session: &Session) -> Result<ExitCode, CliError> {
    let users = session.piku.remove_user(app, user, &session.actor, &mut session.ui.events())?;
    session.ui.done(format_args!("Removed `{user}` from the users of {app}"));
    tell(app, &users, session);
    print(&users, session);
    Ok(ExitCode::SUCCESS)
}

/// Prints, with `--json`, the users after a change.
fn print(users: &SiteUsers, session: &Session) {
    if session.json {
        json::print(&Versioned::new(users), &session.ui);
    }
}

/// Says what is surprising about the users of a site.
fn tell(app: &AppName, users: &SiteUsers, session: &Session) {
    match (users.asked, users.users.is_empty()) {
        (true, true) => session.ui.done(format_args!(
            "{app} has no users, so nobody gets in; `auth:add {app} USER` adds one, and `config:set {app} NGINX_BASIC_AUTH=false` opens it"
        )),
        (false, false) => session.ui.done(format_args!(
            "{app} asks nobody for a password yet; `config:set {app} NGINX_BASIC_AUTH=true` makes it ask"
        )),
        (false, true) => session.ui.done(format_args!("{app} has no users, and asks nobody for a password")),
        (true, false) => {}
    }
}
