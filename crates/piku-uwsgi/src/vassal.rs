use crate::{AppVassal, DaemonVassal, FrontVassal, InvalidValue};

/// One instance of uWSGI, started and watched by the emperor: one file in its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Vassal {
    /// An app that uWSGI itself runs.
    App(AppVassal),
    /// A program of any kind that uWSGI keeps running.
    Daemon(DaemonVassal),
    /// An HTTP port in front of apps that come and go.
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

    /// Returns what vassals of every kind have.
    pub fn common(&self) -> &crate::Common {
        match self {
            Vassal::App(app) => &app.common,
            Vassal::Daemon(daemon) => &daemon.common,
            Vassal::Front(front) => &front.common,
        }
    }
}
