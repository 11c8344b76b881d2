//! Renders the servers of a site.

use std::collections::BTreeSet;

use super::{
    access_log, backend, error_pages, headers, included, location::Locations, maintenance, statics,
    text::Text, visitor,
};
use crate::{Http2, ServerName, Site};

/// Adds the server for unknown hosts: the first one in a file is the default for its addresses.
///
/// `default_server` would be explicit, but only one file in nginx may use it.
pub(super) fn guard(site: &Site, text: &mut Text) {
    // A client that connects to an IP address names no host in the handshake: it gets the certificate, and is
    // rejected later.
    let reject = site.reject_handshake && !site.names().any(ServerName::is_nameless);
    text.line("");
    text.line("# Hosts that no site claims end here, not at somebody's app.");
    text.adjoining("server", |text| {
        listen_http(site, text);
        listen_https(site, text);
        let name = site.guard();
        text.line(&format!("server_name {};", server_name_word(&name)));
        match &site.tls {
            Some(_) if reject => text.line("ssl_reject_handshake on;"),
            _ => certificate(site, text),
        }
        text.line("return 444;");
    });
}

/// Adds the server of the site itself.
pub(super) fn main(site: &Site, text: &mut Text) {
    text.block("server", |text| {
        text.leaving(included::keys_of_server(site), |text| settings(site, text));

        let mut locations = Locations::new(site, text);
        locations.probe();
        locations.acme_challenge();
        error_pages::location(site, &mut locations);
        locations.git_folders();
        statics::add(site, &mut locations);
        locations.cache();
        locations.backend();
        included::server(site, text);
        if let Some(include) = &site.include {
            text.line("");
            text.line(&format!("include {};", include.word()));
        }
        // Of two directives for a status the first counts, which is that of the app's own file.
        error_pages::directives(site, text);
        if let Some(page) = &site.not_found {
            text.line(&format!("error_page 404 {};", page.word()));
        }
    });
}

fn settings(site: &Site, text: &mut Text) {
    if !visitor::has_redirect_of_its_own(site) {
        listen_http(site, text);
    }
    listen_https(site, text);
    server_names(site, &site.server_names, text);
    certificate(site, text);
    compression(site, text);
    site.add_unless_left(text, "server_tokens off;");
    if let Some(size) = site.max_body_size {
        site.add_unless_left(text, &format!("client_max_body_size {size};"));
    }
    access_log::directive(site, text);
    visitor::add(site, text);
    password(site, text);
    maintenance::include_rules(site, text);
    headers::hsts(site, text);
    headers::add(site, text);
    if let Some(module) = backend::module(site) {
        headers::replace(site, module, text);
    }
    backend::variables(site, text);
}

pub(super) fn listen_http(site: &Site, text: &mut Text) {
    for address in site.listen.addresses(site.listen.http_port) {
        text.line(&format!("listen {address};"));
    }
}

pub(super) fn listen_https(site: &Site, text: &mut Text) {
    if site.tls.is_none() {
        return;
    }
    let http2 = if site.http2 == Http2::ListenParameter { " http2" } else { "" };
    for address in site.listen.addresses(site.listen.https_port) {
        text.line(&format!("listen {address} ssl{http2};"));
    }
    if site.http2 == Http2::Directive {
        text.line("http2 on;");
    }
}

pub(super) fn certificate(site: &Site, text: &mut Text) {
    if let Some(tls) = &site.tls {
        tls.directives().iter().for_each(|directive| text.line(directive));
    }
}

/// Adds names, without duplicates, which nginx warns about.
pub(super) fn server_names(site: &Site, names: &[ServerName], text: &mut Text) {
    let mut seen = BTreeSet::new();
    let words: Vec<String> = names
        .iter()
        .filter(|name| !names.iter().any(|other| other.covers(name)))
        .filter(|name| seen.insert(name.as_str()))
        .map(ServerName::word)
        .collect();
    if words.is_empty() {
        // nginx would take two servers without a name for the same.
        let nobody = format!("site.{}", site.guard());
        text.line(&format!("server_name {};", server_name_word(&nobody)));
    } else {
        text.line(&format!("server_name {};", words.join(" ")));
    }
}

/// Writes a host name that we made up as one word.
fn server_name_word(name: &str) -> String {
    ServerName::ours(name).word()
}

fn compression(site: &Site, text: &mut Text) {
    for line in [
        "gzip on;",
        "gzip_proxied any;",
        "gzip_vary on;",
        "gzip_comp_level 6;",
        "gzip_min_length 2048;",
        "gzip_types text/plain text/css text/xml text/javascript application/javascript application/json \
         application/manifest+json application/xml application/rss+xml application/atom+xml image/svg+xml;",
    ] {
        site.add_unless_left(text, line);
    }
}

/// Adds that visitors need a password.
fn password(site: &Site, text: &mut Text) {
    if let Some(users) = &site.users {
        text.line(&format!("auth_basic {};", crate::quote::word(site.name.as_str())));
        text.line(&format!("auth_basic_user_file {};", users.word()));
    }
}
