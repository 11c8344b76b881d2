//! Acting as the user whom everything belongs to: on a server, root and whoever may use `sudo` need not think of it.

use std::collections::BTreeMap;
use std::ffi::OsString;

use piku_core::host::{self, HostError};
use piku_core::server::{Record, Server};

use crate::args::Command;
use crate::surroundings;

/// Why nobody acts as the user of the server.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ActAsError {
    /// The machine says why.
    #[error(transparent)]
    Host(#[from] HostError),
    /// Whoever asks may not.
    #[error("the apps of this server belong to the user `{owner}`, and `{user}` may not act as that")]
    Stranger {
        /// Whose they are.
        owner: String,
        /// Who asks.
        user: String,
    },
}

impl ActAsError {
    /// What to do now.
    pub(crate) fn help(&self) -> Option<String> {
        match self {
            Self::Host(_) => None,
            Self::Stranger { .. } => Some(
                "root may, and whoever may use sudo; for apps of your own, `PIKU_ROOT=FOLDER piku setup` makes a root"
                    .to_owned(),
            ),
        }
    }
}

/// Becomes the user of this server where root asks, or has `sudo` do so for one of its group. Gives the server that was
/// switched to; `None` where the one who asks is whom everything belongs to or has a root, or where this is no server.
///
/// `PIKU_ROOT` in the environment names a root, and is taken at its word.
pub(crate) fn owner(command: &mut Command, words: &[OsString]) -> Result<Option<Record>, ActAsError> {
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
        let words = held(command, words)?;
        let program = surroundings::program();
        let sudo = ["sudo", "--set-home", "--user", &server.user, "--", program.as_str()].map(OsString::from);
        let words: Vec<OsString> = sudo.into_iter().chain(words).collect();
        match host::launch::become_program(&words, &BTreeMap::new())? {}
    }
    // A root in the home folder is asked for in so many words.
    if matches!(command, Command::Setup(_)) {
        Ok(None)
    } else {
        Err(ActAsError::Stranger { owner: server.user, user })
    }
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

/// The words of a command whose file is held as its input.
fn held(command: &mut Command, words: &[OsString]) -> Result<Vec<OsString>, HostError> {
    let file = match command {
        Command::SetupSsh { file } => Some(OsString::from(&*file)),
        _ => None,
    };
    hold_input(command)?;
    let mut words = words.to_vec();
    let place = file.and_then(|file| words.iter().rposition(|word| *word == file));
    if let Some(place) = place {
        words[place] = OsString::from("-");
    }
    Ok(words)
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
