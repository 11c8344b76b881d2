//! The result of a build.

use camino::Utf8PathBuf;

use crate::release::Made;

/// A build and what it provides to processes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Build {
    /// The name of its folder below `envs/<app>`.
    pub(crate) name: Option<String>,
    pub(crate) made: Made,
}

impl Build {
    /// Its folder, if that is a virtual environment.
    pub(crate) fn virtualenv(&self) -> Option<Utf8PathBuf> {
        self.made.folder.clone().filter(|_| self.made.is_virtualenv)
    }
}
