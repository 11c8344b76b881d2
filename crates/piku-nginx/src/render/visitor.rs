//! Renders who a visitor is, and whether to let them in.
//!
//! Behind a trusted proxy, the visitor's address, scheme, host, and port are what the proxy says. Whether somebody may
//! connect depends on the address of the connection, which no header can change.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::text::Text;
use crate::{Network, Site, quote};

/// Where an authority asks for the proof that a name leads here.
pub(super) const ACME_CHALLENGE: &str = "/.well-known/acme-challenge/";

/// The scheme that the visitor uses.
pub(super) fn scheme(site: &Site) -> String {
    said_or(site, "scheme", "$scheme")
}

/// The port that the visitor connected to.
pub(super) fn port(site: &Site) -> String {
    said_or(site, "port", "$server_port")
}

/// `on` for HTTPS, otherwise empty.
pub(super) fn https(site: &Site) -> String {
    said_or(site, "https", "$https")
}

/// The host that a proxy was asked for, if it says so.
pub(super) fn forwarded_host(site: &Site) -> String {
    said_or(site, "forwarded_host", "\"\"")
}

/// The address of the connection, which is the proxy's if there is one.
pub(super) fn connected_from(site: &Site) -> &'static str {
    match site.trusted {
        Some(_) => "$realip_remote_addr",
        None => "$remote_addr",
    }
}

fn said_or(site: &Site, purpose: &str, otherwise: &str) -> String {
    match site.trusted {
        Some(_) => site.namespace.variable(purpose),
        None => otherwise.to_owned(),
    }
}

/// Whether a server of its own redirects from HTTP to HTTPS. Behind a proxy, HTTP may be HTTPS for the visitor.
pub(super) fn has_redirect_of_its_own(site: &Site) -> bool {
    site.tls.is_some() && site.https_only && site.trusted.is_none()
}

/// Adds the tables of trusted proxies and of those who may connect.
pub(super) fn networks(site: &Site, text: &mut Text) {
    if let Some(trusted) = &site.trusted {
        table(site, "trusted", &trusted.networks, &[], text);
    }
    if let Some(allowed) = &site.allow_only {
        table(site, "allowed", allowed, &["127.0.0.0/8", "::1"], text);
    }
}

/// Adds a variable that is 1 for connections from these networks, each once, and empty for others: a default would be
/// one for `::/0` too.
fn table(site: &Site, purpose: &str, networks: &[Network], always: &[&str], text: &mut Text) {
    let name = site.name.variable(&site.namespace, purpose);
    let networks = networks.iter().map(ToString::to_string);
    let all: Vec<String> = always.iter().map(|network| (*network).to_owned()).chain(networks).collect();
    let mut seen = BTreeSet::new();
    text.block(&format!("geo $realip_remote_addr ${name}"), |text| {
        for network in all.iter().filter(|network| seen.insert(network.as_str())) {
            text.line(&format!("{network} 1;"));
        }
    });
}

/// Adds who the visitor is, and turns away those who may not connect, or not like this.
pub(super) fn add(site: &Site, text: &mut Text) {
    identify(site, text);
    allowed(site, text);
    https_only(site, text);
}

/// Adds what a trusted proxy says of the visitor.
pub(super) fn identify(site: &Site, text: &mut Text) {
    let Some(trusted) = &site.trusted else { return };
    for network in &trusted.networks {
        text.line(&format!("set_real_ip_from {network};"));
    }
    site.add_unless_left(text, &format!("real_ip_header {};", trusted.visitor.name()));
    site.add_unless_left(text, "real_ip_recursive on;");

    let [scheme, port, https, host, said] =
        ["scheme", "port", "https", "forwarded_host", "said"].map(|purpose| site.namespace.variable(purpose));
    for (variable, value) in
        [(&scheme, "$scheme"), (&port, "$server_port"), (&https, "$https"), (&host, "\"\"")]
    {
        text.line(&format!("set {variable} {value};"));
    }
    let trusted = format!("${}", site.name.variable(&site.namespace, "trusted"));
    let heard = |header: &str| format!("set {said} \"{trusted} $http_{header}\";");
    text.line(&heard("x_forwarded_proto"));
    for (name, number, on) in [("http", "80", "\"\""), ("https", "443", "on")] {
        text.adjoining(&format!("if ({said} ~* \"^1 {name}$\")"), |text| {
            for (variable, value) in [(&scheme, name), (&port, number), (&https, on)] {
                text.line(&format!("set {variable} {value};"));
            }
        });
    }
    for (header, pattern, variable) in
        [("x_forwarded_port", "[0-9]{1,5}", &port), ("x_forwarded_host", r"[A-Za-z0-9._:\[\]-]+", &host)]
    {
        text.line(&heard(header));
        let pattern = quote::word(&format!("^1 ({pattern})$"));
        text.adjoining(&format!("if ({said} ~ {pattern})"), |text| text.line(&format!("set {variable} $1;")));
    }
}

/// Turns away who may not connect. The machine itself may: probes and health checks come from it.
///
/// `allow` and `deny` would compare the visitor's address.
fn allowed(site: &Site, text: &mut Text) {
    if site.allow_only.is_none() {
        return;
    }
    let allowed = site.namespace.variable("allowed");
    text.line(&format!("set {allowed} ${};", site.name.variable(&site.namespace, "allowed")));
    text.adjoining("if ($realip_remote_addr = $server_addr)", |text| text.line(&format!("set {allowed} 1;")));
    except_for_checks(site, &allowed, "1", text);
    text.adjoining(&format!("if ({allowed} = \"\")"), |text| text.line("return 403;"));
}

/// Redirects visitors who use HTTP, if no other server does.
fn https_only(site: &Site, text: &mut Text) {
    if site.tls.is_none() || !site.https_only || has_redirect_of_its_own(site) {
        return;
    }
    let away = site.namespace.variable("away");
    text.line(&format!("set {away} {};", scheme(site)));
    except_for_checks(site, &away, "\"\"", text);
    let address = https_address(site, "$host");
    text.adjoining(&format!("if ({away} = http)"), |text| text.line(&format!("return 301 {address};")));
}

/// Writes the address of a request over HTTPS, with the port if it is not the usual one.
pub(super) fn https_address(site: &Site, host: &str) -> String {
    match site.listen.https_port {
        443 => format!("https://{host}$request_uri"),
        port => format!("https://{host}:{port}$request_uri"),
    }
}

/// Sets a variable for the URLs that are open to everyone, or that decide themselves.
fn except_for_checks(site: &Site, variable: &str, value: impl Display, text: &mut Text) {
    let challenge = site.acme_webroot.as_ref().map(|_| quote::literal(ACME_CHALLENGE));
    let probe = site.probe.as_ref().map(|probe| format!("{}$", quote::literal(probe.path.as_str())));
    let open: Vec<String> = challenge.into_iter().chain(probe).collect();
    if !open.is_empty() {
        let pattern = quote::word(&format!("^(?:{})", open.join("|")));
        text.adjoining(&format!("if ($uri ~ {pattern})"), |text| {
            text.line(&format!("set {variable} {value};"))
        });
    }
}
