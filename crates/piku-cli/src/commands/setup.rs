//! Commands for the machine: `setup`, `setup:ssh`, `emperor`.

use std::io::Read;
use std::process::ExitCode;

use piku_core::server::NginxWay;

use crate::error::CliError;
use crate::json::{self, Versioned};
use crate::session::Session;

/// How much of a file with keys is read, in bytes.
const LARGEST_KEYS: u64 = 1 << 20;

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
    let keys = session.piku.add_keys(&key_text(file)?)?;
    for key in &keys {
        let what = if key.new { "Added" } else { "Known already:" };
        session.ui.done(format_args!("{what} {} ({})", key.name, key.fingerprint));
    }
    if session.json {
        json::print(&Versioned::all(&keys), &session.ui);
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a file with keys; `-` is standard input.
pub(super) fn key_text(file: &str) -> Result<String, CliError> {
    let mut bytes = Vec::new();
    let read = if file == "-" {
        std::io::stdin().take(LARGEST_KEYS).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(LARGEST_KEYS).read_to_end(&mut bytes))
    };
    read.map_err(|source| CliError::Input { name: file.to_owned(), source })?;
    // A comment may have any bytes.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
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
