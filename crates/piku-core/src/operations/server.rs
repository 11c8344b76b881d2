//! `server`, `server:set`, `server:unset`: the settings of the whole server, and defaults for all apps.

use serde::{Deserialize, Serialize};

use super::Actor;
use crate::app::AppName;
use crate::error::Error;
use crate::event::{Report, stage, warn};
use crate::piku::Piku;
use crate::release::store;
use crate::server_settings;
use crate::settings::{self, InvalidServerSetting, KEYS, Key, Scope, ServerSettings};

/// A setting of the server, as listed by `server`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ServerEntry {
    /// The key.
    pub key: String,
    /// The value in force: the one that is set or else the default. `None` if there is none, or if it is a secret.
    pub value: Option<String>,
    /// Where it comes from.
    pub origin: ServerOrigin,
    /// Whether it is a default for apps; otherwise it is a setting of the server itself.
    pub for_apps: bool,
    /// Whether the value is a secret.
    pub secret: bool,
    /// What it does, in a sentence.
    pub meaning: String,
}

/// Where a setting of the server comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ServerOrigin {
    /// The environment of piku, which wins.
    Environment,
    /// `server:set`.
    Server,
    /// Nothing sets it.
    Default,
}

/// What a change of the server's settings means for the apps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ServerChange {
    /// Live apps whose next release has other defaults than the live one, by name.
    pub at_next_deploy: Vec<AppName>,
}

impl Piku {
    /// The settings of the server as they are stored.
    ///
    /// # Errors
    /// [`Error::ServerSettings`] if the file can't be read.
    pub fn server_settings(&self) -> Result<ServerSettings, Error> {
        Ok(server_settings::load(&self.root)?)
    }

    /// Every setting of the server itself, and the defaults for apps that are set.
    ///
    /// # Errors
    /// [`Error::ServerSettings`] if the file can't be read.
    pub fn server(&self) -> Result<Vec<ServerEntry>, Error> {
        let set = self.server_settings()?;
        let shown = |key: &&Key| key.scope == Scope::Host || set.get(key.name).is_some();
        Ok(KEYS.iter().filter(shown).map(|key| self.entry(key, &set)).collect())
    }

    fn entry(&self, key: &Key, set: &ServerSettings) -> ServerEntry {
        let stored = set.get(key.name).map(str::to_owned);
        let in_force = self.in_environment(key.name).filter(|value| stored.as_ref() != Some(value));
        let origin = match (&in_force, &stored) {
            (Some(_), _) => ServerOrigin::Environment,
            (None, Some(_)) => ServerOrigin::Server,
            (None, None) => ServerOrigin::Default,
        };
        let secret = settings::is_secret(key.name);
        ServerEntry {
            key: key.name.to_owned(),
            value: in_force.or(stored).or_else(|| key.default_text()).filter(|_| !secret),
            origin,
            for_apps: key.scope != Scope::Host,
            secret,
            meaning: key.meaning.to_owned(),
        }
    }

    /// The value of a key that the environment of piku may set.
    fn in_environment(&self, key: &str) -> Option<String> {
        match key {
            "PIKU_ROOT" => Some(self.root.path().to_string()),
            "PIKU_NGINX_RELOAD" => self.surroundings.nginx_reload.clone(),
            "PIKU_MAX_PROCESSES" => self.surroundings.max_processes.map(|most| most.to_string()),
            _ => None,
        }
    }

    /// Changes settings of the server, all or none. Apps get new defaults with their next release.
    ///
    /// # Errors
    /// [`Error::ServerSetting`], [`Error::ServerSettings`]. Nothing has changed then.
    pub fn server_set(
        &self,
        settings: &[(String, String)],
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<ServerChange, Error> {
        let before = self.server_settings()?;
        let change = self.change_server(actor, report, |stored| {
            for (key, value) in settings {
                stored.set(key, value)?;
            }
            self.keeps_to_itself(stored)
        })?;
        for (key, value) in settings {
            let before = before.get(key);
            if self.in_environment(key).is_some_and(|other| before != Some(other.as_str()) && other != *value)
            {
                let message = format!("`{key}` in the environment of piku wins over this");
                warn(
                    report,
                    message,
                    Some("remove it where piku is started, such as `SetEnv` in sshd_config"),
                );
            }
        }
        Ok(change)
    }

    /// Removes settings of the server, all or none.
    ///
    /// # Errors
    /// [`Error::UnknownServerSetting`], [`Error::ServerSettings`]. Nothing has changed then.
    pub fn server_unset(
        &self,
        keys: &[String],
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<ServerChange, Error> {
        self.change_server(actor, report, |stored| {
            keys.iter().try_for_each(|key| {
                let unknown = || Error::UnknownServerSetting { key: key.clone() };
                stored.unset(key).then_some(()).ok_or_else(unknown)
            })
        })
    }

    fn change_server(
        &self,
        actor: &Actor,
        report: &mut Report<'_>,
        change: impl FnOnce(&mut ServerSettings) -> Result<(), Error>,
    ) -> Result<ServerChange, Error> {
        let who = actor.name.as_deref().unwrap_or("another command");
        let doing = format!("{who} is changing the settings of the server");
        let mut waiting = |holder: &str| stage(report, format!("Waiting: {holder}"));
        let settings = server_settings::change(&self.root, &doing, &mut waiting, change)?;
        let mut at_next_deploy = Vec::new();
        for app in self.app_names()? {
            let defaults = settings.defaults(app.as_str()).to_string();
            if store::live(&self.root, &app)?.is_some_and(|live| live.defaults != defaults) {
                at_next_deploy.push(app);
            }
        }
        at_next_deploy.sort();
        at_next_deploy.dedup();
        Ok(ServerChange { at_next_deploy })
    }

    /// Refuses to let sites serve the root, whose files are secrets.
    fn keeps_to_itself(&self, settings: &ServerSettings) -> Result<(), Error> {
        let root = self.root.path();
        let within = |path: &&camino::Utf8PathBuf| path.starts_with(root) || root.starts_with(path);
        let Some(path) = settings.options().allowed_paths.into_iter().find(|path| within(&path)) else {
            return Ok(());
        };
        Err(Error::ServerSetting(InvalidServerSetting::Unfit {
            key: "PIKU_ALLOWED_PATHS",
            message: format!("`{path}` holds or is part of piku's own folder"),
            help: Some("name folders of their own, such as `/srv/media`".to_owned()),
        }))
    }
}
