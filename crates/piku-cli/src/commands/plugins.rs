//! Plugins: their commands, and the process that tells them of events.

use std::ffi::OsString;
use std::io::Read;
use std::process::ExitCode;

use clap::error::ErrorKind;
use piku_core::server::Server;
use piku_core::{PluginCommand, process};

use crate::args::Cli;
use crate::error::CliError;
use crate::session::Session;
use crate::surroundings;

/// Reads a command line that clap could not read as a command of a plugin, `NAME:WORD …`, if there is such a plugin.
pub(super) fn read(words: &[OsString], error: clap::Error) -> Result<Cli, clap::Error> {
    let asked = || words.first()?.to_str()?.parse::<PluginCommand>().ok();
    let Some(command) = asked().filter(|_| error.kind() == ErrorKind::InvalidSubcommand) else {
        return Err(error);
    };
    let here = surroundings::piku(None).has_plugin(&command);
    if !here && !Server::here().is_some_and(|server| surroundings::piku(Some(&server)).has_plugin(&command)) {
        return Err(error);
    }
    // All that follows is for the plugin, whatever it looks like.
    let before = ["plugin".to_owned(), command.to_string(), "--".to_owned()].map(OsString::from);
    let all: Vec<OsString> = before.into_iter().chain(words.iter().skip(1).cloned()).collect();
    Cli::read(&all)
}

pub(super) fn run(
    command: &PluginCommand,
    words: &[String],
    session: &Session,
) -> Result<ExitCode, CliError> {
    match session.piku.become_plugin(command, words) {
        Ok(never) => match never {},
        Err(error) => Err(error.into()),
    }
}

/// Tells plugins of the event on standard input, in a session that outlives the one of whoever started this.
pub(super) fn notify(session: &Session) -> Result<ExitCode, CliError> {
    process::begin_session();
    let mut notice = String::new();
    let failed = |source| CliError::Input { name: "standard input".to_owned(), source };
    std::io::stdin().read_to_string(&mut notice).map_err(failed)?;
    session.piku.deliver(&notice, &mut session.ui.events_folded(false))?;
    Ok(ExitCode::SUCCESS)
}
