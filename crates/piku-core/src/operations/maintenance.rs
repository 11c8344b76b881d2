//! `maintenance:on` and `maintenance:off`.

use piku_nginx::Network;
use serde::{Deserialize, Serialize};

use super::Actor;
use crate::app::AppName;
use crate::error::Error;
use crate::event::Report;
use crate::gate::maintenance::{self as gate, Maintenance};
use crate::history::{self, Happened, HistoryEntry};
use crate::host::nginx::{self, Question};
use crate::host::{maintenance, random, wait};
use crate::piku::Piku;
use crate::release::{Release, store};

/// The result of turning maintenance on or off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MaintenanceChange {
    /// Whether it was different before.
    pub changed: bool,
    /// The maintenance that is on now, or that was on before it was turned off.
    pub maintenance: Option<Maintenance>,
}

impl Piku {
    /// Answers every request to the app with 503 and a page, except from the addresses in `allow`. The processes go on,
    /// and deploys leave it on. A second call with the same addresses changes nothing.
    ///
    /// # Errors
    /// [`Error::NoSite`], [`Error::OldSite`], or [`Error::Nginx`]; nothing has changed then.
    pub fn maintenance_on(
        &self,
        app: &AppName,
        allow: &[Network],
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<MaintenanceChange, Error> {
        self.live(app)?;
        self.locked(app, &actor.doing("changing the maintenance of", app), report, |piku, report| {
            let (root, live) = (&piku.root, piku.live(app)?);
            let question = piku.site_question(app, &live)?;
            let before = maintenance::read(root, app)?;
            let mut allow: Vec<String> = allow.iter().map(ToString::to_string).collect();
            allow.sort_unstable();
            allow.dedup();
            if before.as_ref().is_some_and(|before| before.allow == allow) {
                return Ok(MaintenanceChange { changed: false, maintenance: before });
            }
            let pages = gate::pages(live.live_env.get("NGINX_ERROR_PAGES").map(String::as_str));
            let new = Maintenance {
                since: before.as_ref().map_or_else(wait::now, |before| before.since),
                by: actor.name.clone(),
                allow,
                page: maintenance::copy_page(root, app, &pages)?,
                pass: random::secret()?,
            };
            let marked = question.marked(Some(&new.mark()));
            maintenance::store(root, app, Some(&new))?;
            if let Err(error) = nginx::reload_and_wait(root, &piku.surroundings, &marked) {
                maintenance::store(root, app, before.as_ref())?;
                drop(nginx::reload(root, &piku.surroundings));
                return Err(error.into());
            }
            let entry =
                HistoryEntry::now(app, Happened::Closed, history::MAINTENANCE_ON, actor.name.as_deref());
            piku.write_down(&entry, app, report);
            Ok(MaintenanceChange { changed: true, maintenance: Some(new) })
        })
    }

    /// Lets every visitor reach the app again. A second call changes nothing.
    ///
    /// # Errors
    /// [`Error::Nginx`] if nginx did not follow; the maintenance is over when it does.
    pub fn maintenance_off(
        &self,
        app: &AppName,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<MaintenanceChange, Error> {
        self.locked(app, &actor.doing("changing the maintenance of", app), report, |piku, report| {
            let root = &piku.root;
            let Some(before) = maintenance::read(root, app)? else {
                return Ok(MaintenanceChange { changed: false, maintenance: None });
            };
            maintenance::store(root, app, None)?;
            let live = store::live(root, app)?;
            // Without a site there is nothing to wait for.
            match live.map(|live| piku.site_question(app, &live)) {
                Some(Ok(question)) => {
                    nginx::reload_and_wait(root, &piku.surroundings, &question.marked(None))?;
                }
                _ => nginx::reload(root, &piku.surroundings)?,
            }
            maintenance::remove_page(root, app)?;
            let entry =
                HistoryEntry::now(app, Happened::Opened, history::MAINTENANCE_OFF, actor.name.as_deref());
            piku.write_down(&entry, app, report);
            Ok(MaintenanceChange { changed: true, maintenance: Some(before) })
        })
    }

    /// The maintenance of an app; `None` if it is not under maintenance.
    ///
    /// # Errors
    /// [`Error::UnknownApp`], [`Error::Host`].
    pub fn maintenance(&self, app: &AppName) -> Result<Option<Maintenance>, Error> {
        self.must_exist(app)?;
        Ok(maintenance::read(&self.root, app)?)
    }

    /// The request that shows which site of the app nginx serves.
    fn site_question(&self, app: &AppName, live: &Release) -> Result<Question, Error> {
        let (text, question) = match store::is_stopped(&self.root, app) {
            true => (&live.site_stopped, &live.stopped_question),
            false => (&live.site, &live.question),
        };
        let (Some(text), Some(question)) = (text, question) else {
            return Err(Error::NoSite { app: app.clone() });
        };
        let includes = gate::files(&self.root, app).is_ok_and(|files| text.contains(&files.rules_word()));
        if !includes {
            return Err(Error::OldSite { app: app.clone() });
        }
        Ok(question.clone())
    }
}
