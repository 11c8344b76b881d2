//! What an entry is for, as its name says.

use crate::cron::CronJob;
use crate::wsgi::WsgiEntry;

/// What an entry is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `wsgi`: a Python application in uWSGI.
    Wsgi(WsgiEntry),
    /// `jwsgi`: a Java application in uWSGI; the command is a class, and perhaps a method of it.
    Jwsgi,
    /// `rwsgi`: a Ruby application in uWSGI; the command is a rackup file.
    Rwsgi,
    /// `php`: PHP in uWSGI; the command is the document root.
    Php,
    /// `web`: a program that listens where `PORT` says.
    Web,
    /// `static`: files that are served as they are; the command is the document root.
    Static,
    /// `cron*`: a command that is started on a schedule.
    Cron(CronJob),
    /// `preflight`: a command that runs before the build.
    Preflight,
    /// `release`: a command that runs after the build and before the traffic.
    Release,
    /// Any other name: a program that is kept running.
    Worker,
}

/// The names beside which `web` has nothing to do: uWSGI answers itself.
pub(crate) const SERVERS: [&str; 4] = ["wsgi", "jwsgi", "rwsgi", "php"];

/// Tells whether processes of that name are apps that uWSGI itself runs.
#[must_use]
pub fn runs_in_uwsgi(name: &str) -> bool {
    SERVERS.contains(&name)
}

/// Tells whether a name can be there once only, because it is the name that gives the meaning.
pub(crate) fn is_fixed(name: &str) -> bool {
    SERVERS.contains(&name) || matches!(name, "web" | "static" | "preflight" | "release")
}

/// Tells whether a name is a schedule's.
pub(crate) fn is_cron(name: &str) -> bool {
    name.starts_with("cron")
}
