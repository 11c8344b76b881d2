//! `repair`: looks after every app, as the server does after each start.

use std::time::Duration;

use crate::app::AppName;
use crate::deploy::environment_fit::{self, Misfit};
use crate::error::Error;
use crate::event::{Report, stage, warn};
use crate::host::{emperor, facts, wait};
use crate::operations::Actor;
use crate::piku::Piku;
use crate::release::{Cause, store};

/// How long an emperor that is just being started may take until it can be asked.
const EMPEROR: Duration = Duration::from_secs(30);

impl Piku {
    /// Brings every app to what its live release says: what a crash or a power cut has left half made is finished or
    /// taken back, and one that the system no longer fits (its Python was upgraded, another nginx asks it) is started
    /// anew.
    ///
    /// An app that can't be repaired is reported, and the others go on. A second call finds nothing to do.
    ///
    /// # Errors
    /// [`Error::Host`] when the apps can't be listed.
    pub fn repair_all(&self, report: &mut Report<'_>) -> Result<(), Error> {
        wait::until(EMPEROR, || emperor::ask(&self.root.emperor_stats()));
        for app in self.app_names()? {
            if let Err(error) = self.repair_app(&app, report) {
                let help = format!("mend that, then run `piku restart {app}`");
                warn(report, format!("`{app}`: {}", crate::error_chain(&error)), Some(&help));
            }
        }
        Ok(())
    }

    fn repair_app(&self, app: &AppName, report: &mut Report<'_>) -> Result<(), Error> {
        if store::live(&self.root, app)?.is_none() {
            return Ok(());
        }
        // Taking the lock repairs; see `Piku::locked`. What does not fit is asked and mended under one lock: two repairs
        // at once start an app anew once.
        self.locked(app, &format!("`piku repair` is at work on `{app}`"), report, |piku, report| {
            let Some(misfit) = piku.misfit(app)? else { return Ok(()) };
            stage(report, format!("`{app}`: {misfit}; starting it anew"));
            piku.once_more(app, Cause::Restart, &Actor::default(), report).map(drop)
        })
    }

    /// What of this machine no longer fits a running app as it was built and started.
    pub(crate) fn misfit(&self, app: &AppName) -> Result<Option<Misfit>, Error> {
        let live = store::live(&self.root, app)?.filter(|_| !store::is_stopped(&self.root, app));
        let Some(release) = live else { return Ok(None) };
        let uwsgi = facts::uwsgi(&self.root, &self.surroundings);
        let misfit = environment_fit::misfit(&self.root, app, &release, uwsgi.as_ref());
        let closed = || {
            let workers = facts::nginx(&self.surroundings).ok()?.workers;
            environment_fit::closed_sockets(&self.root, &release, &workers)
        };
        Ok(misfit.or_else(closed))
    }
}
