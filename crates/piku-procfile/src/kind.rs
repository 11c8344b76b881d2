//! What an entry is for, decided by its name.

use crate::cron::CronJob;
use crate::wsgi::WsgiEntry;

/// What an entry is for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// `wsgi`: a Python application in uWSGI.
    Wsgi(WsgiEntry),
    /// `jwsgi`: a Java application in uWSGI; the command is a class, and perhaps a method of it.
    Jwsgi,
    /// `rwsgi`: a Ruby application in uWSGI; the command is a rackup file.
    Rwsgi,
    /// `php`: PHP in uWSGI; the command is the document root.
    Php,
    /// `web`: a program that listens on `PORT`.
    Web,
    /// `static`: files served as they are; the command is the document root.
    Static,
    /// `cron*`: a command that is started on a schedule.
    Cron(CronJob),
    /// `preflight`: a command that runs before the build.
    Preflight,
    /// `release`: a command that runs after the build, before the release gets requests.
    Release,
    /// Any other name: a program that is kept running.
    Worker,
}

/// Names whose apps uWSGI serves itself, which leaves nothing for `web`.
pub(crate) const SERVERS: [&str; 4] = ["wsgi", "jwsgi", "rwsgi", "php"];

/// Whether uWSGI itself runs the processes of this name.
#[must_use]
pub fn runs_in_uwsgi(name: &str) -> bool {
    SERVERS.contains(&name)
}

/// Whether a name may occur only once, because the name itself has a meaning.
pub(crate) fn is_fixed(name: &str) -> bool {
    SERVERS.contains(&name) || matches!(name, "web" | "static" | "preflight" | "release")
}

/// Whether a name belongs to a scheduled job.
pub(crate) fn is_cron(name: &str) -> bool {
    name.starts_with("cron")
}
