//! Claims what only one app can have: ports and server names.

use std::net::{IpAddr, Ipv4Addr, TcpListener};

use super::DeployError;
use super::plan;
use super::plan::basis::Ports;
use super::source::inputs::EarlyInputs;
use super::vassals::predecessor;
use crate::app::AppName;
use crate::formation::Formation;
use crate::host::{files, ports};
use crate::release::{Release, store};
use crate::root::Root;

/// Refuses a server name that another app has. nginx would use whichever site it reads first.
pub(crate) fn server_names(root: &Root, app: &AppName, early: &EarlyInputs) -> Result<(), DeployError> {
    let wanted = &early.options.server_names;
    if !early.has_site() {
        return Ok(());
    }
    for other in files::names(&root.apps())?.iter().filter_map(|name| name.parse::<AppName>().ok()) {
        let has_site = other != *app && files::exists(&root.site(&other));
        let Some(live) = has_site.then(|| store::live(root, &other)).transpose()?.flatten() else { continue };
        let setting = |key: &str| live.live_env.get(key).map_or("", String::as_str);
        let address = setting("NGINX_IPV4_ADDRESS").parse().unwrap_or(Ipv4Addr::UNSPECIFIED);
        let names = setting("NGINX_SERVER_NAME");
        let same =
            |name: &&String| names.split([' ', ',', '\t']).any(|taken| taken.eq_ignore_ascii_case(name));
        if address != early.options.ipv4 {
            continue;
        }
        if let Some(name) = wanted.iter().find(same) {
            return Err(DeployError::ServerNameTaken { name: name.clone(), holder: other });
        }
    }
    Ok(())
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
    let first = match early.options.port {
        Some(port) => {
            ports::hold(root, app, port)?.map_err(|holder| DeployError::PortTaken { port, holder })?;
            predecessor::refuse_strangers(root, app, (listens_at, port).into())?;
            port
        }
        // A `web` process of the old release still uses its port. Other apps keep theirs forever.
        None => match live.and_then(|release| release.ports.first()).filter(|_| web == 0) {
            Some(port) => *port,
            None => pick()?,
        },
    };
    let mut all = Ports { app: first, web: Vec::new() };
    for index in 0..web {
        all.web.push(if index == 0 { first } else { pick()? });
    }
    Ok((all, guards))
}
