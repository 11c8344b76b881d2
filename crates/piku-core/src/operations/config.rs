//! `config`, `config:get`, `config:set`, `config:unset`, `config:live`.

use std::collections::BTreeMap;

use piku_procfile::Severity;
use serde::{Deserialize, Serialize};

use super::{Actor, Done};
use crate::app::AppName;
use crate::deploy::plan::environment::{self, Told};
use crate::deploy::source;
use crate::error::Error;
use crate::event::{Report, warn};
use crate::nearest::nearest;
use crate::piku::Piku;
use crate::release::{Cause, store};
use crate::settings::{KEYS, Layers, Origin, Scope, Setting, StoredSettings, keys, lost_quotes};

/// A setting in force, as listed by `config`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ConfigEntry {
    /// The key.
    pub key: String,
    /// The value, expanded if it comes from the `ENV` file.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

impl ConfigEntry {
    fn new(key: &str, setting: &Setting) -> Self {
        Self { key: key.to_owned(), value: setting.value.clone(), origin: setting.origin }
    }

    /// The default of a key; `None` if piku does not know the key, or if it has none.
    fn of_default(key: &str) -> Option<Self> {
        let value = keys::known(key).filter(|known| known.scope != Scope::Host)?.default_text()?;
        Some(Self { key: key.to_owned(), value, origin: Origin::Default })
    }
}

impl Piku {
    /// The settings in force, those of `config:set` first. With `defaults`, also the keys of piku that nothing sets.
    ///
    /// The `ENV` file is that of the newest release. A change that was stored without a release counts.
    ///
    /// # Errors
    /// [`Error::UnknownApp`], [`Error::DamagedSettings`].
    pub fn config(&self, app: &AppName, defaults: bool) -> Result<Vec<ConfigEntry>, Error> {
        self.must_exist(app)?;
        let (layers, stored) = (self.in_force(app)?, self.stored(app)?);
        let of = |key: &str| Some(ConfigEntry::new(key, layers.setting(key)?));
        let mut all: Vec<ConfigEntry> = stored.keys().filter_map(of).collect();
        for origin in [Origin::File, Origin::Server] {
            let theirs = layers.iter().filter(|(_, setting)| setting.origin == origin);
            all.extend(theirs.map(|(key, setting)| ConfigEntry::new(key, setting)));
        }
        let unset = KEYS.iter().filter(|key| defaults && key.scope != Scope::Host);
        let unset = unset.filter(|key| layers.setting(key.name).is_none());
        all.extend(unset.filter_map(|key| ConfigEntry::of_default(key.name)));
        Ok(all)
    }

    /// The exact value of a setting in force, and where it comes from.
    ///
    /// # Errors
    /// [`Error::UnknownSetting`] if nothing sets it, even if it has a default.
    pub fn config_get(&self, app: &AppName, key: &str) -> Result<ConfigEntry, Error> {
        self.must_exist(app)?;
        let layers = self.in_force(app)?;
        let unknown = || {
            let keys = layers.iter().map(|(key, _)| key);
            Error::UnknownSetting {
                app: app.clone(),
                key: key.to_owned(),
                nearest: nearest(key, keys).map(str::to_owned),
                default: ConfigEntry::of_default(key).map(|entry| entry.value),
            }
        };
        layers.setting(key).map(|setting| ConfigEntry::new(key, setting)).ok_or_else(unknown)
    }

    /// Every layer of the settings of an app, merged.
    pub(super) fn in_force(&self, app: &AppName) -> Result<Layers, Error> {
        let (stored, root, surroundings) = (self.stored(app)?, &self.root, &self.surroundings);
        let live = store::live(root, app)?;
        let release = store::waiting(root, app)?.filter(|_| live.is_some()).or(live);
        let (tree, known, defaults) = match &release {
            Some(release) => {
                let tree = root.tree(app, release.tree_of);
                let told = Told {
                    root,
                    surroundings,
                    app,
                    release: release.number,
                    commit: &release.commit,
                    tree: &tree,
                    bind_address: release.live_env.get("BIND_ADDRESS").map_or("", String::as_str),
                };
                let port = release.ports.first().copied().unwrap_or_default();
                let known = told.variables(&release.made.clone().unwrap_or_default(), port, "");
                (tree, known, release.defaults.clone().into_bytes())
            }
            None => {
                // Of legacy piku, or never pushed.
                let tree = root.app(app);
                let known = environment::own(root, surroundings, app, &tree);
                (tree, known, self.defaults(app)?)
            }
        };
        let texts = source::texts(&tree, Vec::new(), Vec::new());
        let env = texts.env.filter(|_| !texts.unread.contains_key("ENV")).unwrap_or_default();
        let in_file = crate::settings::parse_env(&env, &known).values.unwrap_or_default();
        let defaults = StoredSettings::parse(&defaults).0.unwrap_or_default();
        Ok(Layers::new(in_file, &stored).with_defaults(&defaults))
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
        second_looks(settings, report);
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
                    if stored.unset(key) {
                        return Ok(());
                    }
                    let nearest = nearest(key, stored.keys()).map(str::to_owned);
                    Err(Error::UnknownSetting { app: app.clone(), key: key.clone(), nearest, default: None })
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

/// Warns about keys without effect, and values that are not what they seem to have been.
fn second_looks(settings: &[(String, String)], report: &mut Report<'_>) {
    for (key, value) in settings {
        if let Some(odd) = keys::odd(key) {
            // The help about an app's ENV file does not apply here.
            let help = odd.help.filter(|_| odd.code == "env::unknown-key");
            let remove = "`config:unset` removes it".to_owned();
            warn(report, odd.message, Some(help.as_deref().unwrap_or(&remove)));
        }
        if lost_quotes(value) {
            let message = format!("the value of `{key}` looks like JSON without its quotes");
            let help = format!(
                "a shell takes quotes away: pass the value on standard input with `{key}=-`, or quote it once more"
            );
            warn(report, message, Some(&help));
        }
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
