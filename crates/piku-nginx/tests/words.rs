//! No value can add words: whatever it is, the directives and blocks around it stay the same.
#![allow(clippy::unwrap_used, reason = "functions beside tests are tests too")]

use camino::Utf8Path;
use piku_nginx::{
    Backend, Cache, FilePath, Header, InvalidSite, Probe, Servable, ServerName, Site, SiteName, SocketPath,
    StaticPath, Tls,
};
use proptest::prelude::*;

/// Parses configuration text as nginx does, into words, each list ended by `;`, `{`, or `}`. `None` if nginx can't
/// read it.
fn directives(text: &str) -> Option<Vec<(Vec<String>, char)>> {
    let mut directives = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut depth = 0_usize;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => {}
            '#' => while chars.next_if(|c| *c != '\n').is_some() {},
            ';' | '{' | '}' => {
                depth = match c {
                    '{' => depth + 1,
                    '}' => depth.checked_sub(1)?,
                    _ => depth,
                };
                directives.push((std::mem::take(&mut words), c));
            }
            quote @ ('"' | '\'') => {
                let mut word = String::new();
                loop {
                    match chars.next()? {
                        '\\' => match chars.next()? {
                            c @ ('"' | '\'' | '\\') => word.push(c),
                            't' => word.push('\t'),
                            'r' => word.push('\r'),
                            'n' => word.push('\n'),
                            c => word.extend(['\\', c]),
                        },
                        c if c == quote => break,
                        c => word.push(c),
                    }
                }
                // nginx wants white space or an end after a quote; `)` is for `if`.
                if !chars.peek().is_some_and(|c| c.is_ascii_whitespace() || matches!(c, ';' | '{' | ')')) {
                    return None;
                }
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
    (depth == 0 && words.is_empty()).then_some(directives)
}

/// The directives without their values: the first word, the number of words after it, and what ends it.
fn shape(site: &Site) -> Vec<(String, usize, char)> {
    let read = directives(&site.render()).unwrap_or_else(|| panic!("nginx can't read\n{site}"));
    read.into_iter()
        .map(|(words, end)| (words.first().cloned().unwrap_or_default(), words.len(), end))
        .collect()
}

/// One text for each value in the configuration.
#[derive(Debug, Clone)]
struct Values {
    name: String,
    host: String,
    file: String,
    url: String,
    answer: String,
}

fn site(values: &Values) -> Result<Site, InvalidSite> {
    let Values { name, host, file, url, answer } = values;
    let name: SiteName = name.parse()?;
    let path = || FilePath::new(format!("/srv/{file}/x"));
    let tree = Utf8Path::new("/srv");
    let backend = Backend::Uwsgi(vec![SocketPath::new(format!("/p/{file}"))?]);
    let mut site = Site::new(name, vec![host.parse::<ServerName>()?], backend);
    site.probe = Some(Probe::new(format!("/probe{url}").parse()?, answer.parse()?));
    site.headers = vec![Header::new("X-By", answer)?];
    site.comment = Some(answer.parse()?);
    site.tls = Some(Tls::new(path()?, path()?));
    site.reject_handshake = false;
    site.acme_webroot = Some(path()?);
    site.include = Some(path()?);
    site.cache = Some(Cache::new(path()?, vec![format!("/cache{url}").parse()?]));
    site.statics =
        vec![StaticPath::new(format!("/static{url}").parse()?, &format!("{file}/x"), &Servable::tree(tree))?];
    site.catch_all = Some(format!("x{url}").parse()?);
    Ok(site)
}

/// A value with a change.
fn but<T>(mut it: T, change: impl FnOnce(&mut T)) -> T {
    change(&mut it);
    it
}

fn plain() -> Values {
    let [name, host, file, url, answer] = ["a", "a.org", "a", "", "a"].map(str::to_owned);
    Values { name, host, file, url, answer }
}

/// Any text, often one of characters with a meaning to nginx.
fn text() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        "a",
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
        "\0",
        ":",
        ",",
        "include",
        "ä",
        "(",
        ")",
        "|",
        "[",
        "_",
        "-",
        "]",
        "return 200;",
        "\\n",
        "$uri",
        "${uri}",
        "!",
        "<",
        "&",
        "\u{85}",
        "\u{a0}",
    ]);
    prop_oneof![any::<String>(), prop::collection::vec(nasty, 0..8).prop_map(|parts| parts.concat())]
}

/// Directives that name files, servers, and names.
const OUTSIDE: [&str; 17] = [
    "access_log",
    "alias",
    "error_log",
    "include",
    "listen",
    "load_module",
    "proxy_pass",
    "proxy_store",
    "root",
    "server",
    "server_name",
    "ssl_certificate",
    "ssl_certificate_key",
    "uwsgi_pass",
    "uwsgi_cache_path",
    "upstream",
    "disable_symlinks",
];

/// Texts that are nearly configuration, of words of all kinds.
fn directives_of_people() -> impl Strategy<Value = String> {
    let names = prop::sample::select(vec![
        "gzip on",
        "location /x",
        "location /",
        "add_header A",
        "return 200",
        "if ($host = a)",
        "rewrite ^ /x",
        "set $a",
        "access_log off",
        "expires 1h",
        "try_files $uri",
        "error_page 404",
        "proxy_set_header A",
        "limit_except GET",
        "types",
        "server",
        "listen 1",
        "root /etc",
        "alias /etc",
        "include /x",
        "server_name a",
        "proxy_pass http://x",
        "access_log /x",
        "error_log",
        "}",
        "{",
        "location ~ x",
        "auth_basic",
        "server_tokens",
        "uwsgi_pass x",
    ]);
    let line = (names, text(), prop::sample::select(vec![";", ";", ";", " {", "}", "; }", " { ", ""]));
    let line = line.prop_map(|(name, value, end)| format!("{name} {value}{end}\n"));
    prop_oneof![text(), prop::collection::vec(line, 0..6).prop_map(|lines| lines.concat())]
}

/// How many values are tried: a thousand, or `PROPTEST_CASES`, which proptest reads, if that is more.
fn cases() -> u32 {
    ProptestConfig::default().cases.max(1000)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn a_value_is_one_word_or_refused(text in text(), other in text()) {
        let plainly = shape(&site(&plain()).unwrap());
        let with = |change: &dyn Fn(&mut Values)| {
            let mut values = plain();
            change(&mut values);
            site(&values)
        };
        for changed in [
            with(&|values| values.name.push_str(&text)),
            with(&|values| values.host = format!("a{text}.org")),
            with(&|values| values.file.push_str(&text)),
            with(&|values| values.url.push_str(&text)),
            with(&|values| values.answer.push_str(&text)),
            with(&|values| { values.answer = text.clone(); values.file = format!("x{other}"); }),
        ].into_iter().flatten() {
            prop_assert_eq!(shape(&changed), plainly.clone());
        }
    }

    #[test]
    fn a_value_is_read_back_as_it_was(text in text()) {
        if let Ok(path) = FilePath::new(format!("/srv/{text}")) {
            let site = but(site(&plain()).unwrap(), |it| it.include = Some(path.clone()));
            let words = directives(&site.render()).unwrap();
            let include = words.iter().find(|(words, _)| words.first().is_some_and(|word| word == "include")).unwrap();
            prop_assert_eq!(&include.0[1], path.as_path().as_str());
        }
        let values = Values { answer: text, ..plain() };
        if let Ok(site) = site(&values) {
            let words = directives(&site.render()).unwrap();
            prop_assert!(words.iter().any(|(words, _)| words == &["return", "200", &values.answer]));
        }
    }

    #[test]
    fn no_file_of_an_app_can_name_what_is_not_its_own(text in directives_of_people()) {
        let file = |place| piku_nginx::IncludedFile { name: "x", text: &text, place };
        for place in [piku_nginx::Place::Server, piku_nginx::Place::Location] {
            let namespace = "site".parse().unwrap();
            let Ok(includes) = piku_nginx::Includes::parse(&[file(place)], &namespace) else { continue };
            let plainly = site(&plain()).unwrap();
            let counted = |site: &Site| {
                let read = directives(&site.render()).unwrap();
                let names = read.into_iter().filter(|(words, _)| {
                    words.first().is_some_and(|name| OUTSIDE.contains(&name.as_str()))
                });
                names.map(|(words, _)| words).collect::<Vec<_>>()
            };
            let own = counted(&plainly);
            let with = but(plainly, |it| it.includes = includes);
            for words in counted(&with) {
                // Locations of people pass requests to the app of the site.
                let is_own = own.contains(&words) || words[0] == "access_log" && words[1] == "off";
                prop_assert!(is_own, "{text}\n{words:?}");
            }
        }
    }

    #[test]
    fn lists_are_read_without_a_panic(text in text()) {
        let _ = StaticPath::parse_list(&text, &Servable::tree("/srv/apps/blog".into()));
        let _ = Cache::parse_prefixes(&text);
        let _ = ServerName::parse_list(&text);
        let _ = text.parse::<piku_nginx::Version>();
        let _ = text.parse::<piku_nginx::Network>();
    }

    #[test]
    fn names_of_upstreams_never_meet(one in "[A-Za-z0-9][A-Za-z0-9_.-]{0,6}", other in "[A-Za-z0-9][A-Za-z0-9_.-]{0,6}") {
        if let (Ok(a), Ok(b)) = (one.parse::<SiteName>(), other.parse::<SiteName>()) {
            let namespace = piku_nginx::Namespace::default();
            let same = a.upstream(&namespace).eq_ignore_ascii_case(&b.upstream(&namespace));
            prop_assert_eq!(same, a == b);
        }
    }
}
