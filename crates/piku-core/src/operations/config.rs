//! `config`, `config:get`, `config:set`, `config:unset`, `config:live`.

use std::collections::BTreeMap;

use super::{Actor, Done};
use piku_procfile::Severity;

use crate::app::AppName;
use crate::error::Error;
use crate::event::Report;
use crate::piku::Piku;
use crate::release::{Cause, store};
use crate::settings::{Layers, StoredSettings};

impl Piku {
    /// The settings stored with `config:set`, in the order of the file.
    ///
    /// # Errors
    /// [`Error::UnknownApp`], [`Error::DamagedSettings`].
    pub fn config(&self, app: &AppName) -> Result<Vec<(String, String)>, Error> {
        self.must_exist(app)?;
        Ok(self.stored(app)?.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
    }

    /// The exact value of a setting stored with `config:set`.
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

    /// Changes settings, all or none, and makes a release. Returns `None` if the app was never live: the settings are
    /// only stored. If there is no such app, makes it; its first push uses the settings.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`], [`Error::UnfitSetting`], or the error of the deploy. No setting has changed then.
    pub fn config_set(
        &self,
        app: &AppName,
        settings: &[(String, String)],
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<Option<Done>, Error> {
        let keys = settings.iter().map(|(key, _)| key.clone()).collect();
        self.change_settings(app, Cause::ConfigSet { keys }, actor, true, report, |stored| {
            settings.iter().try_for_each(|(key, value)| stored.set(key, value))?;
            stored.check_size()?;
            check_values(settings, stored)
        })
    }

    /// Removes settings, all or none, and makes a release. Returns `None` if the app was never live.
    ///
    /// # Errors
    /// [`Error::UnknownSetting`], or the error of the deploy. No setting has changed then.
    pub fn config_unset(
        &self,
        app: &AppName,
        keys: &[String],
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<Option<Done>, Error> {
        self.change_settings(
            app,
            Cause::ConfigUnset { keys: keys.to_vec() },
            actor,
            false,
            report,
            |stored| {
                keys.iter().try_for_each(|key| {
                    let unknown = || Error::UnknownSetting { app: app.clone(), key: key.clone() };
                    stored.unset(key).then_some(()).ok_or_else(unknown)
                })
            },
        )
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

/// Refuses `settings` if one has an invalid value; `stored` includes them already.
///
/// A deploy would refuse it too, but its error would show a line of a file that the user did not write.
fn check_values(settings: &[(String, String)], stored: &StoredSettings) -> Result<(), Error> {
    let (_, problems) = crate::settings::options(&Layers::new(Vec::new(), stored));
    let is_set = |name: &str| settings.iter().any(|(key, _)| key == name);
    let unfit =
        problems.into_iter().find(|one| one.diagnostic.severity == Severity::Error && is_set(one.key));
    unfit.map_or(Ok(()), |problem| {
        let (message, help) = (problem.diagnostic.message, problem.diagnostic.help);
        Err(Error::UnfitSetting { key: problem.key, message, help })
    })
}
