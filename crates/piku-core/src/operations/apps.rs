//! `apps`.

use std::collections::BTreeSet;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use crate::app::AppName;
use crate::deploy::vassals::legacy;
use crate::error::Error;
use crate::host::deploy_lock::{self, DeployLock};
use crate::host::{files, maintenance};
use crate::piku::Piku;
use crate::release::store;
use crate::vassal::VassalName;

/// An app, as listed by `apps`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AppStatus {
    /// The app.
    pub name: AppName,
    /// Whether any of its processes is enabled. A static site has none.
    pub running: bool,
    /// The live release, if any.
    pub release: Option<u32>,
    /// Whether it is under maintenance.
    pub maintenance: bool,
    /// The lock that keeps it from being deployed, if there is one.
    pub lock: Option<DeployLock>,
}

impl Piku {
    /// Every app, by name. Reads only three folders, and looks for two files per app.
    ///
    /// # Errors
    /// [`Error::Host`] if a folder can't be read.
    pub fn apps(&self) -> Result<Vec<AppStatus>, Error> {
        let enabled = files::names(&self.root.uwsgi_enabled())?;
        let adopted = files::names(&self.root.legacy_enabled())?;
        let running: BTreeSet<AppName> = enabled
            .iter()
            .filter_map(|name| name.parse::<VassalName>().ok())
            .map(|vassal| vassal.app)
            .collect();
        let status = |name: AppName| {
            let release = store::live_number(&self.root, &name);
            let foreign = release.is_none() && store::is_foreign_clone(&self.root, &name);
            let has_legacy = |folder: &Utf8Path, files: &BTreeSet<String>| {
                let of_app = |file: &String| legacy::read(&self.root, &name, &folder.join(file));
                files.iter().any(|file| of_app(file).is_ok_and(|found| found.is_some()))
            };
            let running = running.contains(&name)
                || foreign
                    && (has_legacy(&self.root.uwsgi_enabled(), &enabled)
                        || has_legacy(&self.root.legacy_enabled(), &adopted));
            let maintenance = maintenance::is_on(&self.root, &name);
            let lock = deploy_lock::read(&self.root, &name).ok().flatten();
            AppStatus { name, running, release, maintenance, lock }
        };
        let names = self.app_names()?.into_iter().filter(|name| self.sight.shows(name));
        let mut apps: Vec<AppStatus> = names.map(status).collect();
        apps.sort_by(|one, other| one.name.cmp(&other.name));
        apps.dedup_by(|one, other| one.name == other.name);
        Ok(apps)
    }
}
