//! Commands for the machine: `setup`, `setup:ssh`, `emperor`.

use std::io::Read;
use std::process::ExitCode;

use piku_core::server::NginxWay;

use crate::error::CliError;
use crate::json::{self, Versioned};
use crate::session::Session;

pub(super) fn setup(nginx: Option<NginxWay>, session: &Session) -> Result<ExitCode, CliError> {
    let prepared = session.piku.setup(nginx, &mut session.ui.events())?;
    session.ui.done(format_args!("{} is ready; uWSGI is {}", prepared.root, prepared.uwsgi));
    session.ui.done(format_args!("Next: `piku setup:ssh FILE` adds a key, and `piku emperor` runs the apps"));
    if session.json {
        json::print(&Versioned::new(&prepared), &session.ui);
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn ssh(file: &str, session: &Session) -> Result<ExitCode, CliError> {
    let mut text = String::new();
    let read = if file == "-" {
        std::io::stdin().read_to_string(&mut text).map(drop)
    } else {
        std::fs::read_to_string(file).map(|read| text = read)
    };
    read.map_err(|source| CliError::Input { name: file.to_owned(), source })?;
    let keys = session.piku.add_keys(&text)?;
    for key in &keys {
        let what = if key.new { "Added" } else { "Known already:" };
        session.ui.done(format_args!("{what} {} ({})", key.name, key.fingerprint));
    }
    if session.json {
        json::print(&Versioned::all(&keys), &session.ui);
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn emperor(stop: bool, session: &Session) -> Result<ExitCode, CliError> {
    if stop {
        session.piku.stop_emperor();
        return Ok(ExitCode::SUCCESS);
    }
    match session.piku.become_emperor()? {}
}

pub(super) fn repair(session: &Session) -> Result<ExitCode, CliError> {
    session.piku.repair_all(&mut session.ui.events())?;
    Ok(ExitCode::SUCCESS)
}
