//! `repair`: repairs every app. The server runs it after each start.

use std::time::Duration;

use crate::app::AppName;
use crate::deploy::environment_fit::{self, Misfit};
use crate::error::Error;
use crate::event::{Report, stage, warn};
use crate::host::{emperor, facts, wait};
use crate::operations::Actor;
use crate::piku::Piku;
use crate::release::{Cause, store};

/// How long to wait for an emperor that is starting.
const EMPEROR: Duration = Duration::from_secs(30);

impl Piku {
    /// Makes every app match its live release: completes or undoes what a crash or power failure interrupted, and
    /// restarts apps that no longer match the system, for example after an upgrade of Python or a change of nginx.
    ///
    /// Reports an app that can't be repaired and continues with the others. A second call finds nothing to do.
    ///
    /// # Errors
    /// [`Error::Host`] if the apps can't be listed.
    pub fn repair_all(&self, report: &mut Report<'_>) -> Result<(), Error> {
        wait::until(EMPEROR, || emperor::ask(&self.root.emperor_stats()));
        for app in self.app_names()? {
            if let Err(error) = self.repair_app(&app, report) {
                let help = format!("fix this, then run `piku restart {app}`");
                warn(report, format!("`{app}`: {}", crate::error_chain(&error)), Some(&help));
            }
        }
        self.keep_jobs()?;
        Ok(())
    }

    fn repair_app(&self, app: &AppName, report: &mut Report<'_>) -> Result<(), Error> {
        if store::live(&self.root, app)?.is_none() {
            return self.forget_crashed(app);
        }
        // `Piku::locked` repairs the app. Check for a misfit and restart under the same lock, so that two concurrent
        // repairs restart the app only once.
        self.locked(app, &format!("`piku repair` is repairing `{app}`"), report, |piku, report| {
            let Some(misfit) = piku.misfit(app)? else { return Ok(()) };
            stage(report, format!("`{app}`: {misfit}; restarting it"));
            piku.once_more(app, Cause::Restart, &Actor::default(), report).map(drop)
        })
    }

    /// What on this machine no longer matches the build or the sockets of a running app.
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
