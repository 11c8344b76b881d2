//! Each file in `scenarios/` describes one site, and has the text of that site as its snapshot.
//!
//! Its first line says what it shows. Each other line is a key, named like the field of [`Site`] that it sets, and a
//! value; see [`set`]. A file that is added is a test that is added: `INSTA_UPDATE=always` writes its snapshot.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use piku_nginx::{
    Backend, Cache, CatchAll, DirectiveNames, FilePath, Header, Hsts, IncludedFile, Includes, Network, Place,
    Probe, Servable, ServerName, Site, SocketPath, StaticPath, Tls, Trusted, Version, VisitorHeader,
};

use crate::running::{ADDRESS, Machine, machine};

/// What a file describes.
struct Scenario {
    site: Site,
    /// The text of the app's own file.
    include: String,
    /// The version of nginx, if the file names one.
    version: Option<Version>,
}

const TREE: &str = "/srv/apps/blog";
const INCLUDE: &str = "/srv/apps/blog/nginx extra.conf";

fn path(text: &str) -> FilePath {
    text.parse().unwrap()
}

fn version(text: &str) -> Version {
    format!("nginx version: nginx/{text}").parse().unwrap()
}

/// The site of an app named `blog`, with everything that a program adds to its sites.
fn usual() -> Site {
    let mut site = Site::proxied("blog", ["blog.example.org"], "127.0.0.1:4001").unwrap();
    site.namespace = "shop".parse().unwrap();
    site.headers = vec![Header::new("X-By", "Shop").unwrap()];
    site.never_served = ["ENV", "Procfile"].map(|name| name.parse().unwrap()).into();
    site.probe = Some(Probe::new("/.well-known/shop/blog".parse().unwrap(), "blog 3".parse().unwrap()));
    site
}

fn read(text: &str) -> Scenario {
    let mut lines = text.lines();
    assert!(lines.next().is_some_and(|line| line.starts_with("# ")), "the first line says what it shows");
    let mut scenario = Scenario { site: usual(), include: String::new(), version: None };
    for line in lines.filter(|line| !line.is_empty()) {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        set(&mut scenario, key, value);
    }
    let used = scenario.version.unwrap_or(version("1.22.1"));
    adapt(&mut scenario.site, used);
    scenario
}

/// Makes a site with a certificate fit for a version of nginx.
fn adapt(site: &mut Site, version: Version) {
    site.http2 = version.http2();
    site.reject_handshake = version.reject_handshake();
}

fn set(scenario: &mut Scenario, key: &str, value: &str) {
    let site = &mut scenario.site;
    let words = || value.split(' ').filter(|word| !word.is_empty());
    match key {
        "name" => site.name = value.parse().unwrap(),
        "comment" => site.comment = Some(value.parse().unwrap()),
        "server_names" => site.server_names = ServerName::parse_list(value).unwrap(),
        "redirects" => site.redirects = ServerName::parse_list(value).unwrap(),
        "headers" => site.headers.extend(Header::parse_list(value).unwrap()),
        "tls" => site.tls = Some(Tls::new(path("/srv/nginx/blog.crt"), path("/srv/nginx/blog.key"))),
        "https_only" => site.https_only = true,
        "hsts" => site.hsts = Hsts::parse(value).unwrap(),
        "uwsgi" => {
            site.backend = Backend::Uwsgi(words().map(|path| SocketPath::new(path).unwrap()).collect());
        }
        "http" => site.backend = Backend::Http(words().map(|address| address.parse().unwrap()).collect()),
        "unavailable" => site.backend = Backend::Unavailable,
        "static_only" => site.backend = Backend::StaticOnly,
        "statics" => {
            let from = Servable::tree(Utf8Path::new(TREE)).with_data(Utf8Path::new("/srv/data/blog"));
            site.statics.extend(StaticPath::parse_list(value, &from).unwrap());
        }
        "catch_all" => site.catch_all = Some(value.parse::<CatchAll>().unwrap()),
        "not_found" => site.not_found = Some(value.parse().unwrap()),
        "allow_git_folders" => site.allow_git_folders = true,
        "acme_webroot" => site.acme_webroot = Some(path("/srv/acme")),
        "no_probe" => site.probe = None,
        "allow_only" => {
            site.allow_only = Some(words().map(|network| network.parse::<Network>().unwrap()).collect());
        }
        "trusted" => site.trusted = Some(Trusted::new(Trusted::parse_list(value).unwrap())),
        "cloudflare" => {
            let mut trusted = Trusted::new(Trusted::parse_list(value).unwrap());
            trusted.visitor = VisitorHeader::CfConnectingIp;
            (site.allow_only, site.trusted) = (Some(trusted.networks.clone()), Some(trusted));
        }
        "max_body_size" => site.max_body_size = Some(value.parse().unwrap()),
        "timeout" => site.timeout = value.parse().unwrap(),
        "buffering" => site.buffering = value != "off",
        "include" => {
            scenario.include = format!("{value}\n");
            site.include = Some(path(INCLUDE));
            site.left_to_include = DirectiveNames::of(value);
        }
        "includes_server" | "includes_location" => {
            let place = if key == "includes_server" { Place::Server } else { Place::Location };
            let file = IncludedFile { name: "deploy/nginx.conf", text: value, place };
            site.includes = Includes::parse(&[file], &site.namespace).unwrap();
        }
        "nginx" => scenario.version = Some(version(value)),
        _ if key.starts_with("listen_") => set_listen(site, key, value),
        _ if key.starts_with("cache") => set_cache(site, key, value),
        _ => panic!("no scenario has a key `{key}`"),
    }
}

fn set_listen(site: &mut Site, key: &str, value: &str) {
    match key {
        "listen_ipv4" => site.listen.ipv4 = value.parse().ok(),
        "listen_ipv6" => site.listen.ipv6 = value.parse().ok(),
        "listen_http_port" => site.listen.http_port = value.parse().unwrap(),
        "listen_https_port" => site.listen.https_port = value.parse().unwrap(),
        _ => panic!("no scenario has a key `{key}`"),
    }
}

fn set_cache(site: &mut Site, key: &str, value: &str) {
    if key == "cache" {
        site.cache = Some(Cache::new(path("/srv/cache/blog"), Cache::parse_prefixes(value).unwrap()));
        return;
    }
    let cache = site.cache.as_mut().expect("`cache` comes first");
    let field = match key {
        "cache_size" => &mut cache.size,
        "cache_time" => &mut cache.time,
        "cache_redirects" => &mut cache.redirects,
        "cache_any" => &mut cache.any,
        "cache_control" => &mut cache.control,
        "cache_expiry" => &mut cache.expiry,
        _ => panic!("no scenario has a key `{key}`"),
    };
    *field = value.parse().unwrap();
}

/// Every file, in the order of their names.
fn files() -> Vec<Utf8PathBuf> {
    let folder = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nginx/scenarios");
    let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut files: Vec<_> = names.map(|name| folder.join(name.into_string().unwrap())).collect();
    files.sort();
    files
}

#[test]
fn every_scenario_is_rendered_as_it_was() {
    insta::glob!("scenarios/*.site", |file| {
        let text = fs::read_to_string(file).unwrap();
        let shows = text.lines().next().unwrap_or_default().trim_start_matches("# ");
        let site = read(&text).site;
        assert_eq!(site.render(), site.to_string());
        insta::with_settings!({ description => shows, omit_expression => true }, {
            insta::assert_snapshot!(site);
        });
    });
}

#[test]
fn there_are_many_scenarios_and_each_shows_something_else() {
    let texts: Vec<String> = files().iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let shown: std::collections::BTreeSet<_> = texts.iter().filter_map(|text| text.lines().next()).collect();
    assert!(shown.len() == texts.len() && shown.len() >= 80, "{} of {}", shown.len(), texts.len());
}

/// The site in a folder and on ports of this machine.
fn at(machine: &Machine, mut scenario: Scenario) -> String {
    let folder = machine.path("srv");
    fs::write(folder.join("apps/blog/nginx extra.conf"), &scenario.include).unwrap();
    if scenario.version.is_none() {
        adapt(&mut scenario.site, machine.version());
    }
    let site = &mut scenario.site;
    site.listen.ipv4 = site.listen.ipv4.and(ADDRESS.parse().ok());
    site.listen.ipv6 = None;
    (site.listen.http_port, site.listen.https_port) = (machine.http, machine.https);
    site.render().replace("/srv/", &format!("{folder}/"))
}

#[test]
fn nginx_accepts_every_scenario_without_a_warning() {
    let Some(machine) = machine() else { return };
    for folder in ["apps/blog/public", "nginx", "cache", "acme"] {
        fs::create_dir_all(machine.path("srv").join(folder)).unwrap();
    }
    let certificate = machine.certificate();
    for (from, to) in [(&certificate.certificate, "blog.crt"), (&certificate.key, "blog.key")] {
        fs::copy(from.as_path(), machine.path("srv/nginx").join(to)).unwrap();
    }
    let mut accepted = 0;
    for file in files() {
        let scenario = read(&fs::read_to_string(&file).unwrap());
        // Older and newer versions spell HTTP/2 differently, and the file may be about that.
        if scenario.version.is_some_and(|version| version.http2() != machine.version().http2()) {
            continue;
        }
        machine.add_text("blog", &at(&machine, scenario));
        assert_eq!(machine.complaints(), "", "{file}");
        accepted += 1;
    }
    assert!(accepted >= 75, "{accepted}");
}
