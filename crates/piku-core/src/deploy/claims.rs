//! Claims what only one app can have: ports and server names.

mod error;

use std::net::{IpAddr, TcpListener};

pub use error::ClaimError;

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
use crate::settings::live_env;
use crate::site_claim::{Collision, SiteClaim};

/// Refuses names and an address that would take traffic of another app. nginx would use whichever site fits better, or
/// the one that it reads first.
pub(crate) fn server_names(root: &Root, app: &AppName, early: &EarlyInputs) -> Result<(), DeployError> {
    if !early.has_site() {
        return Ok(());
    }
    refuse_taken(root, app, &early.options.site)
}

/// Makes sure again that nobody else has the server names, now that they are about to be used: another deploy may have
/// got them meanwhile. Nobody gets any while the lock is held; `None` if the app has all of these already.
pub(crate) fn hold_server_names(
    root: &Root,
    app: &AppName,
    inputs: &Inputs,
) -> Result<Option<AppLock>, DeployError> {
    let claim = SiteClaim::of(&inputs.options);
    if !inputs.has_site() || claim.beyond(served(root, app)?.as_ref()).is_none() {
        return Ok(None);
    }
    let doing = format!("`{app}` is getting its server names");
    let lock = AppLock::take(&root.server_names_lock(), &doing, &mut |_| {})?;
    refuse_taken(root, app, &claim)?;
    Ok(Some(lock))
}

fn refuse_taken(root: &Root, app: &AppName, claim: &SiteClaim) -> Result<(), DeployError> {
    match taken(root, app, claim)? {
        Some((Collision::Name { name, held }, holder)) => {
            Err(ClaimError::ServerName { name, held, holder }.into())
        }
        Some((Collision::Address(address), holder)) => Err(ClaimError::Address { address, holder }.into()),
        None => Ok(()),
    }
}

/// What the claim would take from the site of another app, and that app. What the live site of the app has already was
/// given to nobody else, so a push with the names of the last one reads nothing of other apps, however many there are.
pub(crate) fn taken(
    root: &Root,
    app: &AppName,
    claim: &SiteClaim,
) -> Result<Option<(Collision, AppName)>, HostError> {
    let Some(new) = claim.beyond(served(root, app)?.as_ref()) else { return Ok(None) };
    let formerly = store::formerly(root, app);
    for other in files::names(&root.apps())?.iter().filter_map(|name| name.parse::<AppName>().ok()) {
        let Some(held) = (other != *app && Some(&other) != formerly.as_ref())
            .then(|| served(root, &other))
            .transpose()?
            .flatten()
        else {
            continue;
        };
        if let Some(collision) = new.takes_from(&held) {
            return Ok(Some((collision, other)));
        }
    }
    Ok(None)
}

/// What the site of an app answers to; `None` if it has no site. Releases of an older version of piku have only their
/// settings, and legacy piku only the text of the site and the environment.
fn served(root: &Root, app: &AppName) -> Result<Option<SiteClaim>, HostError> {
    let Some(site) = files::read_text(&root.site(app))? else { return Ok(None) };
    let Some(live) = store::live(root, app)? else {
        let names = piku_nginx::server_names_in(&site);
        let settings = files::read(&root.live_env(app))?.map(|text| live_env::read(&text));
        let addresses = SiteClaim::of_settings(&settings.unwrap_or_default());
        return Ok(Some(SiteClaim { names, ..addresses }));
    };
    Ok(Some(live.claim.unwrap_or_else(|| SiteClaim::of_settings(&live.live_env))))
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

    fn claim(names: &str) -> SiteClaim {
        let names = names.split(' ').map(str::to_owned).collect();
        SiteClaim { names, ..SiteClaim::everywhere() }
    }

    #[test]
    fn a_name_of_another_app_is_taken_and_names_that_stay_are_not_looked_for() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap());
        live(&root, "blog", "blog.test www.blog.test");
        let shop = live(&root, "shop", "shop.test,Store.test\n*.shop.test.");
        let blog: AppName = "blog".parse().unwrap();
        let ask = |names: &str| taken(&root, &blog, &claim(names));
        let found = |name: &str, held: &str| {
            let collision = Collision::Name { name: name.to_owned(), held: held.to_owned() };
            Some((collision, "shop".parse().unwrap()))
        };
        assert_eq!(ask("www.blog.test store.test").unwrap(), found("store.test", "Store.test"));
        assert_eq!(ask("a.shop.test").unwrap(), found("a.shop.test", "*.shop.test."));
        assert_eq!(ask("new.test").unwrap(), None);
        let apart = SiteClaim { ipv4: [127, 0, 0, 1].into(), ..claim("new.test") };
        let address = Collision::Address([127, 0, 0, 1].into());
        assert_eq!(taken(&root, &blog, &apart).unwrap(), Some((address, "shop".parse().unwrap())));

        std::fs::write(shop, "damaged").unwrap();
        assert_eq!(ask("www.blog.test BLOG.test").unwrap(), None);
        assert!(ask("new.test").is_err(), "a new name is looked for everywhere");
        assert!(taken(&root, &blog, &apart).is_err(), "so is an old one at a new address");
    }

    #[test]
    fn names_in_a_site_of_legacy_piku_are_taken() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap());
        let old: AppName = "old".parse().unwrap();
        std::fs::create_dir_all(root.app(&old)).unwrap();
        std::fs::create_dir_all(root.nginx()).unwrap();
        let site =
            "upstream old { server x; }\nserver {\n listen 80;\n server_name old.test www.old.test;\n}\n";
        std::fs::write(root.site(&old), site).unwrap();
        let found = taken(&root, &"new".parse().unwrap(), &claim("*.old.test")).unwrap();
        assert!(matches!(found, Some((Collision::Name { held, .. }, _)) if held == "www.old.test"));
        let apart = SiteClaim { ipv4: [127, 0, 0, 1].into(), ipv6: None, ..claim("new.test") };
        let ask = || taken(&root, &"new".parse().unwrap(), &apart).unwrap();
        assert!(ask().is_some(), "without an address, it is served at all of them");
        std::fs::create_dir_all(root.env(&old)).unwrap();
        std::fs::write(root.live_env(&old), "NGINX_IPV4_ADDRESS=127.0.0.1\n").unwrap();
        assert_eq!(ask(), None);
    }
}
