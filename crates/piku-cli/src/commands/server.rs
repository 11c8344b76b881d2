//! `setup --system`: turns this machine into a server, and back.

use std::process::ExitCode;

use camino::Utf8Path;
use piku_core::server::{Change, NginxWay, Server, Settled, undo};
use serde::Serialize;

use crate::args::Setup;
use crate::error::CliError;
use crate::json::{self, Versioned};
use crate::session::Session;

pub(super) fn setup(args: &Setup, session: &Session) -> Result<ExitCode, CliError> {
    let surroundings = session.piku.surroundings();
    if args.undo {
        let (record, changes) = undo(surroundings, args.dry_run, &mut session.ui.events())?;
        print_json(&changes, !args.dry_run, session);
        if args.dry_run {
            print(&changes, session);
        } else {
            let (user, home) = (&record.user, &record.home);
            session.ui.done(format_args!("This machine is no longer a piku server"));
            session.ui.done(format_args!(
                "User `{user}` and everything in `{home}` are still there; `userdel --remove {user}` removes both"
            ));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let settled = Server::settle(surroundings, args.nginx, args.dry_run, &mut session.ui.events())?;
    print_json(&settled.changes, settled.made, session);
    if !settled.made {
        print(&settled.changes, session);
    } else if settled.changes.is_empty() {
        session.ui.done(format_args!("Nothing to change: this machine is set up"));
    } else {
        tell(&settled, session);
    }
    Ok(ExitCode::SUCCESS)
}

/// What `--json` prints.
#[derive(Serialize)]
struct Shown {
    /// Whether the changes were made.
    made: bool,
    changes: Vec<String>,
}

fn print_json(changes: &[Change], made: bool, session: &Session) {
    if session.json {
        let changes = changes.iter().map(ToString::to_string).collect();
        json::print(&Versioned::new(Shown { made, changes }), &session.ui);
    }
}

/// Prints what would be done, one paragraph per step.
fn print(changes: &[Change], session: &Session) {
    if changes.is_empty() {
        session.ui.done(format_args!("Nothing to change: this machine is set up"));
    }
    for change in changes.iter().filter(|_| !session.json) {
        session.ui.line(format_args!("{change}"));
    }
}

fn tell(settled: &Settled, session: &Session) {
    let ui = &session.ui;
    if settled.turned_off_nginx {
        ui.done(format_args!(
            "nginx.service is off, since piku runs an nginx of its own; `piku setup --system --undo` turns it on again"
        ));
    }
    if settled.server.nginx == NginxWay::System {
        ui.done(format_args!("The system's nginx serves the sites, next to what it served before"));
    }
    if !settled.down.is_empty() {
        ui.done(format_args!("The server is set up, and not everything runs"));
    } else if settled.started {
        ui.done(format_args!("The server is ready"));
    } else {
        ui.done(format_args!("The server is ready, and starts with the machine"));
    }
    ui.done(format_args!("Next: `piku setup:ssh -` reads the public key of whoever may push"));
}

/// Writes the unit files that the package ships.
pub(super) fn units(folder: &Utf8Path) -> Result<ExitCode, CliError> {
    for unit in Server::of_package().units() {
        let path = folder.join(unit.name);
        std::fs::write(&path, unit.text).map_err(|source| CliError::Output { path, source })?;
    }
    Ok(ExitCode::SUCCESS)
}
