//! Reads the process environment, once.

use std::collections::BTreeMap;
use std::ffi::OsString;

use camino::Utf8PathBuf;
use piku_core::process::account;
use piku_core::server::{Record, Server};
use piku_core::{Actor, Piku, Root, Surroundings};

/// The variable that tells hooks whose key was used over ssh.
pub(crate) const ACTOR: &str = "PIKU_ACTOR";

/// A variable of the environment that is set to something.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The root that the environment names.
pub(crate) fn named_root() -> Option<Root> {
    variable("PIKU_ROOT").map(|path| Root::new(here().join(path)))
}

/// Whether all three streams are a terminal.
pub(crate) fn is_interactive() -> bool {
    use std::io::IsTerminal;
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal() && std::io::stderr().is_terminal()
}

/// Whether the user has a root in the home folder.
pub(crate) fn has_root() -> bool {
    home().join(".piku").is_dir()
}

/// The name of the user of this process.
pub(crate) fn user() -> String {
    account().map(|(name, _)| name).or_else(|| variable("USER")).unwrap_or_default()
}

/// Whether commands act on a root of this machine: the one that the environment names, one in the home folder, or the
/// one of the server that this machine is.
pub(crate) fn has_some_root() -> bool {
    let own = home().join(".piku");
    let is_root = ["repos", "apps", "envs"].iter().any(|folder| own.join(folder).exists());
    variable("PIKU_ROOT").is_some() || is_root || Server::here().is_some()
}

/// The home folder of the user.
pub(crate) fn home() -> Utf8PathBuf {
    let own = || account().map(|(_, home)| home);
    variable("HOME").map(Utf8PathBuf::from).or_else(own).unwrap_or_else(|| "/".into())
}

/// Configures piku from the environment of this process, or, if we act as the user of a server, from its record.
pub(crate) fn piku(server: Option<&Record>) -> Piku {
    let account = account();
    let home = server.map_or_else(home, |server| server.home.clone());
    let root = variable("PIKU_ROOT").map_or_else(|| home.join(".piku"), Utf8PathBuf::from);
    let root = if root.is_absolute() { root } else { here().join(root) };
    let user =
        account.map(|(name, _)| name).or_else(|| variable("USER")).unwrap_or_else(|| "piku".to_owned());
    let mut surroundings =
        Surroundings::new(user, home, program()).with_path(variable("PATH").unwrap_or_default());
    surroundings.nginx_reload = variable("PIKU_NGINX_RELOAD");
    surroundings.max_processes = variable("PIKU_MAX_PROCESSES").and_then(|text| text.parse().ok());
    Piku::new(Root::new(root), surroundings)
}

/// The working directory.
pub(crate) fn here() -> Utf8PathBuf {
    std::env::current_dir()
        .ok()
        .and_then(|path| Utf8PathBuf::from_path_buf(path).ok())
        .unwrap_or_else(|| "/".into())
}

/// The path of this program, for hooks and keys to call.
pub(crate) fn program() -> Utf8PathBuf {
    let path = std::env::current_exe().ok().and_then(|path| Utf8PathBuf::from_path_buf(path).ok());
    // If the program was replaced while it runs, the path ends in ` (deleted)`; the new one has the old name.
    path.map(|path| path.as_str().strip_suffix(" (deleted)").map_or(path.clone(), Utf8PathBuf::from))
        .unwrap_or_else(|| "piku".into())
}

/// The user or key that runs the command.
pub(crate) fn actor() -> Actor {
    variable(ACTOR).map(Actor::named).unwrap_or_default()
}

/// What a one-off command needs to know about its terminal.
pub(crate) fn terminal() -> BTreeMap<String, String> {
    ["TERM", "COLORTERM", "LANG", "LC_ALL", "SHELL", "SSH_TTY"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), variable(name)?)))
        .collect()
}

/// The options of the push that calls this hook (`git push -o`, githooks(5)).
pub(crate) fn push_options() -> Vec<String> {
    let count = variable("GIT_PUSH_OPTION_COUNT").and_then(|count| count.parse().ok()).unwrap_or(0_u32);
    (0..count).filter_map(|at| variable(&format!("GIT_PUSH_OPTION_{at}"))).collect()
}

/// The command line that an ssh client sent, in any encoding.
pub(crate) fn ssh_original_command() -> Option<OsString> {
    std::env::var_os("SSH_ORIGINAL_COMMAND").filter(|line| !line.is_empty())
}

/// The name and the fingerprint that a line of legacy piku in `authorized_keys` gives its key.
pub(crate) fn legacy_key() -> Option<(String, String)> {
    variable("NAME").zip(variable("FINGERPRINT"))
}

/// Whether colors are turned off, whatever the terminal (no-color.org).
pub(crate) fn no_color() -> bool {
    variable("NO_COLOR").is_some()
}
