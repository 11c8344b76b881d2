//! The kinds of vassals.

use crate::{AppVassal, DaemonVassal, FrontVassal, InvalidValue};

/// A uWSGI that the emperor starts and watches: one file in its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Vassal {
    /// An app that uWSGI itself runs.
    App(AppVassal),
    /// A program of any kind that uWSGI keeps running.
    Daemon(DaemonVassal),
    /// A router: an HTTP port in front of apps.
    Front(FrontVassal),
}

impl Vassal {
    /// Renders the whole file. The same vassal always gives the same bytes.
    pub fn to_ini(&self) -> Result<String, InvalidValue> {
        match self {
            Vassal::App(app) => app.to_ini(),
            Vassal::Daemon(daemon) => daemon.to_ini(),
            Vassal::Front(front) => front.to_ini(),
        }
    }

    /// Returns what every kind of vassal has.
    pub fn common(&self) -> &crate::Common {
        match self {
            Vassal::App(app) => &app.common,
            Vassal::Daemon(daemon) => &daemon.common,
            Vassal::Front(front) => &front.common,
        }
    }
}
