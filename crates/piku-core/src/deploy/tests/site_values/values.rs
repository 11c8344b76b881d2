//! Makes up values of settings.

use proptest::prelude::*;

use crate::settings::{KEYS, Scope};

/// A harmless value for each key, so that every part of a site is there. A key without one here has no value in the
/// harmless site, and its values must then change nothing but what `OWN` says.
pub(super) const HARMLESS: &[(&str, &str)] = &[
    ("NGINX_SERVER_NAME", "blog.example.org"),
    ("NGINX_REDIRECT", "www.example.org"),
    ("NGINX_STATIC_PATHS", "/static:public,/:dist"),
    ("NGINX_CATCH_ALL", "index.html"),
    ("NGINX_HTTPS_ONLY", "true"),
    ("NGINX_CLOUDFLARE_ACL", "false"),
    ("NGINX_HSTS", "86400 includeSubDomains"),
    ("NGINX_MAX_BODY_SIZE", "5m"),
    ("NGINX_TIMEOUT", "20"),
    ("NGINX_BUFFERING", "off"),
    ("NGINX_HEADERS", "X-A: b; c | X-B: $d"),
    ("NGINX_TRUSTED_PROXIES", "10.0.0.0/8 192.0.2.7"),
    ("NGINX_IPV4_ADDRESS", "192.0.2.5"),
    ("NGINX_IPV6_ADDRESS", "[2001:db8::5]"),
    ("NGINX_INCLUDE_FILE", "deploy/nginx.conf"),
    ("NGINX_LOCATION_INCLUDE_FILE", "deploy/location.conf"),
    ("NGINX_BASIC_AUTH", "true"),
    ("NGINX_ERROR_PAGES", "errors"),
    ("NGINX_CACHE_PREFIXES", "/api,/feed"),
    ("NGINX_CACHE_SIZE", "2"),
    ("NGINX_CACHE_TIME", "2"),
    ("NGINX_CACHE_REDIRECTS", "2"),
    ("NGINX_CACHE_ANY", "2"),
    ("NGINX_CACHE_CONTROL", "2"),
    ("NGINX_CACHE_EXPIRY", "2"),
];

pub(super) fn keys() -> Vec<&'static str> {
    KEYS.iter().filter(|key| key.scope == Scope::Nginx).map(|key| key.name).collect()
}

/// Parts of values: what has a meaning to nginx, and what has one in our settings.
const PARTS: &[&str] = &[
    "a",
    "b.org",
    "/",
    " ",
    ";",
    "{",
    "}",
    "\"",
    "'",
    "\\",
    "#",
    "$",
    "~",
    "=",
    "@",
    "^",
    "*",
    "%",
    ".",
    "..",
    "\n",
    "\r",
    "\t",
    ":",
    ",",
    "|",
    "||",
    "include",
    "ä",
    "(",
    ")",
    "[",
    "]",
    "_",
    "-",
    "0",
    "1",
    "127.0.0.1",
    "::1/0",
    "return 200;",
    "\\n",
    "$uri",
    "${uri}",
    "!",
    "<",
    "&",
    "\u{85}",
    "\u{a0}",
    "/etc/passwd",
    "../..",
    "X-C: d",
    "; alias /etc;",
    "} server {",
    "\"; deny all; \"",
    "always",
    "on",
    "off",
    "m",
    "ENV",
    "/.git",
    "Procfile",
    "\u{2028}",
    "`",
    "+",
    "?",
    "xn--",
    "/static:public",
    "/api",
];

/// A value: any text, parts, or a harmless value with parts in it.
fn value(key: &'static str) -> impl Strategy<Value = String> {
    let harmless = HARMLESS.iter().find(|(other, _)| *other == key).map_or("true", |(_, value)| *value);
    let parts = || prop::collection::vec(prop::sample::select(PARTS), 0..6).prop_map(|parts| parts.concat());
    let inserted = (0..=harmless.len(), parts(), any::<bool>()).prop_map(move |(at, parts, cut)| {
        let rest = if cut { "" } else { &harmless[at..] };
        format!("{}{parts}{rest}", &harmless[..at])
    });
    prop_oneof![1 => any::<String>(), 3 => parts(), 6 => inserted]
}

pub(super) fn key_and_value() -> impl Strategy<Value = (&'static str, String)> {
    prop::sample::select(keys()).prop_flat_map(|key| (Just(key), value(key)))
}
