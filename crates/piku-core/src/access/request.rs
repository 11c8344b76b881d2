//! What is asked for, as far as it matters for who may ask for it.

use crate::app::AppName;

/// What a command, a service of git, or a transfer of files asks for.
///
/// Whatever a program offers must be one of these before it is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// What the program says of itself: help, manual, completions, version.
    Program,
    /// A listing of apps or of what happened to them. It shows only what is in [`Sight`](super::Sight).
    Listing,
    /// What runs in an app and what happened to it, without its settings: `ps`, `logs`, `releases`, `events`.
    See(AppName),
    /// Anything else about one app that stays the same app: push, fetch, settings, restart, `run`.
    Work(AppName),
    /// Another set of apps: an app that is made, removed, copied, or renamed.
    Population,
    /// Any file of piku's user: `scp` and `sftp`.
    Files,
    /// The server and everything on it: its settings, its keys, its repair.
    Server,
}
