//! Renders the locations of a server.

use std::collections::BTreeSet;

use super::{backend, headers, included, text::Text, visitor};
use crate::{Cache, Site, quote};

/// The locations of one server. nginx refuses duplicates: the first one stays.
pub(super) struct Locations<'a> {
    pub(super) site: &'a Site,
    text: &'a mut Text,
    seen: BTreeSet<String>,
}

impl<'a> Locations<'a> {
    pub(super) fn new(site: &'a Site, text: &'a mut Text) -> Self {
        Self { site, text, seen: BTreeSet::new() }
    }

    /// Adds the location with the line `head`, unless there is one.
    pub(super) fn add(&mut self, head: &str, inside: impl FnOnce(&mut Text)) {
        if self.seen.insert(head.to_owned()) {
            self.text.block(head, inside);
        }
    }

    /// Adds the probe, which answers only the machine itself.
    ///
    /// nginx runs `return` before it checks `allow` and `deny`, hence the conditions. If both ends of a connection
    /// have the same address, it comes from the machine itself, whichever of its addresses nginx listens on.
    pub(super) fn probe(&mut self) {
        let Some(probe) = &self.site.probe else { return };
        let (site, here) = (self.site, self.site.namespace.variable("here"));
        let address = visitor::connected_from(site);
        self.add(&format!("location = {}", probe.path.word()), |text| {
            text.lines(["access_log off;", "types { }", "default_type text/plain;"]);
            text.line(&format!("set {here} \"\";"));
            text.adjoining(&format!(r#"if ({address} ~ "^(?:::ffff:)?127\.|^::1$")"#), |text| {
                text.line(&format!("set {here} yes;"))
            });
            text.adjoining(&format!("if ({address} = $server_addr)"), |text| {
                text.line(&format!("set {here} yes;"));
            });
            if site.trusted.is_some() {
                // A proxy on this machine asks for somebody else.
                text.adjoining(&format!("if ($remote_addr != {address})"), |text| {
                    text.line(&format!("set {here} \"\";"));
                });
            }
            text.adjoining(&format!("if ({here} = \"\")"), |text| text.line("return 404;"));
            let mark = self.site.maintenance.as_ref().map(|_| self.site.namespace.variable("mark"));
            text.line(&format!("return 200 {};", probe.answer.word_before(mark.as_deref())));
        });
    }

    /// Adds the folder of ACME challenges, open to everyone.
    pub(super) fn acme_challenge(&mut self) {
        let Some(webroot) = &self.site.acme_webroot else { return };
        let asks = self.site.users.is_some();
        self.add(&format!("location ^~ {}", visitor::ACME_CHALLENGE), |text| {
            if asks {
                text.line("auth_basic off;");
            }
            text.line(&format!("root {};", webroot.word()));
            text.lines(["default_type text/plain;", "try_files $uri =404;"]);
            // A rule of the app's may have made the path, which then can climb.
            text.block(r#"location ~ "/\.\.""#, |text| text.line("return 404;"));
        });
    }

    /// Adds the refusal of `.git` folders, for every kind of backend.
    pub(super) fn git_folders(&mut self) {
        if !self.site.allow_git_folders {
            self.add(r#"location ~* "/\.git(?:/|$)""#, |text| text.line("return 404;"));
        }
    }

    /// Adds the URLs that are cached.
    pub(super) fn cache(&mut self) {
        let (site, Some(cache), Some(module)) = (self.site, &self.site.cache, backend::module(self.site))
        else {
            return;
        };
        // nginx refuses words of more than 4096 bytes.
        for prefixes in cache.prefixes.chunks(6) {
            let patterns: Vec<String> =
                prefixes.iter().map(|prefix| quote::literal(prefix.as_str().trim_matches('/'))).collect();
            let pattern = match prefixes.iter().any(crate::UrlPath::is_root) {
                true => "^/".to_owned(),
                false => format!("^/(?:{})(?:/|$)", patterns.join("|")),
            };
            self.add(&format!("location ~ {}", quote::word(&pattern)), |text| {
                cached(site, cache, module, text);
                text.leaving(included::keys_of_location(site), |text| backend::pass_collected(site, text));
                included::location(site, text);
            });
        }
    }

    /// Adds everything else.
    pub(super) fn backend(&mut self) {
        let site = self.site;
        self.add("location /", |text| passed(site, text));
    }
}

/// Adds how a request is passed to the app, with what people write about that.
pub(super) fn passed(site: &Site, text: &mut Text) {
    text.leaving(included::keys_of_location(site), |text| backend::pass(site, text));
    included::location(site, text);
}

/// Adds the cache zone, and the header for answers without a `Cache-Control` of the app.
pub(super) fn cache_zone(site: &Site, text: &mut Text) {
    let (Some(cache), Some(module)) = (&site.cache, backend::module(site)) else { return };
    text.line("");
    text.line(&format!(
        "{module}_cache_path {} levels=1:2 keys_zone={}:10m max_size={}g inactive={}s use_temp_path=off;",
        cache.path.word(),
        site.upstream(),
        cache.size.max(1),
        cache.expiry
    ));
    text.line(
        "# An answer that is for one person, or has an age of its own, keeps what the app says about it.",
    );
    let sources =
        "$http_authorization$upstream_http_set_cookie$upstream_http_cache_control$upstream_http_expires";
    text.adjoining(
        &format!("map \"{sources}\" ${}", site.name.variable(&site.namespace, "max_age")),
        |text| {
            text.line(&format!("\"\" \"public, max-age={}\";", cache.control));
            text.line("default \"\";");
        },
    );
}

/// Adds what is cached, the cache key, and the times.
fn cached(site: &Site, cache: &Cache, module: &str, text: &mut Text) {
    let Cache { time, redirects, any, .. } = cache;
    for line in [
        format!("cache {};", site.upstream()),
        // Without the scheme, an app's redirect to HTTPS would also be used for HTTPS.
        format!("cache_key {}$host$request_uri;", visitor::scheme(site)),
        "cache_lock on;".to_owned(),
        "cache_use_stale error timeout updating;".to_owned(),
        format!("cache_valid 200 304 {time}s;"),
        format!("cache_valid 301 302 307 308 {redirects}s;"),
        "cache_valid 500 502 503 504 0s;".to_owned(),
        format!("cache_valid any {any}s;"),
        "cache_bypass $http_authorization;".to_owned(),
        "no_cache $http_authorization;".to_owned(),
    ] {
        text.line(&format!("{module}_{line}"));
    }
    // A location that adds a header no longer gets the server's.
    headers::add(site, text);
    text.line("add_header X-Cache $upstream_cache_status always;");
    text.line(&format!("add_header Cache-Control ${};", site.name.variable(&site.namespace, "max_age")));
}
