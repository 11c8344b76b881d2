//! Shows the whole text of one site of each kind.
#![allow(clippy::unwrap_used, reason = "functions beside tests are tests too")]

use camino::Utf8Path;
use piku_nginx::{
    Backend, Cache, FilePath, Http2, Listen, Network, Probe, Site, SocketPath, StaticPath, Tls, Version,
};

fn path(text: &str) -> FilePath {
    text.parse().unwrap()
}

fn proxied() -> Site {
    let mut site = Site::proxied("blog", ["blog.example.org"], "127.0.0.1:4001").unwrap();
    site.probe = Probe::of(&site.app, "blog 3").unwrap();
    site
}

/// The site of a WSGI app on Debian 12, with everything that is the default there.
fn uwsgi() -> Site {
    let nginx: Version = "nginx version: nginx/1.22.1".parse().unwrap();
    Site {
        tls: Some(Tls { certificate: path("/piku/nginx/blog.crt"), key: path("/piku/nginx/blog.key") }),
        http2: nginx.http2(),
        reject_handshake: nginx.reject_handshake(),
        backend: Backend::Uwsgi(vec![SocketPath::new("/piku/nginx/blog.sock").unwrap()]),
        acme_webroot: Some(path("/piku/acme")),
        ..proxied()
    }
}

/// A site that shows little beside what its test is about.
fn nobody() -> Site {
    Site { backend: Backend::Unavailable, ..proxied() }
}

fn statics(list: &str) -> Vec<StaticPath> {
    StaticPath::parse_list(list, Utf8Path::new("/piku/apps/blog")).unwrap()
}

#[test]
fn an_app_over_http() {
    insta::assert_snapshot!(proxied());
}

#[test]
fn an_app_behind_uwsgi_with_a_certificate() {
    insta::assert_snapshot!(uwsgi());
}

#[test]
fn an_app_over_https_only() {
    insta::assert_snapshot!(Site { https_only: true, ..uwsgi() });
}

#[test]
fn an_app_over_https_only_on_another_port() {
    let listen = Listen { https_port: 8443, http_port: 8080, ..Listen::default() };
    insta::assert_snapshot!(Site { https_only: true, listen, backend: Backend::Unavailable, ..uwsgi() });
}

#[test]
fn an_app_with_several_processes() {
    let backend =
        Backend::Http(["127.0.0.1:4001", "127.0.0.1:4002", "[::1]:4003"].map(|a| a.parse().unwrap()).into());
    insta::assert_snapshot!(Site { backend, ..proxied() });
}

#[test]
fn an_app_scaled_to_nothing() {
    insta::assert_snapshot!(nobody());
}

#[test]
fn an_app_of_static_files() {
    let statics = vec![StaticPath::root("public", Utf8Path::new("/piku/apps/blog")).unwrap()];
    insta::assert_snapshot!(Site { backend: Backend::StaticOnly, statics, ..proxied() });
}

#[test]
fn static_paths_with_a_catch_all() {
    let statics = statics("/static:public,/robots.txt:robots.txt,/:dist");
    insta::assert_snapshot!(Site { statics, catch_all: "/index.html".parse().ok(), ..proxied() });
}

#[test]
fn a_cache() {
    let prefixes = Cache::parse_prefixes("/api/public,feed.xml").unwrap();
    let cache = Some(Cache {
        size: 2,
        time: 60,
        redirects: 61,
        any: 5,
        control: 62,
        expiry: 600,
        ..Cache::new(path("/piku/cache/blog"), prefixes)
    });
    insta::assert_snapshot!(Site { cache, ..proxied() });
}

#[test]
fn an_app_for_cloudflare_alone() {
    let ranges = ["173.245.48.0/20", "2400:cb00::/32", "198.51.100.7"];
    let allow_only = Some(ranges.map(|range| range.parse::<Network>().unwrap()).into());
    insta::assert_snapshot!(Site { allow_only, acme_webroot: Some(path("/piku/acme")), ..nobody() });
}

#[test]
fn an_include() {
    let include = Some(path("/piku/apps/blog/nginx extra.conf"));
    insta::assert_snapshot!(Site { include, ..proxied() });
}

#[test]
fn without_ipv6_and_for_several_names() {
    let listen = Listen { ipv4: Some([192, 0, 2, 5].into()), ipv6: None, ..Listen::default() };
    let server_names =
        piku_nginx::ServerName::parse_list("b.example.org a.example.org .example.com *.example.com").unwrap();
    insta::assert_snapshot!(Site { listen, server_names, ..nobody() });
}

#[test]
fn http2_as_the_version_wants_it() {
    let lines = |http2| {
        let text = Site { http2, ..uwsgi() }.render();
        let about = |line: &&str| line.contains("443") || line.contains("http2");
        text.lines().filter(about).map(|line| format!("{}\n", line.trim())).collect::<String>()
    };
    insta::assert_snapshot!(lines(Http2::Off), @r"
    listen 0.0.0.0:443 ssl;
    listen [::]:443 ssl;
    listen 0.0.0.0:443 ssl;
    listen [::]:443 ssl;
    ");
    insta::assert_snapshot!(lines(Http2::ListenParameter), @r"
    listen 0.0.0.0:443 ssl http2;
    listen [::]:443 ssl http2;
    listen 0.0.0.0:443 ssl http2;
    listen [::]:443 ssl http2;
    ");
    insta::assert_snapshot!(lines(Http2::Directive), @r"
    listen 0.0.0.0:443 ssl;
    listen [::]:443 ssl;
    http2 on;
    listen 0.0.0.0:443 ssl;
    listen [::]:443 ssl;
    http2 on;
    ");
}

#[test]
fn a_handshake_that_can_not_be_refused_shows_the_certificate_of_the_app() {
    let text = Site { reject_handshake: false, backend: Backend::Unavailable, ..uwsgi() }.render();
    let guard = text.split("\n\n").nth(1).unwrap();
    insta::assert_snapshot!(guard, @r"
    # Hosts that no site claims end here, not at somebody's app.
    server {
        listen 0.0.0.0:80;
        listen [::]:80;
        listen 0.0.0.0:443 ssl http2;
        listen [::]:443 ssl http2;
        server_name blog.piku.invalid;
        ssl_certificate /piku/nginx/blog.crt;
        ssl_certificate_key /piku/nginx/blog.key;
        return 444;
    }
    ");
}

#[test]
fn the_same_site_gives_the_same_bytes() {
    assert_eq!(uwsgi().render(), uwsgi().render());
    assert_eq!(uwsgi().render(), uwsgi().to_string());
}
