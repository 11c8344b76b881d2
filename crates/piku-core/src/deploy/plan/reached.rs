//! The addresses of a live app, and what it needs to be reachable.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use piku_nginx::ServerName;
use piku_procfile::runs_in_uwsgi;

use super::decide::{Plan, Serves, listens_at};
use super::site::plain_host;
use crate::app::AppName;
use crate::deploy::source::inputs::Inputs;
use crate::release::Release;
use crate::vassal::VassalName;

/// What a plan does not show about the way to an app.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outside {
    /// The address that this machine has in its network.
    pub(crate) machine: Option<IpAddr>,
    /// Whether a `web` process listens for other machines, whatever its settings say.
    pub(crate) exposed: bool,
}

/// The addresses of the app, each of which can be opened.
pub(crate) fn addresses(inputs: &Inputs, plan: &Plan, outside: Outside) -> Vec<String> {
    let options = &inputs.options;
    if inputs.has_site() {
        let scheme = if options.nginx.https_only { "https" } else { "http" };
        let hosts = hosts(&options.nginx.server_names, options.nginx.ipv4, outside.machine);
        return hosts.iter().map(|host| format!("{scheme}://{host}/")).collect();
    }
    let has_web = plan.processes.iter().any(|process| process.endpoint().is_some());
    let ip = match listens_at(&options.bind_address) {
        ip if ip.is_unspecified() || outside.exposed => outside.machine.unwrap_or(loopback()),
        ip => ip,
    };
    if has_web { vec![format!("http://{}/", SocketAddr::new(ip, plan.ports.app))] } else { Vec::new() }
}

/// The addresses of a live release, from its record.
pub(crate) fn of_release(release: &Release, machine: Option<IpAddr>) -> Vec<String> {
    let setting = |key: &str| release.live_env.get(key).map_or("", String::as_str);
    if release.site.is_some() {
        let is_on =
            |value: &str| matches!(&*value.to_lowercase(), "1" | "true" | "yes" | "y" | "on" | "enabled");
        let scheme = if is_on(setting("NGINX_HTTPS_ONLY")) { "https" } else { "http" };
        let listed = setting("NGINX_SERVER_NAME").split([',', ' ', '\t', '\n', '\r']);
        let names: Vec<String> =
            listed.filter(|name| !name.is_empty() && !name.starts_with('!')).map(str::to_lowercase).collect();
        let ipv4 = release.claim.as_ref().map_or(Ipv4Addr::UNSPECIFIED, |claim| claim.ipv4);
        return hosts(&names, ipv4, machine).iter().map(|host| format!("{scheme}://{host}/")).collect();
    }
    let listens = |name: &VassalName| name.kind == "web" || runs_in_uwsgi(&name.kind);
    let Some(port) = release.ports.first().filter(|_| release.vassals.iter().any(listens)) else {
        return Vec::new();
    };
    let ip = match listens_at(setting("BIND_ADDRESS")) {
        ip if ip.is_unspecified() || !release.exposed.is_empty() => machine.unwrap_or(loopback()),
        ip => ip,
    };
    vec![format!("http://{}/", SocketAddr::new(ip, *port))]
}

/// The names that are not patterns. Without any: for every host, the address of the machine; otherwise a name that a
/// pattern matches.
fn hosts(server_names: &[String], ipv4: Ipv4Addr, machine: Option<IpAddr>) -> Vec<String> {
    let names: Vec<ServerName> = server_names.iter().filter_map(|name| name.parse().ok()).collect();
    let plain: Vec<String> =
        names.iter().filter(|name| name.is_plain()).map(|name| name.as_str().to_owned()).collect();
    if !plain.is_empty() {
        return plain;
    }
    if !names.iter().any(ServerName::is_any) {
        return vec![plain_host(server_names)];
    }
    let address = if ipv4.is_unspecified() { machine.unwrap_or(loopback()) } else { ipv4.into() };
    vec![match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }]
}

fn loopback() -> IpAddr {
    Ipv4Addr::LOCALHOST.into()
}

/// What a web app needs to be reachable from other machines, if it is not.
pub(crate) fn unreached(app: &AppName, inputs: &Inputs, plan: &Plan, outside: Outside) -> Option<String> {
    if inputs.has_site() || outside.exposed {
        return None;
    }
    let name = format!("until it has a name: `config:set {app} NGINX_SERVER_NAME=…`");
    match plan.serves {
        Serves::Static(_) => Some(format!("Its files are not served {name}")),
        Serves::Uwsgi(_) | Serves::Web(_) => listens_at(&inputs.options.bind_address)
            .is_loopback()
            .then(|| format!("It is only reachable from this machine {name}")),
        Serves::Unavailable | Serves::Nothing => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_can_be_opened() {
        let machine = Some("10.0.0.5".parse().unwrap());
        let any = Ipv4Addr::UNSPECIFIED;
        for (names, at, shown) in [
            ("a.test b.test", any, "a.test b.test"),
            ("*.m.test plain.test _", any, "plain.test"),
            ("*.m.test", any, "piku.m.test"),
            (".m.test *.n.test", any, "m.test"),
            ("mail.*", any, "mail.localhost"),
            ("_", any, "10.0.0.5"),
            ("*.m.test _", any, "10.0.0.5"),
            ("_", Ipv4Addr::new(192, 0, 2, 7), "192.0.2.7"),
        ] {
            let names: Vec<String> = names.split(' ').map(str::to_owned).collect();
            assert_eq!(hosts(&names, at, machine).join(" "), shown, "{names:?}");
        }
        assert_eq!(hosts(&["_".to_owned()], any, None), ["127.0.0.1"]);
    }
}
