//! Renders the servers that redirect.

use super::{access_log, headers, location::Locations, maintenance, server, text::Text, visitor};
use crate::{ServerName, Site};

/// Adds the server that redirects everything except the probe and the ACME challenge from HTTP to HTTPS.
pub(super) fn to_https(site: &Site, text: &mut Text) {
    text.block("server", |text| {
        server::listen_http(site, text);
        server::server_names(site, &site.server_names, text);
        text.line("server_tokens off;");
        access_log::directive(site, text);
        headers(site, text);
        maintenance::include_rules(site, text);
        let mut locations = Locations::new(site, text);
        locations.probe();
        locations.acme_challenge();
        let address = visitor::https_address(site, "$host");
        locations.add("location /", |text| text.line(&format!("return 301 {address};")));
    });
}

/// Adds the server that redirects other names to the site's own, with the path and the query.
pub(super) fn to_main_name(site: &Site, text: &mut Text) {
    let names: Vec<ServerName> =
        site.redirects.iter().filter(|name| site.is_redirect(name)).cloned().collect();
    let Some(main) = site.main_name().filter(|_| !names.is_empty()) else { return };
    text.block("server", |text| {
        server::listen_http(site, text);
        server::listen_https(site, text);
        server::server_names(site, &names, text);
        server::certificate(site, text);
        text.line("server_tokens off;");
        access_log::directive(site, text);
        visitor::identify(site, text);
        headers(site, text);
        let port = site.namespace.variable("port_suffix");
        let address = if site.tls.is_some() && site.https_only {
            visitor::https_address(site, main.as_str())
        } else {
            text.line(&format!("set {port} \"\";"));
            text.adjoining(r#"if ($http_host ~ ":([0-9]+)$")"#, |text| {
                text.line(&format!("set {port} :$1;"))
            });
            format!("{}://{main}{port}$request_uri", visitor::scheme(site))
        };
        let mut locations = Locations::new(site, text);
        locations.acme_challenge();
        locations.add("location /", |text| text.line(&format!("return 301 {address};")));
    });
}

/// Adds the headers of the site.
fn headers(site: &Site, text: &mut Text) {
    headers::hsts(site, text);
    headers::add(site, text);
}
