//! [`Piku`], the entry point. Its operations are in [`crate::operations`].

use crate::access::Sight;
use crate::app::AppName;
use crate::cancel::Cancel;
use crate::error::Error;
use crate::host::{HostError, Surroundings, legacy};
use crate::nearest::nearest;
use crate::release::store;
use crate::renamed;
use crate::root::Root;
use crate::server_settings;

/// piku on one machine: a root folder and its surroundings.
///
/// Creating one has no effect on the machine. An operation that changes an app holds the lock of the app, so several
/// programs may use the same root at the same time.
#[derive(Debug)]
pub struct Piku {
    pub(crate) root: Root,
    pub(crate) surroundings: Surroundings,
    pub(crate) cancel: Cancel,
    /// The apps that whoever asks may know of.
    pub(crate) sight: Sight,
}

impl Piku {
    /// Uses `root`, which [`Piku::setup`](crate::Piku::setup) prepares. What `surroundings` leaves open, the settings of
    /// the server decide, as they are now.
    #[must_use]
    pub fn new(root: Root, mut surroundings: Surroundings) -> Self {
        // Whoever needs a file that can't be read says so: a deploy, `server`, and `doctor`.
        let options = server_settings::options(&root);
        let root = legacy::place(root);
        surroundings.nginx_reload = surroundings.nginx_reload.or(options.nginx_reload);
        surroundings.max_processes = surroundings.max_processes.or(options.max_processes);
        Self { root, surroundings, cancel: Cancel::default(), sight: Sight::All }
    }

    /// Makes `cancel` cancel deploys that are not live yet.
    #[must_use]
    pub fn cancelled_by(mut self, cancel: &Cancel) -> Self {
        self.cancel = cancel.clone();
        self
    }

    /// The root folder.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// What piku knows about the process it runs in.
    #[must_use]
    pub fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// Fails if the app does not exist, and suggests one with a similar name.
    pub(crate) fn must_exist(&self, app: &AppName) -> Result<(), Error> {
        if store::exists(&self.root, app) {
            return Ok(());
        }
        self.must_have_its_name(app)?;
        Err(Error::UnknownApp { app: app.clone(), nearest: self.nearest(app)? })
    }

    /// Fails if there is no app of that name because it has another name now.
    pub(crate) fn must_have_its_name(&self, app: &AppName) -> Result<(), Error> {
        match renamed::now(&self.root, app)? {
            Some(new) => Err(Error::Renamed { old: app.clone(), new }),
            None => Ok(()),
        }
    }

    /// The existing app whose name is most similar, if any is.
    pub(crate) fn nearest(&self, app: &AppName) -> Result<Option<AppName>, HostError> {
        let names = self.app_names()?;
        let seen = names.iter().filter(|name| self.sight.shows(name)).map(AppName::as_str);
        let found = nearest(app.as_str(), seen);
        Ok(found.and_then(|name| name.parse().ok()))
    }

    /// The names of all apps: those with a repository and those that are live.
    pub(crate) fn app_names(&self) -> Result<Vec<AppName>, HostError> {
        let mut names = crate::host::files::names(&self.root.repos())?;
        names.extend(crate::host::files::names(&self.root.apps())?);
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }
}
