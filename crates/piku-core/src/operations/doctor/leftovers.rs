//! Finds files in piku's folder that belong to nothing.

use camino::{Utf8Path, Utf8PathBuf};

use crate::app::AppName;
use crate::deploy::vassals::enabled::folders;
use crate::deploy::vassals::legacy;
use crate::host::examine::is_busy;
use crate::host::files;
use crate::host::legacy::is_our_emperor;
use crate::release::store;
use crate::root::Root;
use crate::vassal::{OWN_JOBS, VassalName};

/// Files of unknown apps, and unfinished releases of apps that are not busy.
pub(super) fn find(root: &Root) -> Vec<Utf8PathBuf> {
    let known = |name: &AppName| store::exists(root, name);
    let stray = |name: &str| name.parse::<AppName>().is_ok_and(|app| !known(&app));
    let mut found: Vec<Utf8PathBuf> = Vec::new();
    for folder in [root.envs(), root.all_logs()] {
        let names = files::names(&folder).unwrap_or_default();
        found.extend(names.iter().filter(|name| stray(name)).map(|name| folder.join(name)));
    }
    let sites = files::names(&root.nginx()).unwrap_or_default();
    let strays = sites.iter().filter(|name| name.strip_suffix(".conf").is_some_and(stray));
    found.extend(strays.map(|name| root.nginx().join(name)));
    let apps: Vec<AppName> = [root.apps(), root.all_releases()]
        .iter()
        .flat_map(|folder| files::names(folder).unwrap_or_default())
        .filter_map(|name| name.parse().ok())
        .collect();
    let adopted = |folder: &Utf8Path, name: &str| {
        let file = folder.join(name);
        apps.iter().any(|app| legacy::read(root, app, &file).map_or(true, |found| found.is_some()))
    };
    for folder in folders(root) {
        let enabled = files::names(&folder).unwrap_or_default();
        let is_own = |name: &str| name.starts_with(OWN_JOBS) || is_our_emperor(name);
        let strays = enabled.iter().filter(|name| match name.parse::<VassalName>() {
            Ok(vassal) => !known(&vassal.app),
            Err(_) => name.ends_with(".ini") && !is_own(name) && !adopted(&folder, name),
        });
        found.extend(strays.map(|name| folder.join(name)));
    }
    let mut unfinished: Vec<Utf8PathBuf> = apps
        .iter()
        .filter(|app| !is_busy(root, app))
        .flat_map(|app| {
            let numbers = store::numbers(root, app).unwrap_or_default();
            let half_made =
                |number: &u32| *number != 0 && matches!(store::load(root, app, *number), Ok(None));
            numbers.into_iter().filter(half_made).map(|number| root.release(app, number)).collect::<Vec<_>>()
        })
        .collect();
    unfinished.dedup();
    found.extend(unfinished);
    found
}
