//! No value of any setting of a site can add a directive, a variable, or a path that is not its own.
//!
//! The text of a site is read as nginx reads it, and compared with the text of the same site with harmless values.
//! `PROPTEST_CASES=1000000` tries more values than the suite does.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use camino::Utf8Path;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::App;
use crate::deploy::source::inputs::Texts;
use crate::settings::{KEYS, Scope, StoredSettings};

/// A harmless value for each key, so that every part of a site is there. A key without one here has no value in the
/// harmless site, and its values must then change nothing but what [`OWN`] says.
const HARMLESS: &[(&str, &str)] = &[
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

/// A directive: the blocks around it, its name, its arguments.
#[derive(Debug)]
struct Directive {
    blocks: Rc<str>,
    words: Vec<String>,
}

/// Reads configuration text as nginx does; `None` if nginx can't.
fn directives(text: &str) -> Option<Vec<Directive>> {
    let (mut found, mut blocks, mut words) = (Vec::new(), vec![Rc::from("")], Vec::new());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_ascii_whitespace() => {}
            '#' => while chars.next_if(|c| *c != '\n').is_some() {},
            ';' | '{' => {
                let taken: Vec<String> = std::mem::take(&mut words);
                let name = taken.first()?.clone();
                let around: Rc<str> = Rc::clone(blocks.last()?);
                if c == '{' {
                    blocks.push(format!("{around} {name}").into());
                }
                found.push(Directive { blocks: around, words: taken });
            }
            '}' => {
                (words.is_empty() && blocks.pop().is_some() && !blocks.is_empty()).then_some(())?;
            }
            quote @ ('"' | '\'') => {
                let mut word = String::new();
                loop {
                    match chars.next()? {
                        '\\' => {
                            let c = chars.next()?;
                            word.extend(
                                (!matches!(c, '"' | '\'' | '\\')).then_some('\\').into_iter().chain([c]),
                            );
                        }
                        c if c == quote => break,
                        c => word.push(c),
                    }
                }
                // nginx wants white space or an end after a quote; `)` is for `if`.
                chars.peek().filter(|c| c.is_ascii_whitespace() || matches!(c, ';' | '{' | ')'))?;
                words.push(word);
            }
            c => {
                let mut word = String::from(c);
                while let Some(c) = chars.next_if(|c| !c.is_ascii_whitespace() && !matches!(c, ';' | '{')) {
                    word.push(c);
                }
                words.push(word);
            }
        }
    }
    (blocks.len() == 1 && words.is_empty()).then_some(found)
}

/// The name under which a directive is counted: a network in a table is not a directive of its own.
fn name(directive: &Directive) -> &str {
    let first = directive.words[0].as_str();
    if directive.blocks.ends_with(" geo") && first != "default" { "*network" } else { first }
}

/// How often each directive is in each kind of block.
type Kinds = BTreeMap<(Rc<str>, String), usize>;

fn kinds(directives: &[Directive]) -> Kinds {
    let mut kinds = Kinds::new();
    for directive in directives {
        *kinds.entry((Rc::clone(&directive.blocks), name(directive).to_owned())).or_default() += 1;
    }
    kinds
}

/// The variables in the arguments, as nginx would expand them.
fn variables(directives: &[Directive]) -> BTreeSet<String> {
    let of_word = |word: &String| {
        let parts = word.split('$').skip(1).map(|rest| {
            let rest = rest.trim_start_matches('{');
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            rest[..end].to_owned()
        });
        parts.collect::<Vec<_>>()
    };
    // A `$` at the end of a regular expression, or the value of the variable that stands for it, is none.
    let words = directives.iter().flat_map(|one| &one.words).filter(|word| word.contains('$'));
    words.flat_map(of_word).filter(|name| !name.is_empty()).collect()
}

/// Files and folders that nginx would open.
fn paths(directives: &[Directive]) -> BTreeSet<String> {
    let opens = |name: &str| {
        matches!(name, "root" | "alias" | "include" | "proxy_cache_path" | "access_log" | "error_log")
            || name.starts_with("ssl_certificate")
            || name.ends_with("_file")
            || name.ends_with("_path")
    };
    let named = directives.iter().filter(|one| opens(name(one)));
    named.filter_map(|one| one.words.get(1)).filter(|word| *word != "off").cloned().collect()
}

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

fn keys() -> Vec<&'static str> {
    KEYS.iter().filter(|key| key.scope == Scope::Nginx).map(|key| key.name).collect()
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

/// A part of a value: what has a meaning to nginx, and what has one in our settings.
fn part() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
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
    ])
}

/// A value: any text, parts, or a harmless value with parts in it.
fn value(key: &'static str) -> impl Strategy<Value = String> {
    let harmless = HARMLESS.iter().find(|(other, _)| *other == key).map_or("true", |(_, value)| *value);
    let parts = || prop::collection::vec(part(), 0..6).prop_map(|parts| parts.concat());
    let inserted = (0..=harmless.len(), parts(), any::<bool>()).prop_map(move |(at, parts, cut)| {
        let rest = if cut { "" } else { &harmless[at..] };
        format!("{}{parts}{rest}", &harmless[..at])
    });
    prop_oneof![1 => any::<String>(), 3 => parts(), 6 => inserted]
}

fn key_and_value() -> impl Strategy<Value = (&'static str, String)> {
    prop::sample::select(keys()).prop_flat_map(|key| (Just(key), value(key)))
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

/// How many values are tried.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|number| number.parse().ok()).unwrap_or(10_000)
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
    let config = ProptestConfig { failure_persistence: None, cases: cases(), ..ProptestConfig::default() };
    let tried = TestRunner::new(config).run(&key_and_value(), |(key, value)| {
        check(&harmless, key, &value);
        Ok(())
    });
    if let Err(found) = tried {
        panic!("{found}");
    }
}
