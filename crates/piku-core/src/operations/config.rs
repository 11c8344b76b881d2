//! `config`, `config:get`, `config:set`, `config:unset`, `config:live`.

use std::collections::BTreeMap;

use super::{Actor, Done};
use crate::app::AppName;
use crate::error::Error;
use crate::event::Report;
use crate::piku::Piku;
use crate::release::{Cause, store};

impl Piku {
    /// The settings made with `config:set`, in the order of their file.
    ///
    /// # Errors
    /// [`Error::UnknownApp`], [`Error::DamagedSettings`].
    pub fn config(&self, app: &AppName) -> Result<Vec<(String, String)>, Error> {
        self.must_exist(app)?;
        Ok(self.stored(app)?.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
    }

    /// One setting made with `config:set`, to the letter.
    ///
    /// # Errors
    /// [`Error::UnknownSetting`].
    pub fn config_get(&self, app: &AppName, key: &str) -> Result<String, Error> {
        self.must_exist(app)?;
        self.stored(app)?
            .get(key)
            .map(str::to_owned)
            .ok_or_else(|| Error::UnknownSetting { app: app.clone(), key: key.to_owned() })
    }

    /// Sets settings, all or none, and makes a release of it. `None` when the app does not run: they are kept.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`], or as a deploy: then no setting has changed.
    pub fn config_set(
        &self,
        app: &AppName,
        settings: &[(String, String)],
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<Option<Done>, Error> {
        let keys = settings.iter().map(|(key, _)| key.clone()).collect();
        self.change_settings(app, Cause::ConfigSet { keys }, actor, report, |stored| {
            settings.iter().try_for_each(|(key, value)| stored.set(key, value))?;
            Ok(stored.check_size()?)
        })
    }

    /// Removes settings, all or none, and makes a release of it. `None` when the app does not run.
    ///
    /// # Errors
    /// [`Error::UnknownSetting`], or as a deploy: then no setting has changed.
    pub fn config_unset(
        &self,
        app: &AppName,
        keys: &[String],
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<Option<Done>, Error> {
        self.change_settings(app, Cause::ConfigUnset { keys: keys.to_vec() }, actor, report, |stored| {
            keys.iter().try_for_each(|key| {
                let unknown = || Error::UnknownSetting { app: app.clone(), key: key.clone() };
                stored.unset(key).then_some(()).ok_or_else(unknown)
            })
        })
    }

    /// The environment of the live release.
    ///
    /// # Errors
    /// [`Error::NeverDeployed`].
    pub fn config_live(&self, app: &AppName) -> Result<BTreeMap<String, String>, Error> {
        if store::is_foreign_clone(&self.root, app)
            && let Some(text) = crate::host::files::read(&self.root.live_env(app))?
        {
            return Ok(crate::settings::live_env::read(&text));
        }
        Ok(self.live(app)?.live_env)
    }
}
