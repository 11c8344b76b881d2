//! What an app and its server ask for in a build.

use std::collections::BTreeMap;

use crate::RuntimeName;

/// What the app and its settings ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wishes {
    /// `PIKU_RUNTIME`: the runtime to use instead of detecting one. Blank counts as absent.
    pub runtime: Option<String>,
    /// `PYTHON_VERSION`, which takes precedence over `.python-version`. Blank counts as absent.
    pub python_version: Option<String>,
    /// Packages to install in addition to the app's, such as `pyuwsgi`.
    pub extra_packages: Vec<String>,
    /// The runtime that a process requires, whatever the manifests: `wsgi` needs Python, `rwsgi` Ruby, `jwsgi` Java,
    /// `php` PHP.
    pub needs: Option<RuntimeName>,
    /// Whether only files are served.
    pub only_static: bool,
    /// Whether the folders of these files are in the tree, so that nothing has to be built.
    pub files_are_there: bool,
    /// The settings of the app, as the build steps see them. `NODE_VERSION`, `NODE_PACKAGE_MANAGER`, and `NODE_ENV`
    /// decide a build, and so does every setting if programs of the app run in it.
    pub settings: BTreeMap<String, String>,
}

impl Wishes {
    /// Returns a setting; a blank one counts as absent.
    pub(crate) fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// Whether a setting has this value.
    pub(crate) fn is(&self, setting: &str, value: &str) -> bool {
        self.setting(setting) == Some(value)
    }

    pub(crate) fn named(&self) -> Option<&str> {
        self.runtime.as_deref().map(str::trim).filter(|name| !name.is_empty())
    }
}
