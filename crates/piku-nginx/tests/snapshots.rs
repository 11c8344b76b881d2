//! The whole text of one site of each kind.
#![allow(clippy::unwrap_used, reason = "functions beside tests are tests too")]

use piku_nginx::{
    Backend, Cache, FilePath, Header, Http2, Listen, Network, Probe, Servable, Site, SocketPath, StaticPath,
    Tls, Version,
};

fn path(text: &str) -> FilePath {
    text.parse().unwrap()
}

/// A site with everything that a program adds to its sites.
fn proxied() -> Site {
    let mut site = Site::proxied("blog", ["blog.example.org"], "127.0.0.1:4001").unwrap();
    site.namespace = "shop".parse().unwrap();
    site.comment = Some("The site `blog`, written by Shop.".parse().unwrap());
    site.headers = vec![Header::new("X-By", "Shop").unwrap()];
    site.never_served = ["ENV", "LIVE_ENV", "Procfile"].map(|name| name.parse().unwrap()).into();
    let probe = Probe::new("/.well-known/shop/blog".parse().unwrap(), "blog 3".parse().unwrap());
    site.probe = Some(probe);
    site
}

/// A value with a change.
fn but<T>(mut it: T, change: impl FnOnce(&mut T)) -> T {
    change(&mut it);
    it
}

/// The site of a WSGI app on Debian 12, with all defaults.
fn uwsgi() -> Site {
    let nginx: Version = "nginx version: nginx/1.22.1".parse().unwrap();
    but(proxied(), |it| {
        it.tls = Some(Tls::new(path("/srv/nginx/blog.crt"), path("/srv/nginx/blog.key")));
        it.http2 = nginx.http2();
        it.reject_handshake = nginx.reject_handshake();
        it.backend = Backend::Uwsgi(vec![SocketPath::new("/srv/nginx/blog.sock").unwrap()]);
        it.acme_webroot = Some(path("/srv/acme"));
    })
}

/// A minimal site, which shows little besides the subject of its test.
fn nobody() -> Site {
    but(proxied(), |it| it.backend = Backend::Unavailable)
}

fn statics(list: &str) -> Vec<StaticPath> {
    StaticPath::parse_list(list, &Servable::tree("/srv/apps/blog".into())).unwrap()
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
    insta::assert_snapshot!(but(uwsgi(), |it| it.https_only = true));
}

#[test]
fn an_app_over_https_only_on_another_port() {
    let listen = but(Listen::default(), |it| {
        it.https_port = 8443;
        it.http_port = 8080;
    });
    insta::assert_snapshot!(but(uwsgi(), |it| {
        it.https_only = true;
        it.listen = listen;
        it.backend = Backend::Unavailable;
    }));
}

#[test]
fn an_app_with_several_processes() {
    let backend =
        Backend::Http(["127.0.0.1:4001", "127.0.0.1:4002", "[::1]:4003"].map(|a| a.parse().unwrap()).into());
    insta::assert_snapshot!(but(proxied(), |it| it.backend = backend));
}

#[test]
fn an_app_scaled_to_nothing() {
    insta::assert_snapshot!(nobody());
}

#[test]
fn an_app_of_static_files() {
    let statics = vec![StaticPath::root("public", &Servable::tree("/srv/apps/blog".into())).unwrap()];
    insta::assert_snapshot!(but(proxied(), |it| {
        it.backend = Backend::StaticOnly;
        it.statics = statics;
        it.not_found = "/404.html".parse().ok();
    }));
}

#[test]
fn static_paths_with_a_catch_all() {
    let statics = statics("/static:public,/robots.txt:robots.txt,/:dist");
    insta::assert_snapshot!(but(proxied(), |it| {
        it.statics = statics;
        it.catch_all = "/index.html".parse().ok();
    }));
}

#[test]
fn a_cache() {
    let prefixes = Cache::parse_prefixes("/api/public,feed.xml").unwrap();
    let cache = Some(but(Cache::new(path("/srv/cache/blog"), prefixes), |it| {
        it.size = 2;
        it.time = 60;
        it.redirects = 61;
        it.any = 5;
        it.control = 62;
        it.expiry = 600;
    }));
    insta::assert_snapshot!(but(proxied(), |it| it.cache = cache));
}

#[test]
fn an_app_for_cloudflare_alone() {
    let ranges = ["173.245.48.0/20", "2400:cb00::/32", "198.51.100.7"];
    let allow_only = Some(ranges.map(|range| range.parse::<Network>().unwrap()).into());
    insta::assert_snapshot!(but(nobody(), |it| {
        it.allow_only = allow_only;
        it.acme_webroot = Some(path("/srv/acme"));
    }));
}

#[test]
fn an_include() {
    let include = Some(path("/srv/apps/blog/nginx extra.conf"));
    insta::assert_snapshot!(but(proxied(), |it| it.include = include));
}

#[test]
fn without_ipv6_and_for_several_names() {
    let listen = but(Listen::default(), |it| {
        it.ipv4 = Some([192, 0, 2, 5].into());
        it.ipv6 = None;
    });
    let server_names =
        piku_nginx::ServerName::parse_list("b.example.org a.example.org .example.com *.example.com").unwrap();
    insta::assert_snapshot!(but(nobody(), |it| {
        it.listen = listen;
        it.server_names = server_names;
    }));
}

#[test]
fn http2_as_the_version_wants_it() {
    let lines = |http2| {
        let text = but(uwsgi(), |it| it.http2 = http2).render();
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
    let text = but(uwsgi(), |it| {
        it.reject_handshake = false;
        it.backend = Backend::Unavailable;
    })
    .render();
    let guard = text.split("\n\n").nth(1).unwrap();
    insta::assert_snapshot!(guard, @r"
    # Hosts that no site claims end here, not at somebody's app.
    server {
        listen 0.0.0.0:80;
        listen [::]:80;
        listen 0.0.0.0:443 ssl http2;
        listen [::]:443 ssl http2;
        server_name blog.shop.invalid;
        ssl_certificate /srv/nginx/blog.crt;
        ssl_certificate_key /srv/nginx/blog.key;
        return 444;
    }
    ");
}

#[test]
fn the_same_site_gives_the_same_bytes() {
    assert_eq!(uwsgi().render(), uwsgi().render());
    assert_eq!(uwsgi().render(), uwsgi().to_string());
}
