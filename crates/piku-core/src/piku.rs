//! The operations: one method for each thing a person can ask for. Their bodies are in [`crate::operations`].

use crate::app::AppName;
use crate::cancel::Cancel;
use crate::error::Error;
use crate::host::{HostError, Surroundings};
use crate::release::store;
use crate::root::Root;

/// piku on one machine: a root folder and what surrounds it.
///
/// Making one touches nothing. Each operation takes the lock of its app for as long as it changes something,
/// so any number of programs may hold one at once.
#[derive(Debug)]
pub struct Piku {
    pub(crate) root: Root,
    pub(crate) surroundings: Surroundings,
    pub(crate) cancel: Cancel,
}

impl Piku {
    /// Works below `root`, which [`Piku::setup`](crate::Piku::setup) prepares.
    #[must_use]
    pub fn new(root: Root, surroundings: Surroundings) -> Self {
        Self { root, surroundings, cancel: Cancel::default() }
    }

    /// Lets whoever holds `cancel` end deploys that have not become live yet.
    #[must_use]
    pub fn cancelled_by(mut self, cancel: &Cancel) -> Self {
        self.cancel = cancel.clone();
        self
    }

    /// Where everything is.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// What piku knows of the process that it runs in.
    #[must_use]
    pub fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// Refuses an app that is not there, naming the nearest one that is.
    pub(crate) fn must_exist(&self, app: &AppName) -> Result<(), Error> {
        if store::exists(&self.root, app) {
            return Ok(());
        }
        let nearest = self
            .app_names()?
            .into_iter()
            .map(|other| (strsim::damerau_levenshtein(other.as_str(), app.as_str()), other))
            .filter(|(distance, _)| *distance <= 2)
            .min();
        Err(Error::UnknownApp { app: app.clone(), nearest: nearest.map(|(_, other)| other) })
    }

    /// Every app there is, by name: those that have a repository and those that are live.
    pub(crate) fn app_names(&self) -> Result<Vec<AppName>, HostError> {
        let mut names = crate::host::files::names(&self.root.repos())?;
        names.extend(crate::host::files::names(&self.root.apps())?);
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }
}
