//! Finds `web` processes that other machines reach without nginx.

use std::net::SocketAddr;

use super::plan::{Process, Work};
use crate::event::{Report, warn};
use crate::host::{emperor, sockets};
use crate::root::Root;
use crate::settings::Options;

/// How common servers are told where to listen.
const EXAMPLES: &str = "`gunicorn --bind $BIND_ADDRESS:$PORT …`, `server.listen(process.env.PORT, process.env.BIND_ADDRESS)`, \
    `streamlit run … --server.address $BIND_ADDRESS --server.port $PORT`";

/// Where `web` processes listen for other machines: at all addresses, or at one that is not of this machine alone.
pub(crate) fn exposed<'a>(root: &Root, processes: &[&'a Process]) -> Vec<(&'a Process, SocketAddr)> {
    let web = processes.iter().filter_map(|process| match process.work {
        Work::Web { address, .. } => Some((*process, address.port())),
        _ => None,
    });
    let web: Vec<(&Process, u16)> = web.collect();
    if web.is_empty() {
        return Vec::new();
    }
    let stats = emperor::ask(&root.emperor_stats()).unwrap_or_default();
    let mut found = Vec::new();
    for (process, port) in web {
        let Some(vassal) = stats.vassal(&process.name.to_string()) else { continue };
        let addresses = sockets::bound_below(port, vassal.pid).into_iter();
        let open = addresses.filter(|ip| !ip.is_loopback()).map(|ip| (process, SocketAddr::new(ip, port)));
        found.extend(open);
    }
    found
}

/// Warns of the first such process of an app with a site.
pub(crate) fn warn_of(root: &Root, options: &Options, processes: &[&Process], report: &mut Report<'_>) {
    let Some((process, address)) = exposed(root, processes).into_iter().next() else { return };
    let message = format!(
        "{} listens on {address}, where other machines reach it without nginx: HTTPS and rules about who may connect \
         do not apply there",
        process.shown()
    );
    let bind = options.bind_address.trim_matches(['[', ']']);
    let help = match bind.parse() {
        Ok(ip) if !std::net::IpAddr::is_loopback(&ip) => {
            format!("remove the setting BIND_ADDRESS={bind}; nginx asks the app at 127.0.0.1")
        }
        _ => format!("make it listen on $BIND_ADDRESS ({bind}) and $PORT: {EXAMPLES}"),
    };
    warn(report, message, Some(&help));
}
