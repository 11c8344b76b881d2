//! `setup --system`: turns this machine into a server, and back.

use std::process::ExitCode;

use camino::Utf8Path;
use piku_core::server::{Change, NginxWay, Server, Settled, undo};

use crate::args::Setup;
use crate::error::CliError;
use crate::session::Session;

pub(super) fn setup(args: &Setup, session: &Session) -> Result<ExitCode, CliError> {
    let surroundings = session.piku.surroundings();
    if args.undo {
        let (record, changes) = undo(surroundings, args.dry_run, &mut session.ui.events())?;
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
    if !settled.made {
        print(&settled.changes, session);
    } else if settled.changes.is_empty() {
        session.ui.done(format_args!("Nothing to change: this machine is set up"));
    } else {
        tell(&settled, session);
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints what would be done, one paragraph per step.
fn print(changes: &[Change], session: &Session) {
    if changes.is_empty() {
        session.ui.done(format_args!("Nothing to change: this machine is set up"));
    }
    for change in changes {
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
