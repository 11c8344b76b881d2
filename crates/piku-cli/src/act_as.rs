//! Acting as the user whom everything belongs to: on a server, root and whoever may use `sudo` need not think of it.

use std::collections::BTreeMap;
use std::ffi::OsString;

use piku_core::host::{self, HostError};
use piku_core::server::{Record, Server};

use crate::args::Command;
use crate::surroundings;

/// Becomes the user of this server where root asks, or has `sudo` do so for one of its group. Gives the server that was
/// switched to; `None` where the one who asks is whom everything belongs to, or where this is no server.
///
/// `PIKU_ROOT` in the environment names a root, and is taken at its word.
pub(crate) fn owner(command: &mut Command, words: &[OsString]) -> Result<Option<Record>, HostError> {
    if concerns_nobody(command) || surroundings::names_root() {
        return Ok(None);
    }
    let Some(user) = host::account().map(|(name, _)| name) else { return Ok(None) };
    if !host::is_root() && surroundings::has_root() {
        return Ok(None);
    }
    let Some(server) = Server::here().filter(|server| server.user != user) else { return Ok(None) };
    if host::is_root() {
        hold_input(command)?;
        host::become_user(&server.user, &server.home)?;
        return Ok(Some(server));
    }
    if host::may_use_sudo() {
        let program = surroundings::program();
        let sudo = ["sudo", "--set-home", "--user", &server.user, "--", program.as_str()].map(OsString::from);
        let words: Vec<OsString> = sudo.into_iter().chain(words.iter().cloned()).collect();
        match host::launch::become_program(&words, &BTreeMap::new())? {}
    }
    Ok(None)
}

/// Commands that touch nothing of a root, or the whole machine.
fn concerns_nobody(command: &Command) -> bool {
    match command {
        Command::Setup(setup) => setup.system,
        Command::Check { .. }
        | Command::Completions { .. }
        | Command::Man { .. }
        | Command::Reference
        | Command::Units { .. } => true,
        _ => false,
    }
}

/// Opens the file of a command while we still may, and lets the command read it from its input.
fn hold_input(command: &mut Command) -> Result<(), HostError> {
    if let Command::SetupSsh { file } = command
        && file != "-"
    {
        host::read_from(file)?;
        *file = "-".to_owned();
    }
    Ok(())
}
