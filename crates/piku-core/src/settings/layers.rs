//! The settings of a release: `envs/<app>/ENV` overrides the app's `ENV` file, which overrides the server's defaults.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::env_file::Assignment;
use super::keys;
use super::limits::{self, InvalidSetting};
use super::stored::StoredSettings;

/// Where a setting comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Origin {
    /// The app's `ENV` file.
    #[serde(rename = "ENV")]
    File,
    /// `config:set`.
    #[serde(rename = "config:set")]
    Stored,
    /// `server:set`, for all apps.
    #[serde(rename = "server")]
    Server,
    /// Not set: the default applies.
    #[serde(rename = "default")]
    Default,
}

/// As `config` names it.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::File => "ENV",
            Self::Stored => "config:set",
            Self::Server => "server",
            Self::Default => "default",
        })
    }
}

/// A setting in force.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// Its value; expanded if it comes from the `ENV` file.
    pub value: String,
    /// Anything but [`Origin::Default`].
    pub origin: Origin,
    /// The bytes of its file that hold the value.
    pub span: Range<usize>,
}

/// Every setting of an app, each with its origin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layers {
    settings: BTreeMap<String, Setting>,
}

impl Layers {
    /// Merges both sources; `stored` overrides `file`.
    pub fn new(file: impl IntoIterator<Item = Assignment>, stored: &StoredSettings) -> Self {
        let file = file
            .into_iter()
            .map(|Assignment { key, value, span, .. }| (key, Setting { value, origin: Origin::File, span }));
        let stored = stored.iter().map(|(key, value)| {
            let setting = Setting { value: value.to_owned(), origin: Origin::Stored, span: stored.span(key) };
            (key.to_owned(), setting)
        });
        Self { settings: file.chain(stored).collect() }
    }

    /// Adds the defaults of the server for what neither source sets. An empty value counts as set.
    #[must_use]
    pub fn with_defaults(mut self, defaults: &StoredSettings) -> Self {
        for (key, value) in defaults.iter() {
            let setting =
                || Setting { value: value.to_owned(), origin: Origin::Server, span: defaults.span(key) };
            self.settings.entry(key.to_owned()).or_insert_with(setting);
        }
        self
    }

    /// The value of a key, if set.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.setting(key).map(|setting| setting.value.as_str())
    }

    /// The value and origin of a key, if set.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<&Setting> {
        self.settings.get(key)
    }

    /// Where the value of a key comes from.
    #[must_use]
    pub fn origin(&self, key: &str) -> Origin {
        self.setting(key).map_or(Origin::Default, |setting| setting.origin)
    }

    /// Every setting, in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.settings.iter().map(|(key, setting)| (key.as_str(), setting))
    }

    /// Every key with its value.
    #[must_use]
    pub fn values(&self) -> BTreeMap<String, String> {
        self.iter().map(|(key, setting)| (key.to_owned(), setting.value.clone())).collect()
    }

    /// Checks that all settings together fit into the environment of a process.
    ///
    /// # Errors
    /// [`InvalidSetting::TooMuch`].
    pub fn check_size(&self) -> Result<(), InvalidSetting> {
        limits::check_together(self.iter().map(|(key, setting)| (key, setting.value.as_str())))
    }

    /// The environment of a process: piku's variables in `own`, overridden by the settings.
    ///
    /// Settings can't override [`keys::OWN`], which could point an app at the data of another. `UWSGI_*` is left out,
    /// since uWSGI reads such variables as options. The app may set anything else, including `PATH`, which then
    /// replaces the whole path: to keep the commands of the build, write `PATH=$PATH:/opt/tools` in `ENV`.
    #[must_use]
    pub fn process_environment(&self, own: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let theirs = self.iter().filter(|(key, _)| !keys::is_own(key));
        let theirs = theirs.map(|(key, setting)| (key.to_owned(), setting.value.clone()));
        let mut all: BTreeMap<_, _> = own.clone().into_iter().chain(theirs).collect();
        all.retain(|key, _| !keys::is_kept_from_processes(key));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse_env;
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn layers(env: &str, stored: &str) -> Layers {
        let (stored, _) = StoredSettings::parse(stored.as_bytes());
        Layers::new(parse_env(env.as_bytes(), &BTreeMap::new()).values.unwrap(), &stored.unwrap())
    }

    #[test]
    fn what_was_stored_counts_before_the_file() {
        let layers = layers("A=file\nB=file\n", "# mine\nB=stored\nC=stored\n");
        assert_eq!(layers.values(), map(&[("A", "file"), ("B", "stored"), ("C", "stored")]));
        let origins = ["A", "B", "C", "D"].map(|key| layers.origin(key));
        assert_eq!(origins, [Origin::File, Origin::Stored, Origin::Stored, Origin::Default]);
        assert_eq!(layers.setting("A").unwrap().span, 2..6);
        assert_eq!(layers.setting("B").unwrap().span, 9..15);
    }

    #[test]
    fn defaults_of_the_server_are_the_lowest_layer_and_an_empty_value_turns_one_off() {
        let (defaults, _) = StoredSettings::parse(b"A=server\nB=server\nC=server\nD=server\n");
        let layers = layers("A=file\nB=\n", "C=stored\n").with_defaults(&defaults.unwrap());
        assert_eq!(layers.values(), map(&[("A", "file"), ("B", ""), ("C", "stored"), ("D", "server")]));
        assert_eq!(
            ["A", "B", "C", "D", "E"].map(|key| layers.origin(key).to_string()),
            ["ENV", "ENV", "config:set", "server", "default"]
        );
        assert_eq!(layers.setting("D").unwrap().span, 29..35);
    }

    #[test]
    fn a_process_gets_pikus_variables_with_the_settings_over_them() {
        let layers = layers(
            "HOME=/elsewhere\nAPP=other\nUWSGI_LISTEN=9\nPROC_TYPE=x\n",
            "PORT=80\nUWSGI_X=1\nKEY=v\n",
        );
        let own = map(&[
            ("APP", "blog"),
            ("HOME", "/home/piku"),
            ("PORT", "4001"),
            ("UWSGI_Y", "1"),
            ("USER", "piku"),
        ]);
        let wanted =
            map(&[("APP", "blog"), ("HOME", "/elsewhere"), ("KEY", "v"), ("PORT", "80"), ("USER", "piku")]);
        assert_eq!(layers.process_environment(&own), wanted);
    }
}
