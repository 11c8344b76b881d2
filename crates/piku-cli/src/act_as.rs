//! Runs commands as the user of the server, so that root and users with `sudo` need not switch.

use std::collections::BTreeMap;
use std::ffi::OsString;

use piku_core::HostError;
use piku_core::process;
use piku_core::server::{Record, Server};

use crate::args::Command;
use crate::surroundings;

/// Why the command can't run as the user of the server.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ActAsError {
    /// The machine failed.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The caller has no right to.
    #[error("the apps of this server belong to the user `{owner}`, and `{user}` may not act as that")]
    Stranger {
        /// The user of the server.
        owner: String,
        /// The caller.
        user: String,
    },
}

impl ActAsError {
    /// Names the mistake; stable across releases.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Host(error) => error.code(),
            Self::Stranger { .. } => "command::not-allowed",
        }
    }

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

/// Becomes the user of this server if the caller is root, or starts again by `sudo` if the caller may use it. Returns
/// the server that was switched to; `None` if the caller is the user of the server or has a root of their own, or if
/// this is no server.
///
/// Another root named by `PIKU_ROOT` is used as it is, but root never works in the server's own.
pub(crate) fn owner(command: &mut Command, words: &[OsString]) -> Result<Option<Record>, ActAsError> {
    if concerns_nobody(command) {
        return Ok(None);
    }
    let Some(user) = process::account().map(|(name, _)| name) else { return Ok(None) };
    if !process::is_root() && surroundings::has_root() {
        return Ok(None);
    }
    let Some(server) = Server::here().filter(|server| server.user != user) else { return Ok(None) };
    let named = surroundings::named_root();
    if named.as_ref().is_some_and(|root| !process::is_root() || *root != server.root()) {
        return Ok(None);
    }
    if process::is_root() {
        let held = held(command, words)?;
        if process::has_terminal() {
            become_apart(&server, held)?;
        }
        process::become_user(&server.user, &server.home)?;
        return Ok(Some(server));
    }
    if process::may_use_sudo() {
        let words = held(command, words)?;
        let program = surroundings::program();
        let sudo = ["sudo", "--set-home", "--user", &server.user, "--", program.as_str()].map(OsString::from);
        let words: Vec<OsString> = sudo.into_iter().chain(words).collect();
        match process::become_program(&words, &BTreeMap::new())? {}
    }
    // A root in the home folder must be asked for explicitly.
    if matches!(command, Command::Setup(_)) {
        Ok(None)
    } else {
        Err(ActAsError::Stranger { owner: server.user, user })
    }
}

/// Replaces this process with one in a session of its own, and never returns: a process that shares root's terminal
/// could type into it (`TIOCSTI`, ioctl_tty(2)), and root does not trust the user's programs.
///
/// A person at a terminal gets a new one in that session; if output goes elsewhere, there is none.
fn become_apart(server: &Record, words: Vec<OsString>) -> Result<(), HostError> {
    let program = surroundings::program();
    let (start, env) = if surroundings::is_interactive() {
        process::enter(&server.home)?;
        let user = server.user.as_str();
        let env = [("HOME", server.home.as_str()), ("USER", user), ("LOGNAME", user)];
        (vec!["runuser", "--pty", "--user", user, "--", program.as_str()], env.to_vec())
    } else {
        // Still root, but without a terminal: the next process becomes the user in place.
        (vec!["setsid", "--wait", program.as_str()], Vec::new())
    };
    let words: Vec<OsString> = start.into_iter().map(OsString::from).chain(words).collect();
    let env = env.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    match process::become_program(&words, &env)? {}
}

/// Commands that use no root, or concern the whole machine.
fn concerns_nobody(command: &Command) -> bool {
    match command {
        Command::Setup(setup) => setup.system,
        Command::Check { .. }
        | Command::Laptop(_)
        | Command::Completions { .. }
        | Command::Man { .. }
        | Command::Reference
        | Command::Units { .. }
        | Command::Version => true,
        _ => false,
    }
}

/// The words of a command whose files are now its standard input.
fn held(command: &mut Command, words: &[OsString]) -> Result<Vec<OsString>, HostError> {
    let files: Vec<OsString> = match command {
        Command::SetupSsh { file } | Command::KeysAdd { file, .. } => vec![OsString::from(&*file)],
        Command::CertsAdd { certificate, key, .. } => {
            [Some(&*certificate), key.as_ref()].into_iter().flatten().map(OsString::from).collect()
        }
        _ => Vec::new(),
    };
    hold_input(command)?;
    let mut words = words.to_vec();
    for file in files {
        // An app may have the name of the file.
        let is_app = |place: usize| place > 0 && words[place - 1] == "--allow";
        if let Some(place) = (0..words.len()).rfind(|place| words[*place] == file && !is_app(*place)) {
            words[place] = OsString::from("-");
        }
    }
    Ok(words)
}

/// Opens the files of a command while we still have the rights, and makes them the command's standard input.
fn hold_input(command: &mut Command) -> Result<(), HostError> {
    if let Command::SetupSsh { file } | Command::KeysAdd { file, .. } = command
        && file != "-"
    {
        process::read_from(file)?;
        *file = "-".to_owned();
    }
    if let Command::CertsAdd { certificate, key, .. } = command
        && certificate != "-"
    {
        let files: Vec<&str> = [certificate.as_str()].into_iter().chain(key.as_deref()).collect();
        process::read_from_all(&files)?;
        (*certificate, *key) = ("-".to_owned(), None);
    }
    Ok(())
}
