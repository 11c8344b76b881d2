//! Claims what only one app can have: ports and server names.

use std::net::{IpAddr, Ipv4Addr, TcpListener};

use super::DeployError;
use super::plan;
use super::plan::basis::Ports;
use super::source::inputs::{EarlyInputs, Inputs};
use super::vassals::predecessor;
use crate::app::AppName;
use crate::formation::Formation;
use crate::host::lock::AppLock;
use crate::host::{HostError, files, ports};
use crate::release::{Release, store};
use crate::root::Root;

/// Refuses a server name that another app has. nginx would use whichever site it reads first.
pub(crate) fn server_names(root: &Root, app: &AppName, early: &EarlyInputs) -> Result<(), DeployError> {
    if !early.has_site() {
        return Ok(());
    }
    match taken(root, app, &early.options.names(), early.options.ipv4)? {
        Some((name, holder)) => Err(DeployError::ServerNameTaken { name, holder }),
        None => Ok(()),
    }
}

/// Makes sure again that nobody else has the server names, now that they are about to be used: another deploy may have
/// got them meanwhile. Nobody gets any while the lock is held; `None` if the app has all of these already.
pub(crate) fn hold_server_names(
    root: &Root,
    app: &AppName,
    inputs: &Inputs,
) -> Result<Option<AppLock>, DeployError> {
    let options = &inputs.options.nginx;
    let names = options.names();
    if !inputs.has_site() || new_names(root, app, &names, options.ipv4)?.is_empty() {
        return Ok(None);
    }
    let doing = format!("`{app}` is getting its server names");
    let lock = AppLock::take(&root.server_names_lock(), &doing, &mut |_| {})?;
    match taken(root, app, &names, options.ipv4)? {
        Some((name, holder)) => Err(DeployError::ServerNameTaken { name, holder }),
        None => Ok(Some(lock)),
    }
}

/// The first of these names that the site of another app has at this address, and that app.
fn taken(
    root: &Root,
    app: &AppName,
    names: &[String],
    address: Ipv4Addr,
) -> Result<Option<(String, AppName)>, HostError> {
    let new = new_names(root, app, names, address)?;
    if new.is_empty() {
        return Ok(None);
    }
    for other in files::names(&root.apps())?.iter().filter_map(|name| name.parse::<AppName>().ok()) {
        let Some(served) = (other != *app).then(|| served(root, &other)).transpose()?.flatten() else {
            continue;
        };
        if let Some(name) = new.iter().find(|name| served.has(name, address)) {
            return Ok(Some(((*name).clone(), other)));
        }
    }
    Ok(None)
}

/// Those of the names that the live site of the app does not have. No other app was given the others, so a push with
/// the names of the last one reads nothing of other apps, however many there are.
fn new_names<'a>(
    root: &Root,
    app: &AppName,
    names: &'a [String],
    address: Ipv4Addr,
) -> Result<Vec<&'a String>, HostError> {
    let own = served(root, app)?;
    let new = |name: &&String| !own.as_ref().is_some_and(|own| own.has(name, address));
    Ok(names.iter().filter(new).collect())
}

/// What the site of a live release answers to.
struct Served {
    address: Ipv4Addr,
    names: String,
}

impl Served {
    fn has(&self, name: &str, address: Ipv4Addr) -> bool {
        let mut names = self.names.split([' ', ',', '\t']);
        self.address == address && names.any(|own| own.eq_ignore_ascii_case(name))
    }
}

fn served(root: &Root, app: &AppName) -> Result<Option<Served>, HostError> {
    let has_site = files::exists(&root.site(app));
    let live = has_site.then(|| store::live(root, app)).transpose()?.flatten();
    Ok(live.map(|live| {
        let setting = |key: &str| live.live_env.get(key).map_or("", String::as_str);
        Served {
            address: setting("NGINX_IPV4_ADDRESS").parse().unwrap_or(Ipv4Addr::UNSPECIFIED),
            names: [setting("NGINX_SERVER_NAME"), setting("NGINX_REDIRECT")].join(" "),
        }
    }))
}

/// Reserves the ports in the settings and picks the others, each with a socket that guards it until the processes are
/// about to start.
pub(crate) fn ports(
    root: &Root,
    app: &AppName,
    early: &EarlyInputs,
    formation: &Formation,
    live: Option<&Release>,
) -> Result<(Ports, Vec<TcpListener>), DeployError> {
    let bind: IpAddr = plan::reachable(&early.options.bind_address, 0).ip();
    let listens_at = plan::listens_at(&early.options.bind_address);
    let web = plan::web_count(&early.procfile, formation);
    let mut guards = Vec::new();
    let mut pick = || -> Result<u16, DeployError> {
        let picked = ports::pick(root, app, bind)?;
        guards.push(picked.guard);
        Ok(picked.port)
    };
    let kept = kept(live, !early.has_site() && web > 0, |port| {
        predecessor::refuse_strangers(root, app, (listens_at, port).into()).is_ok()
    });
    let kept_at = |index: u32| kept.get(index as usize).copied().flatten();
    let first = match early.options.port {
        Some(port) => {
            ports::hold(root, app, port)?.map_err(|holder| DeployError::PortTaken { port, holder })?;
            predecessor::refuse_strangers(root, app, (listens_at, port).into())?;
            port
        }
        // Behind nginx, a `web` process of the old release still uses its port. Other apps keep theirs forever.
        None => match live.and_then(|release| release.ports.first()).filter(|_| web == 0) {
            Some(port) => *port,
            None => kept_at(0).map_or_else(&mut pick, Ok)?,
        },
    };
    let mut all = Ports { app: first, ..Ports::default() };
    for index in 0..web {
        let mut next = || kept_at(index).map_or_else(&mut pick, Ok);
        all.web.push(if index == 0 { first } else { next()? });
    }
    all.kept = all.web.iter().copied().filter(|port| kept.contains(&Some(*port))).collect();
    Ok((all, guards))
}

/// The ports of the live release, by process, that a release without a site keeps: whoever uses the app knows them.
/// `None` for one that another program has got meanwhile. Behind nginx, nobody knows them, and new ones let old and new
/// processes run next to each other.
fn kept(live: Option<&Release>, keeps: bool, is_free: impl Fn(u16) -> bool) -> Vec<Option<u16>> {
    let known = live.filter(|live| keeps && live.site.is_none());
    let ports = known.map_or(&[][..], |live| live.ports.as_slice());
    ports.iter().map(|port| Some(*port).filter(|port| is_free(*port))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests look at a folder of their own")]

    use camino::Utf8PathBuf;

    use super::*;

    /// Makes a live release with a site of these names.
    fn live(root: &Root, app: &str, names: &str) -> Utf8PathBuf {
        let app: AppName = app.parse().unwrap();
        let record = serde_json::json!({
            "number": 1, "commit": "0123", "created": "2026-11-23T04:30:00Z", "cause": {"what": "restart"},
            "tree_of": 1, "settings": "", "formation": {}, "live_env": {"NGINX_SERVER_NAME": names},
            "vassals": [], "ports": []
        });
        let path = root.release(&app, 1).join("release.json");
        for folder in [root.apps(), root.nginx(), root.release(&app, 1)] {
            std::fs::create_dir_all(folder).unwrap();
        }
        std::fs::write(&path, record.to_string()).unwrap();
        std::fs::write(root.site(&app), "").unwrap();
        std::os::unix::fs::symlink(store::live_target(&app, 1), root.app(&app)).unwrap();
        path
    }

    #[test]
    fn a_name_of_another_app_is_taken_and_names_that_stay_are_not_looked_for() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap());
        live(&root, "blog", "blog.test www.blog.test");
        let shop = live(&root, "shop", "shop.test,Store.test");
        let blog: AppName = "blog".parse().unwrap();
        let ask = |names: &[&str], address| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            taken(&root, &blog, &names, address)
        };
        let any = Ipv4Addr::UNSPECIFIED;
        let found = ask(&["www.blog.test", "store.test"], any).unwrap();
        assert_eq!(found, Some(("store.test".to_owned(), "shop".parse().unwrap())));
        assert_eq!(ask(&["store.test"], Ipv4Addr::LOCALHOST).unwrap(), None, "at another address");
        assert_eq!(ask(&["new.test"], any).unwrap(), None);

        std::fs::write(shop, "damaged").unwrap();
        assert_eq!(ask(&["www.blog.test", "BLOG.test"], any).unwrap(), None);
        assert!(ask(&["new.test"], any).is_err(), "a new name is looked for everywhere");
        assert!(ask(&["blog.test"], Ipv4Addr::LOCALHOST).is_err(), "so is an old one at a new address");
    }
}
