//! Checks whether a running release still matches the machine: an upgrade of the system's Python or uWSGI breaks
//! virtual environments, and another nginx needs other permissions on sockets.

use std::fmt;

use piku_nginx::Workers;

use crate::app::AppName;
use crate::host::facts::Uwsgi;
use crate::host::launch::record_path;
use crate::host::socket_access::SocketAccess;
use crate::host::{environment, files};
use crate::release::Release;
use crate::root::Root;
use crate::vassal::VassalName;

/// Why a running release no longer matches the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// The interpreter of its environment is gone.
    Gone {
        /// The version it was made for, such as `3.11`.
        made_for: String,
    },
    /// The interpreter has another version now.
    Other {
        /// The version it was made for.
        made_for: String,
        /// The current version.
        runs: String,
    },
    /// The sockets have permissions for another nginx user or other groups.
    Sockets {
        /// Their mode.
        mode: String,
        /// The mode they need now.
        wanted: String,
    },
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone { made_for } => {
                write!(f, "its environment was made for Python {made_for}, which is gone")
            }
            Self::Other { made_for, runs } => {
                write!(f, "its environment was made for Python {made_for}, but the system now has {runs}")
            }
            Self::Sockets { mode, wanted } => {
                write!(f, "its sockets have mode {mode}, but the current nginx needs {wanted}")
            }
        }
    }
}

/// Compares the environment of a release with its current interpreter, and with the Python of the system's uWSGI if
/// that runs the app.
pub(crate) fn misfit(root: &Root, app: &AppName, release: &Release, uwsgi: Option<&Uwsgi>) -> Option<Misfit> {
    let folder = root.env(app).join(release.build.as_ref()?);
    let seen = environment::look(&folder)?;
    let made_for = format!("{}.{}", seen.made_for.0, seen.made_for.1);
    let Some(interpreter) = seen.interpreter else { return Some(Misfit::Gone { made_for }) };
    let other = |version: (u32, u32)| {
        let runs = format!("{}.{}", version.0, version.1);
        (version != seen.made_for).then(|| Misfit::Other { made_for: made_for.clone(), runs })
    };
    let loaded = uwsgi.filter(|uwsgi| in_machines_uwsgi(root, release, uwsgi));
    let loaded = loaded.and_then(|uwsgi| uwsgi.python.as_ref()).map(|(_, version)| *version);
    other(interpreter).or_else(|| loaded.and_then(other))
}

/// Compares the sockets of a release with a site to the permissions that nginx needs now.
pub(crate) fn closed_sockets(root: &Root, release: &Release, workers: &Workers) -> Option<Misfit> {
    release.site.as_ref()?;
    let access = SocketAccess::of(root, Some(workers));
    let wanted = format!("{:o}", access.mode());
    let modes = release.vassals.iter().filter_map(|name| {
        let text = files::read_text(&root.uwsgi_enabled().join(name.to_string())).ok()??;
        text.lines().find_map(|line| Some(line.strip_prefix("chmod-socket = ")?.to_owned()))
    });
    let mode = modes.into_iter().find(|mode| *mode != wanted)?;
    Some(Misfit::Sockets { mode, wanted })
}

/// Whether the system's uWSGI runs the app, instead of one from its build.
fn in_machines_uwsgi(root: &Root, release: &Release, uwsgi: &Uwsgi) -> bool {
    let hosted = release.vassals.iter().filter(|name| name.kind == "wsgi");
    if let Some(made) = &release.made {
        return made.uwsgi.is_none() && hosted.count() > 0;
    }
    let program = format!("\"uwsgi\": \"{}\"", uwsgi.program);
    let record = |name: &VassalName| {
        files::read_text(&record_path(&root.uwsgi_available(), &name.to_string())).ok().flatten()
    };
    hosted.filter_map(record).any(|record| record.contains(&program))
}
