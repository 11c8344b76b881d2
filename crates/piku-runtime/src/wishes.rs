//! What an app and its server ask of a build.

use std::collections::BTreeMap;

use crate::RuntimeName;

/// What the app and its settings ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// `PIKU_RUNTIME`: the runtime by name, instead of the one that would be detected. Blank is as good as absent.
    pub runtime: Option<String>,
    /// `PYTHON_VERSION`, which goes before `.python-version`. Blank is as good as absent.
    pub python_version: Option<String>,
    /// Packages to install besides those of the app, such as `pyuwsgi`.
    pub extra_packages: Vec<String>,
    /// The runtime without which a process can't run, so that no manifest is needed: `wsgi` needs Python, `rwsgi` Ruby,
    /// `jwsgi` Java, `php` PHP.
    pub needs: Option<RuntimeName>,
    /// Whether nothing but files is served.
    pub only_static: bool,
    /// The settings of the app, as the steps of the build see them: `NODE_VERSION`, `NODE_PACKAGE_MANAGER`, and
    /// `NODE_ENV` decide about a build, and so does every setting where programs of the app run in it.
    pub settings: BTreeMap<String, String>,
}

impl Wishes {
    /// Gives a setting; a blank one is as good as absent.
    pub(crate) fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// Tells whether a setting has that value.
    pub(crate) fn is(&self, setting: &str, value: &str) -> bool {
        self.setting(setting) == Some(value)
    }

    pub(crate) fn named(&self) -> Option<&str> {
        self.runtime.as_deref().map(str::trim).filter(|name| !name.is_empty())
    }
}
