//! Passes requests to the servers behind a site.

use super::{text::Text, visitor};
use crate::{Backend, Site};

/// Headers that clients could forge and apps trust.
const UNTRUSTED: [&str; 6] = [
    "Forwarded",
    "Proxy",
    "X-Forwarded-Prefix",
    "X-Forwarded-Protocol",
    "X-Forwarded-Scheme",
    "X-Forwarded-Ssl",
];

/// Headers that describe the client, besides the host.
fn forwarded(site: &Site) -> [(&'static str, String); 7] {
    let address = || "$remote_addr".to_owned();
    [
        ("X-Forwarded-Proto", visitor::scheme(site)),
        ("X-Forwarded-For", address()),
        ("X-Remote-Address", address()),
        ("X-Real-IP", address()),
        ("X-Forwarded-Port", visitor::port(site)),
        ("X-Forwarded-Host", visitor::forwarded_host(site)),
        ("X-Request-Start", "t=$msec".to_owned()),
    ]
}

/// The variables from which uWSGI makes a request, besides those of a visitor.
const UWSGI: [(&str, &str); 10] = [
    ("QUERY_STRING", "$query_string"),
    ("REQUEST_METHOD", "$request_method"),
    ("CONTENT_TYPE", "$content_type"),
    ("CONTENT_LENGTH", "$content_length"),
    ("REQUEST_URI", "$request_uri"),
    ("PATH_INFO", "$document_uri"),
    ("SERVER_PROTOCOL", "$server_protocol"),
    ("REMOTE_ADDR", "$remote_addr"),
    ("REMOTE_PORT", "$remote_port"),
    ("SERVER_NAME", "$host"),
];

/// Returns the prefix of the directives that pass a request on; `None` if there is no server.
pub(super) fn module(site: &Site) -> Option<&'static str> {
    match &site.backend {
        Backend::Uwsgi(sockets) if !sockets.is_empty() => Some("uwsgi"),
        Backend::Http(addresses) if !addresses.is_empty() => Some("proxy"),
        _ => None,
    }
}

/// Adds the servers behind the site.
pub(super) fn upstream(site: &Site, text: &mut Text) {
    let servers = servers(site);
    if servers.is_empty() {
        return;
    }
    text.block(&format!("upstream {}", site.upstream()), |text| {
        // A single server has no replacement: nginx must never consider it down.
        let alone = if servers.len() == 1 { " max_fails=0" } else { "" };
        for server in &servers {
            text.line(&format!("server {server}{alone};"));
        }
    });
}

/// Adds the variables of a request that is passed on.
pub(super) fn variables(site: &Site, text: &mut Text) {
    let Some(module) = module(site) else { return };
    // Use the host that selected this server, which may differ from the header, with the header's port.
    let [host, upgrade, connection] =
        ["host", "upgrade", "connection"].map(|purpose| site.namespace.variable(purpose));
    text.line(&format!("set {host} $host;"));
    text.adjoining(r#"if ($http_host ~ ":([0-9]+)$")"#, |text| text.line(&format!("set {host} $host:$1;")));
    if module == "proxy" {
        text.line(&format!("set {upgrade} \"\";"));
        text.line(&format!("set {connection} close;"));
        // Only WebSockets: a connection upgraded to HTTP/2 would bypass every rule of the site.
        text.adjoining(r#"if ($http_upgrade ~* "^websocket$")"#, |text| {
            text.line(&format!("set {upgrade} websocket;"));
            text.line(&format!("set {connection} upgrade;"));
        });
    }
}

/// Adds how a request is passed on, or the answer if no server takes it.
pub(super) fn pass(site: &Site, text: &mut Text) {
    if let Some(module) = module(site).filter(|_| !site.buffering) {
        site.add_unless_left(text, &format!("{module}_buffering off;"));
        if module == "proxy" {
            site.add_unless_left(text, "proxy_request_buffering off;");
        }
    }
    pass_collected(site, text);
}

/// Adds how a request is passed on, with the answer collected before it is sent: nginx caches no other.
pub(super) fn pass_collected(site: &Site, text: &mut Text) {
    match (module(site), &site.backend) {
        (Some("uwsgi"), _) => to_uwsgi(site, text),
        (Some(_), _) => to_http(site, text),
        (None, Backend::StaticOnly) => text.line("return 404;"),
        (None, _) => text.line("return 503;"),
    }
}

fn to_uwsgi(site: &Site, text: &mut Text) {
    text.line(&format!("uwsgi_pass {};", site.upstream()));
    for (name, value) in UWSGI {
        text.line(&format!("uwsgi_param {name} {value};"));
    }
    text.line(&format!("uwsgi_param REQUEST_SCHEME {};", visitor::scheme(site)));
    text.line(&format!("uwsgi_param SERVER_PORT {};", visitor::port(site)));
    text.line(&format!("uwsgi_param HTTPS {} if_not_empty;", visitor::https(site)));
    let variable = |name: &str| format!("HTTP_{}", name.to_uppercase().replace('-', "_"));
    text.line(&format!("uwsgi_param HTTP_HOST {};", site.namespace.variable("host")));
    for (name, value) in forwarded(site) {
        // An empty header would be one all the same.
        let condition = if name == "X-Forwarded-Host" { " if_not_empty" } else { "" };
        text.line(&format!("uwsgi_param {} {value}{condition};", variable(name)));
    }
    for name in UNTRUSTED {
        text.line(&format!("uwsgi_param {} \"\" if_not_empty;", variable(name)));
    }
    buffers(site, "uwsgi", text);
    patience(site, "uwsgi", text);
}

fn to_http(site: &Site, text: &mut Text) {
    text.line(&format!("proxy_pass http://{};", site.upstream()));
    text.lines(["proxy_http_version 1.1;", "proxy_redirect off;"]);
    text.line(&format!("proxy_set_header Host {};", site.namespace.variable("host")));
    for (name, value) in forwarded(site) {
        text.line(&format!("proxy_set_header {name} {value};"));
    }
    text.line(&format!("proxy_set_header Upgrade {};", site.namespace.variable("upgrade")));
    text.line(&format!("proxy_set_header Connection {};", site.namespace.variable("connection")));
    for name in UNTRUSTED {
        text.line(&format!("proxy_set_header {name} \"\";"));
    }
    buffers(site, "proxy", text);
    patience(site, "proxy", text);
}

/// Adds the size of an answer's headers. nginx requires that all but one of the other buffers hold as much, so either
/// all are ours or none.
fn buffers(site: &Site, module: &str, text: &mut Text) {
    let sizes = [("buffer_size", "32k"), ("buffers", "8 16k"), ("busy_buffers_size", "64k")];
    let is_left = |name: &str| site.left_to_include.has(&format!("{module}_{name}"));
    if site.includes.sets_buffers() || sizes.iter().any(|(name, _)| is_left(name)) {
        return;
    }
    for (name, size) in sizes {
        text.line(&format!("{module}_{name} {size};"));
    }
}

/// Adds when another server is tried, and how long an idle connection is kept.
fn patience(site: &Site, module: &str, text: &mut Text) {
    if servers(site).len() > 1 {
        // Only if a connection breaks; nginx itself does not repeat requests that must not happen twice.
        site.add_unless_left(text, &format!("{module}_next_upstream error;"));
    }
    // A timeout here would override the one in the app's own file, which applies to the whole server.
    for direction in ["read", "send"] {
        site.add_unless_left(text, &format!("{module}_{direction}_timeout {}s;", site.timeout));
    }
}

/// Writes the servers behind the site as words.
fn servers(site: &Site) -> Vec<String> {
    match &site.backend {
        Backend::Uwsgi(sockets) => sockets.iter().map(crate::SocketPath::word).collect(),
        // Without the zone of an IPv6 address, which nginx can't parse.
        Backend::Http(addresses) => addresses
            .iter()
            .map(|address| match address.ip() {
                std::net::IpAddr::V4(ip) => format!("{ip}:{}", address.port()),
                std::net::IpAddr::V6(ip) => format!("[{ip}]:{}", address.port()),
            })
            .collect(),
        Backend::Unavailable | Backend::StaticOnly => Vec::new(),
    }
}
