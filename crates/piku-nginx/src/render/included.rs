//! Renders the directives that people write themselves.

use std::collections::BTreeSet;

use super::{backend, headers, text::Text};
use crate::include::{self, Included};
use crate::{Site, quote};

/// Adds the zones of a site, which stand outside of it under names of its own.
pub(super) fn zones(site: &Site, text: &mut Text) {
    for zone in &site.includes.zones {
        line(site, zone, text);
    }
}

/// Adds what stands in the `server` block.
pub(super) fn server(site: &Site, text: &mut Text) {
    if !site.includes.server.is_empty() {
        text.line("");
    }
    for directive in &site.includes.server {
        add(site, directive, text);
    }
}

/// Adds what stands wherever a request is passed to the app.
pub(super) fn location(site: &Site, text: &mut Text) {
    repeat_headers(site, &site.includes.location, text);
    for directive in &site.includes.location {
        add(site, directive, text);
    }
}

/// What the `server` block of the site leaves to them.
pub(super) fn keys_of_server(site: &Site) -> BTreeSet<String> {
    include::keys(&site.includes.server)
}

/// What a location that passes requests to the app leaves to them.
pub(super) fn keys_of_location(site: &Site) -> BTreeSet<String> {
    include::keys(site.includes.server.iter().filter(|one| !is_header(one)).chain(&site.includes.location))
}

/// Whether a directive has no effect in locations that have one of its name, as those of the site do.
fn is_header(one: &Included) -> bool {
    matches!(one.name(), "proxy_set_header" | "uwsgi_param")
}

fn add(site: &Site, directive: &Included, text: &mut Text) {
    let Some(block) = &directive.block else { return line(site, directive, text) };
    let head = words(site, directive).join(" ");
    text.open(&head, &directive.origin);
    if directive.name() == "location" {
        repeat_headers(site, block, text);
    }
    for inner in block {
        add(site, inner, text);
    }
    if directive.name() == "location" && !block.iter().any(answers) {
        // It is about requests to the app.
        let inherited = site.includes.server.iter().filter(|one| !is_header(one));
        text.leaving(include::keys(inherited.chain(block)), |text| backend::pass(site, text));
    }
    text.close();
}

/// Whether a directive of a location answers requests itself.
fn answers(directive: &Included) -> bool {
    matches!(directive.name(), "return" | "try_files" | "empty_gif")
}

/// Adds the headers of the site again: a location with headers of its own no longer gets those of the server.
fn repeat_headers(site: &Site, block: &[Included], text: &mut Text) {
    if block.iter().any(|one| one.name() == "add_header") {
        headers::add(site, text);
    }
}

fn line(site: &Site, directive: &Included, text: &mut Text) {
    text.line(&format!("{}; # {}", words(site, directive).join(" "), directive.origin));
}

/// Writes the words of a directive. A zone gets the name of its site before its own.
fn words(site: &Site, directive: &Included) -> Vec<String> {
    let name = directive.name();
    let own = |zone: &str| format!("{}-{zone}", site.upstream());
    let word = |(index, word): (usize, &String)| match (name, word.strip_prefix("zone=")) {
        ("limit_req" | "limit_req_zone" | "limit_conn_zone", Some(zone)) => {
            quote::word(&format!("zone={}", own(zone)))
        }
        ("limit_conn", _) if index == 1 => quote::word(&own(word)),
        _ => quote::word(word),
    };
    directive.words.iter().enumerate().map(word).collect()
}
