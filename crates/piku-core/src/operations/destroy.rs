//! `destroy`.

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use super::Actor;
use crate::app::AppName;
use crate::certificates::served;
use crate::deploy::source::rescue;
use crate::deploy::vassals::{enabled, end, legacy, predecessor};
use crate::error::Error;
use crate::event::Report;
use crate::history::{self, Happened, HistoryEntry};
use crate::host::{HostError, access_log, files, logs, nginx, ports};
use crate::piku::Piku;
use crate::release::store;
use crate::root::Root;
use crate::vassal::VassalName;

/// The result of a destroy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Destroyed {
    /// The app's folders and site that were removed. Other files, such as sockets and vassals, are removed too but not
    /// listed.
    pub removed: Vec<Utf8PathBuf>,
    /// What was kept: the app's data and its cache.
    pub kept: Vec<Utf8PathBuf>,
}

impl Piku {
    /// Stops the app and removes everything except `data/<app>` and `cache/<app>`. A second call continues an
    /// interrupted one.
    ///
    /// # Errors
    /// [`Error::UnknownApp`], [`Error::Host`].
    pub fn destroy(&self, app: &AppName, actor: &Actor, report: &mut Report<'_>) -> Result<Destroyed, Error> {
        self.locked(app, &actor.doing("destroying", app), report, |piku, report| {
            let root = &piku.root;
            let names = enabled::of_app(root, app)?;
            end::retire(root, &names, false)?;
            predecessor::await_end(root, app, &names, report);
            end::forget_legacy(root, app)?;
            // First of all: a site whose certificate is gone would keep nginx from reading any.
            let mut gone = vec![root.site(app)];
            gone.retain(|path| files::exists(path));
            let had_site = !gone.is_empty();
            remove(&gone)?;
            served::forget(root, app)?;
            remove(&beside(root, app)?)?;
            // What the app wrote in its folder since its last deploy is data too.
            for number in store::numbers(root, app)? {
                if store::load(root, app, number)?.is_some() {
                    rescue::rescue(root, &piku.surroundings, app, number, report)?;
                }
            }
            piku.forget_in_keys(app)?;
            // Remove the repository and then the releases last: as long as they exist, the app is known, so an
            // interrupted destroy can be repeated.
            for path in [root.app(app), root.env(app), root.logs(app), root.repo(app), root.releases(app)] {
                if files::exists(&path) {
                    remove(std::slice::from_ref(&path))?;
                    gone.push(path);
                }
            }
            store::end_generation(root, app)?;
            ports::release_all_but(root, app, &[])?;
            access_log::remove(root, app)?;
            piku.keep_jobs()?;
            if had_site {
                nginx::reload(&piku.root, &piku.surroundings)?;
            }
            let destroyed =
                HistoryEntry::now(app, Happened::Destroyed, history::DESTROY, actor.name.as_deref());
            piku.write_down(&destroyed, app, report);
            let kept =
                [root.data(app), root.cache(app)].into_iter().filter(|path| files::exists(path)).collect();
            Ok(Destroyed { removed: gone, kept })
        })
    }
}

/// Files of an app that lie in folders of all apps.
pub(super) fn beside(root: &Root, app: &AppName) -> Result<Vec<Utf8PathBuf>, HostError> {
    let mut beside = vec![
        root.certificates(app),
        root.maintenance_rules(app),
        root.maintenance_operators(app),
        root.maintenance_page(app),
        root.users(app),
    ];
    beside.extend(logs::files(&root.router_log(app)));
    beside.extend(logs::files(&root.scheduler_log(app)));
    for (folder, app_of) in [
        (root.uwsgi_available(), vassal_app as fn(&str) -> Option<AppName>),
        (root.run(), run_app),
        (root.nginx(), socket_app),
    ] {
        let own = files::names(&folder)?.into_iter().filter(|name| app_of(name).as_ref() == Some(app));
        beside.extend(own.map(|name| folder.join(name)));
    }
    for name in files::names(&root.uwsgi_available())? {
        let path = root.uwsgi_available().join(name);
        // Vassals of legacy piku are identified by their contents.
        if legacy::read(root, app, &path)?.is_some() {
            beside.push(path);
        }
    }
    Ok(beside)
}

/// Removes files, links, and folders if they exist.
pub(super) fn remove(paths: &[Utf8PathBuf]) -> Result<(), HostError> {
    for path in paths {
        if path.is_dir() && !path.is_symlink() {
            files::remove_folder(path)?;
        } else if files::exists(path) {
            files::remove(path)?;
        }
    }
    Ok(())
}

/// The app of a file in `uwsgi-available`: a vassal or a file that belongs to one.
fn vassal_app(name: &str) -> Option<AppName> {
    let at = name.rfind(".ini")?;
    Some(name[..at + ".ini".len()].parse::<VassalName>().ok()?.app)
}

/// The app of a file in `run`: `<app>@<kind>.<index>.slot` or `<app>.<release>.<index>.sock`.
fn run_app(name: &str) -> Option<AppName> {
    if let Some((app, _)) = name.strip_suffix(".slot").and_then(|name| name.split_once('@')) {
        return app.parse().ok();
    }
    Root::socket_owner(name).map(|(app, _)| app)
}

/// The app of a link in `nginx`: `<app>.sock` or `<app>@<index>.sock`.
fn socket_app(name: &str) -> Option<AppName> {
    let name = name.strip_suffix(".sock")?;
    name.split_once('@').map_or(name, |(app, _)| app).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_similar_names_belong_to_their_own_apps() {
        let app = |found: Option<AppName>| found.map(|app| app.to_string());
        assert_eq!(app(socket_app("foo.sock")).as_deref(), Some("foo"));
        assert_eq!(app(socket_app("foo@2.sock")).as_deref(), Some("foo"));
        assert_eq!(app(socket_app("foo.2.sock")).as_deref(), Some("foo.2"));
        assert_eq!(app(run_app("foo.3.1.sock")).as_deref(), Some("foo"));
        assert_eq!(app(run_app("foo.9.3.1.sock")).as_deref(), Some("foo.9"));
        assert_eq!(app(run_app("foo@web.1.slot")).as_deref(), Some("foo"));
        assert_eq!(app(vassal_app("foo_web_web.1@foo_web.3.1.ini.json")).as_deref(), Some("foo_web"));
        assert_eq!(app(vassal_app("foo_web.1.ini")), None);
    }
}
