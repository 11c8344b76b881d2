//! Who a visitor is, where they are redirected, and which headers every answer has.

use piku_nginx::{
    Backend, Cache, Header, Hsts, Servable, ServerName, Site, SocketPath, StaticPath, Trusted, VisitorHeader,
};

use crate::{
    passing::{echo, uwsgi},
    running::{Answer, Machine, but, machine},
};

/// What a proxy says of its visitor, in a request over HTTP.
const SAID: &str = "X-Forwarded-For: 6.6.6.6, 203.0.113.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.example:8443\r\n\
                    X-Forwarded-Port: 8443\r\nCF-Connecting-IP: 198.51.100.1\r\nForwarded: for=6.6.6.6";

/// Requests `path` with more header lines.
fn said(machine: &Machine, host: &str, path: &str, lines: &str) -> Answer {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{lines}\r\n\r\n");
    machine.ask(&request).unwrap()
}

/// A site that trusts the proxies of a network, with HTTPS.
fn trusting(machine: &Machine, name: &str, network: &str) -> Site {
    but(machine.site(name, echo()), |site| {
        site.trusted = Some(Trusted::new(Trusted::parse_list(network).unwrap()));
        site.tls = Some(machine.certificate());
    })
}

#[track_caller]
fn has(heard: &str, lines: &[&str]) {
    for line in lines {
        assert!(heard.lines().any(|heard| heard == *line), "no `{line}` in\n{heard}");
    }
    assert!(!heard.contains("6.6.6.6"), "{heard}");
}

#[test]
fn a_trusted_proxy_is_believed_and_a_stranger_is_not() {
    let Some(mut machine) = machine() else { return };
    machine.add(&trusting(&machine, "blog", "127.0.0.0/8"));
    machine.add(&trusting(&machine, "shop", "192.0.2.0/24"));
    uwsgi(&machine.path("app.sock"));
    machine.add(&but(trusting(&machine, "hosted", "127.0.0.0/8"), |site| {
        site.backend = Backend::Uwsgi(vec![SocketPath::new(machine.path("app.sock")).unwrap()]);
    }));
    machine.start();
    has(
        &said(&machine, "blog.example.org", "/", SAID).body,
        &[
            "Host: blog.example.org",
            "X-Forwarded-For: 203.0.113.9",
            "X-Real-IP: 203.0.113.9",
            "X-Forwarded-Proto: https",
            "X-Forwarded-Host: shop.example:8443",
            "X-Forwarded-Port: 8443",
        ],
    );
    has(
        &said(&machine, "hosted.example.org", "/", SAID).body,
        &[
            "REMOTE_ADDR=203.0.113.9",
            "HTTP_X_FORWARDED_PROTO=https",
            "HTTP_X_FORWARDED_HOST=shop.example:8443",
            "REQUEST_SCHEME=https",
            "HTTPS=on",
            "SERVER_PORT=8443",
        ],
    );
    let stranger = said(&machine, "shop.example.org", "/", SAID).body;
    has(&stranger, &["X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1", "X-Forwarded-Proto: http"]);
    assert!(!stranger.contains("X-Forwarded-Host") && !stranger.contains("8443"), "{stranger}");
    // Without a port, it is the scheme's; what makes no sense is ignored.
    for (lines, proto, port) in [
        ("X-Forwarded-Proto: HTTPS", "https", "443".to_owned()),
        ("X-Forwarded-Proto: http", "http", "80".to_owned()),
        ("X-Forwarded-Proto: ws\r\nX-Forwarded-Port: 1 2", "http", machine.http.to_string()),
        ("X-Forwarded-Host: a;b", "http", machine.http.to_string()),
    ] {
        let heard = said(&machine, "blog.example.org", "/", lines).body;
        has(&heard, &[&format!("X-Forwarded-Proto: {proto}"), &format!("X-Forwarded-Port: {port}")]);
        assert!(!heard.contains("X-Forwarded-Host"), "{heard}");
    }
    // Another site's proxies are not this one's, and the machine still has its probe.
    assert_eq!(machine.get("blog.example.org", "/.well-known/shop/blog").unwrap().body, "blog");
    assert_eq!(said(&machine, "blog.example.org", "/.well-known/shop/blog", SAID).status, 404);
}

#[test]
fn who_may_connect_depends_on_the_connection_and_not_on_the_visitor() {
    let Some(mut machine) = machine() else { return };
    let site = |name: &str| {
        but(trusting(&machine, name, "127.0.0.0/8"), |site| {
            site.allow_only = Some(vec!["192.0.2.0/24".parse().unwrap()]);
            site.trusted.as_mut().unwrap().visitor = VisitorHeader::CfConnectingIp;
        })
    };
    machine.add(&site("blog"));
    // The same site, asked by a proxy that is not on the list.
    let elsewhere = site("shop").render();
    let table = elsewhere.replace("127.0.0.0/8 1;\n    ::1 1;", "203.0.113.0/24 1;\n    198.51.100.0/24 1;");
    assert_ne!(table, elsewhere);
    machine.add_text("shop", &table);
    machine.start();
    let answer = said(&machine, "blog.example.org", "/", SAID);
    assert_eq!(answer.status, 200);
    has(&answer.body, &["X-Forwarded-For: 198.51.100.1", "X-Forwarded-Proto: https"]);
    assert_eq!(said(&machine, "shop.example.org", "/", SAID).status, 403);
}

#[test]
fn https_alone_does_not_redirect_for_ever_behind_a_proxy() {
    let Some(mut machine) = machine() else { return };
    machine.add(&but(trusting(&machine, "blog", "127.0.0.0/8"), |site| {
        site.https_only = true;
        site.hsts = Some(Hsts::new(77));
        site.acme_webroot = Some(machine.file_path("acme"));
    }));
    std::fs::create_dir_all(machine.path("acme/.well-known/acme-challenge")).unwrap();
    std::fs::write(machine.path("acme/.well-known/acme-challenge/token"), "proof").unwrap();
    machine.start();
    let secure = said(&machine, "blog.example.org", "/a", "X-Forwarded-Proto: https");
    assert_eq!((secure.status, secure.header("Strict-Transport-Security")), (200, Some("max-age=77")));
    for lines in ["X-Forwarded-Proto: http", "X-A: b"] {
        let answer = said(&machine, "blog.example.org", "/a?b", lines);
        let there = format!("https://blog.example.org:{}/a?b", machine.https);
        assert_eq!((answer.status, answer.header("Location")), (301, Some(there.as_str())));
        assert_eq!(answer.header("Strict-Transport-Security"), None);
    }
    for (path, body) in [("/.well-known/shop/blog", "blog"), ("/.well-known/acme-challenge/token", "proof")] {
        assert_eq!(machine.get("blog.example.org", path).unwrap().body, body);
    }
}

#[test]
fn other_names_redirect_with_path_and_query_by_the_same_scheme() {
    let Some(mut machine) = machine() else { return };
    machine.add(&but(machine.site("blog", echo()), |site| {
        site.server_names = ServerName::parse_list("*.blog.org blog.org").unwrap();
        site.redirects = ServerName::parse_list("www.blog.org old.example *.old.example blog.org").unwrap();
        site.tls = Some(machine.certificate());
        site.hsts = Some(Hsts::new(77));
        site.reject_handshake = true;
    }));
    machine.add(&but(machine.site("safe", echo()), |site| {
        site.server_names = ServerName::parse_list("safe.org").unwrap();
        site.redirects = ServerName::parse_list("www.safe.org").unwrap();
        site.tls = Some(machine.certificate());
        site.https_only = true;
    }));
    machine.start();
    let (http, https) = (machine.http, machine.https);
    for host in ["www.blog.org", "old.example", "a.b.old.example"] {
        let there = format!("http://blog.org:{http}/a%20b?c=d&e");
        let answer = machine.get(&format!("{host}:{http}"), "/a%20b?c=d&e").unwrap();
        assert_eq!((answer.status, answer.header("Location")), (301, Some(there.as_str())), "{host}");
        assert_eq!((answer.header("X-By"), answer.header("Strict-Transport-Security")), (Some("Shop"), None));
        let there = format!("https://blog.org:{https}/a%20b?c=d&e");
        let answer = machine.get_tls(host, "/a%20b?c=d&e").unwrap();
        assert_eq!((answer.status, answer.header("Location")), (301, Some(there.as_str())), "{host}");
        assert_eq!(answer.header("Strict-Transport-Security"), Some("max-age=77"));
    }
    for host in ["blog.org", "x.blog.org"] {
        assert_eq!(machine.get(host, "/").unwrap().status, 200, "{host}");
    }
    let answer = machine.get("www.safe.org", "//evil.example/..?x").unwrap();
    let there = format!("https://safe.org:{https}//evil.example/..?x");
    assert_eq!(answer.header("Location"), Some(there.as_str()));
    assert!(machine.get("evil.example", "/").is_none());
}

#[test]
fn every_answer_has_the_headers_each_once_and_hsts_only_over_https() {
    let Some(mut machine) = machine() else { return };
    machine.file("public/a.txt", "a");
    let mut site = machine.site("blog", echo());
    let csp = "default-src 'self'; img-src * data:; report-uri /$csp{x}\"\\";
    site.headers = vec![Header::new("X-Count", "ours").unwrap(), Header::new("X-Own", csp).unwrap()];
    site.headers.push(Header::new("Cache-Control", "private").unwrap());
    site.hsts = Hsts::parse("86400 includeSubDomains").unwrap();
    site.tls = Some(machine.certificate());
    site.statics = StaticPath::parse_list("/static:public", &Servable::tree(&machine.tree())).unwrap();
    site.cache = Some(Cache::new(machine.file_path("cache/blog"), Cache::parse_prefixes("/cached").unwrap()));
    machine.add(&site);
    machine.start();
    for path in
        ["/", "/own", "/cached", "/static/a.txt", "/static/nowhere", "/.git/x", "/.well-known/shop/blog"]
    {
        for (answer, hsts) in [
            (machine.get("blog.example.org", path), None),
            (machine.get_tls("blog.example.org", path), Some("max-age=86400; includeSubDomains")),
        ] {
            let answer = answer.unwrap();
            let found: Vec<Option<&str>> =
                ["X-Count", "X-Own", "Strict-Transport-Security"].map(|name| answer.header(name)).into();
            assert_eq!(found, [Some("ours"), Some(csp), hsts], "{path}");
            // The app sends this one too, and Cache-Control where the path has `/own`.
            let count =
                |name: &str| answer.head.lines().filter(|line| line.to_lowercase().starts_with(name)).count();
            assert_eq!(count("x-count"), 1, "{}", answer.head);
            assert_eq!(count("cache-control: private"), 1, "{}", answer.head);
            assert_eq!(count("cache-control: no-store"), usize::from(path == "/own"), "{}", answer.head);
        }
    }
    // A broken request never gets as far as the rules of the site.
    let broken =
        machine.ask("GET / HTTP/1.1\r\nHost: blog.example.org\r\nContent-Length: x\r\n\r\n").unwrap();
    assert_eq!(broken.status, 400);
    let log = std::fs::read_to_string(machine.path("error.log")).unwrap_or_default();
    assert!(!log.contains("uninitialized"), "{log}");
}
