//! No value of any setting of a site can add a directive, a variable, or a path that is not its own.
//!
//! The text of a site is read as nginx reads it, and compared with the text of the same site with harmless values.
//! `PROPTEST_CASES=1000000` tries more values than the suite does.

mod directives;
mod values;

use std::collections::BTreeSet;

use camino::Utf8Path;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use self::directives::{Directive, Kinds, directives, kinds, paths, variables};
use self::values::{HARMLESS, key_and_value, keys};
use super::App;
use crate::deploy::source::inputs::Texts;
use crate::settings::StoredSettings;

/// How many values are tried, unless `PROPTEST_CASES` asks for more.
const CASES: u32 = 10_000;

/// The directives that a key's value decides about: how many of each there are, and which.
const OWN: &[(&str, &[&str])] = &[
    ("NGINX_HEADERS", &["add_header", "proxy_hide_header", "geo", "default"]),
    ("NGINX_TRUSTED_PROXIES", &["*"]),
    ("NGINX_CACHE_PREFIXES", &["*"]),
    ("NGINX_STATIC_PATHS", &["*"]),
    ("NGINX_SERVER_NAME", &["*"]),
    ("NGINX_CLOUDFLARE_ACL", &["*"]),
    ("NGINX_HTTPS_ONLY", &["*"]),
    ("NGINX_HSTS", &["*"]),
    ("NGINX_BUFFERING", &["*"]),
    ("NGINX_REDIRECT", &["*"]),
    ("NGINX_CATCH_ALL", &["*"]),
    ("NGINX_INCLUDE_FILE", &["*"]),
    ("NGINX_LOCATION_INCLUDE_FILE", &["*"]),
    ("NGINX_BASIC_AUTH", &["*"]),
    ("NGINX_ERROR_PAGES", &["*"]),
    ("NGINX_ALLOW_GIT_FOLDERS", &["*"]),
    ("DISABLE_IPV6", &["*"]),
];

/// The text of a site with these settings; `None` if they are refused.
fn site(settings: &[(&str, &str)]) -> Option<Vec<Directive>> {
    let mut stored = StoredSettings::default();
    for (key, value) in settings {
        stored.set(key, value).ok()?;
    }
    let texts = Texts {
        procfile: Some(b"web: ./serve\n".into()),
        stored: stored.to_string().into_bytes(),
        ..Texts::default()
    };
    let app = App::of(&texts)?;
    let text = app.inputs.has_site().then(|| app.site(&[20_001]))?;
    Some(directives(&text).unwrap_or_else(|| panic!("nginx can't read {settings:?}\n{text}")))
}

/// The harmless settings with another value for a key.
fn with<'a>(key: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    HARMLESS.iter().copied().filter(|(other, _)| *other != key).chain([(key, value)]).collect()
}

/// What a site may have at all, because harmless sites have it.
#[derive(Default)]
struct Harmless {
    kinds: Kinds,
    variables: BTreeSet<String>,
    paths: BTreeSet<String>,
    /// How often each kind is in one of them.
    counted: Kinds,
}

fn harmless_sites() -> Harmless {
    let mut all = Harmless { counted: kinds(&site(HARMLESS).unwrap()), ..Harmless::default() };
    let mut add = |settings: &[(&str, &str)]| {
        let site = site(settings).unwrap_or_else(|| panic!("{settings:?}"));
        all.kinds.extend(kinds(&site));
        all.variables.extend(variables(&site));
        all.paths.extend(paths(&site));
    };
    add(HARMLESS);
    for (key, value) in [
        ("NGINX_HTTPS_ONLY", "off"),
        ("NGINX_CLOUDFLARE_ACL", "on"),
        ("NGINX_STATIC_PATHS", "/static:public"),
        ("NGINX_REDIRECT", ""),
        ("NGINX_BUFFERING", "on"),
        ("NGINX_HSTS", "off"),
        ("NGINX_SERVER_NAME", "blog.example.org _"),
        ("NGINX_CACHE_PREFIXES", "/"),
    ] {
        add(&with(key, value));
    }
    let mut open = with("NGINX_HTTPS_ONLY", "off");
    open.retain(|(key, _)| !["NGINX_CLOUDFLARE_ACL", "NGINX_TRUSTED_PROXIES"].contains(key));
    add(&open);
    open.retain(|(key, _)| *key != "NGINX_HTTPS_ONLY");
    open.push(("NGINX_HTTPS_ONLY", "on"));
    add(&open);
    all
}

/// Whether nginx may open a path for this app.
fn is_own(path: &str) -> bool {
    let own = ["apps/blog", "releases/blog", "data/blog", "cache/blog", "acme"];
    let within = |folder: &str| Utf8Path::new(path).starts_with(Utf8Path::new("/srv/piku").join(folder));
    own.into_iter().any(within) || path.starts_with("/srv/piku/nginx/blog.")
}

fn check(harmless: &Harmless, key: &str, value: &str) {
    let Some(found) = site(&with(key, value)) else { return };
    let Harmless { kinds: allowed, variables: known, paths: opened, counted: usual } = harmless;
    let own = OWN.iter().find(|(other, _)| *other == key).map_or(&[][..], |(_, own)| *own);
    let counted = kinds(&found);
    for (kind, count) in &counted {
        assert!(allowed.contains_key(kind), "{key}={value:?} adds {kind:?}");
        let is_free = own.contains(&"*") || own.contains(&kind.1.as_str());
        assert!(is_free || usual.get(kind) == Some(count), "{key}={value:?}: {kind:?} {count} times");
    }
    for kind in usual.keys().filter(|kind| !own.contains(&"*") && !own.contains(&kind.1.as_str())) {
        assert!(counted.contains_key(kind), "{key}={value:?} removes {kind:?}");
    }
    let strange: Vec<String> = variables(&found).difference(known).cloned().collect();
    assert!(strange.is_empty(), "{key}={value:?} adds {strange:?}");
    let strange: Vec<String> =
        paths(&found).into_iter().filter(|path| !is_own(path) && !opened.contains(path)).collect();
    assert!(strange.is_empty(), "{key}={value:?} opens {strange:?}");
}

#[test]
fn every_key_of_a_site_has_a_value_in_the_harmless_one() {
    let off = ["NGINX_ALLOW_GIT_FOLDERS", "DISABLE_IPV6", "NGINX_CACHE_PATH", "ACME_ROOT_CA"];
    for key in keys().iter().filter(|key| !off.contains(*key)) {
        assert!(HARMLESS.iter().any(|(other, _)| other == key), "`{key}` has no harmless value in this file");
    }
    // Otherwise the test below would test nothing.
    let all = harmless_sites().kinds;
    for name in ["add_header", "set_real_ip_from", "proxy_cache", "alias", "client_max_body_size"] {
        assert!(all.keys().any(|(_, other)| other == name), "{name}");
    }
}

#[test]
fn no_value_of_any_key_adds_a_directive_a_variable_or_a_path() {
    let harmless = harmless_sites();
    // It has read `PROPTEST_CASES`.
    let config = ProptestConfig::default();
    let cases = config.cases.max(CASES);
    let config = ProptestConfig { failure_persistence: None, cases, ..config };
    let tried = TestRunner::new(config).run(&key_and_value(), |(key, value)| {
        check(&harmless, key, &value);
        Ok(())
    });
    if let Err(found) = tried {
        panic!("{found}");
    }
}
