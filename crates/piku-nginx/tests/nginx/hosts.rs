//! Which site answers for which host.

use piku_nginx::{Servable, ServerName, StaticPath};

use crate::{
    passing::echo,
    running::{ADDRESS, Machine, machine, probe},
};

const PROBE: &str = "/.well-known/shop/blog";

/// Debian's `sites-enabled/default`, on our port.
fn debian(machine: &Machine) -> String {
    format!("server {{ listen {}:{} default_server; server_name _; return 418; }}", ADDRESS, machine.http)
}

#[test]
fn strangers_reach_nobody() {
    let Some(mut machine) = machine() else { return };
    for name in ["blog", "Shop", "a.b_c-d"] {
        let mut site = machine.site(name, echo());
        if name != "Shop" {
            site.tls = Some(machine.certificate());
            site.reject_handshake = true;
            site.http2 = machine.version().http2();
        }
        machine.add(&site);
    }
    machine.start();
    for host in ["blog.example.org", "shop.example.org", "a.b_c-d.example.org"] {
        assert!(machine.get(host, "/").unwrap().body.contains(host));
    }
    for host in ["evil.example", "127.0.0.1", "blog.site.invalid", "_shop.site.invalid"] {
        assert!(machine.get(host, "/").is_none(), "{host}");
    }
    assert!(machine.ask("GET / HTTP/1.0\r\n\r\n").is_none());
    assert!(machine.get_tls("blog.example.org", "/").unwrap().body.contains("X-Forwarded-Proto: https"));
    assert!(machine.get_tls("blog.example.org", "/").unwrap().head.starts_with("HTTP/2"));
    for host in ["evil.example", "shop.example.org", ADDRESS] {
        assert!(machine.get_tls(host, "/").is_none(), "{host}");
    }
}

#[test]
fn strangers_reach_nobody_without_a_refused_handshake_either() {
    let Some(mut machine) = machine() else { return };
    let mut site = machine.site("blog", echo());
    site.tls = Some(machine.certificate());
    machine.add(&site);
    machine.start();
    assert_eq!(machine.get_tls("blog.example.org", "/").unwrap().status, 200);
    assert!(machine.get_tls("evil.example", "/").is_none());
}

#[test]
fn a_site_for_an_address_answers_over_tls_though_no_host_is_named() {
    let Some(mut machine) = machine() else { return };
    let mut site = machine.site("blog", echo());
    site.server_names = ServerName::parse_list(ADDRESS).unwrap();
    site.tls = Some(machine.certificate());
    site.reject_handshake = true;
    machine.add(&site);
    machine.start();
    assert_eq!(machine.get_tls(ADDRESS, "/").unwrap().status, 200);
    assert!(machine.get_tls("evil.example", "/").is_none());
}

#[test]
fn the_default_site_of_debian_stays_the_default() {
    let Some(mut machine) = machine() else { return };
    machine.add(&machine.site("blog", echo()));
    machine.add_text("zz-debian", &debian(&machine));
    machine.start();
    assert_eq!(machine.get("evil.example", "/").unwrap().status, 418);
    assert_eq!(machine.get("blog.example.org", "/").unwrap().status, 200);
}

#[test]
fn names_match_as_they_say_however_long() {
    let Some(mut machine) = machine() else { return };
    let long = "a".repeat(60);
    let mut blog = machine.site("blog", echo());
    let names = format!(
        "example.com .example.com *.example.com example.com.. *.x.org {long}.org *.{long}.net .{long}.com {long}.*"
    );
    blog.server_names = ServerName::parse_list(&names.replace("example.com..", "")).unwrap();
    machine.add(&blog);
    let mut other = machine.site(&"y".repeat(63), echo());
    other.server_names = ServerName::parse_list("_").unwrap();
    other.probe = Some(probe(PROBE, "other"));
    machine.add(&other);
    machine.start();
    for (host, found) in [
        ("example.com", true),
        ("EXAMPLE.com.", true),
        ("a.b.example.com", true),
        ("x.org", false),
        ("a.x.org", true),
        (&format!("{long}.org"), true),
        (&format!("x.{long}.org"), false),
        (&format!("x.{long}.net"), true),
        (&format!("{long}.net"), true),
        (&format!("{long}.com"), true),
        (&format!("x.{long}.com"), true),
        (&format!("x{}.com", "a".repeat(60)), false),
        ("whoever.example", false),
    ] {
        assert_eq!(machine.get(host, PROBE).is_some_and(|answer| answer.body == "blog"), found, "{host}");
    }
}

#[test]
fn a_site_for_every_host_is_reached_by_every_host() {
    let Some(mut machine) = machine() else { return };
    let mut any = machine.site("any", echo());
    any.server_names = ServerName::parse_list("_").unwrap();
    any.tls = Some(machine.certificate());
    any.reject_handshake = true;
    machine.add(&any);
    machine.add(&machine.site("blog", echo()));
    machine.start();
    for host in ["evil.example", "127.0.0.1"] {
        assert!(machine.get(host, "/").unwrap().body.contains(host));
        assert_eq!(machine.get_tls(host, "/").unwrap().status, 200);
    }
    assert_eq!(machine.get("blog.example.org", PROBE).unwrap().body, "blog");
}

#[test]
fn only_https_means_that_http_redirects_but_for_probe_and_challenge() {
    let Some(mut machine) = machine() else { return };
    let mut site = machine.site("blog", echo());
    site.tls = Some(machine.certificate());
    site.https_only = true;
    site.acme_webroot = Some(machine.file_path("acme"));
    site.allow_only = Some(vec!["192.0.2.0/24".parse().unwrap()]);
    machine.add(&site);
    std::fs::create_dir_all(machine.path("acme/.well-known/acme-challenge")).unwrap();
    std::fs::write(machine.path("acme/.well-known/acme-challenge/token"), "proof").unwrap();
    machine.start();
    let answer = machine.get("blog.example.org", "/a%20b?c=d").unwrap();
    let there = format!("https://blog.example.org:{}/a%20b?c=d", machine.https);
    assert_eq!((answer.status, answer.header("Location")), (301, Some(there.as_str())));
    for (path, body) in [(PROBE, "blog"), ("/.well-known/acme-challenge/token", "proof")] {
        assert_eq!(machine.get("blog.example.org", path).unwrap().body, body);
        assert_eq!(machine.get_tls("blog.example.org", path).unwrap().body, body);
    }
    assert_eq!(machine.get_tls("blog.example.org", "/").unwrap().status, 200);
}

#[test]
fn the_probe_answers_plain_text_and_is_not_logged() {
    let Some(mut machine) = machine() else { return };
    let mut site = machine.site("my.html", echo());
    let said = r#"my.html 3 "a\b" {;} #c ä"#;
    site.probe = Some(probe("/.well-known/shop/my.html", said));
    machine.add(&site);
    machine.start();
    let answer = machine.get("my.html.example.org", "/.well-known/shop/my.html?x").unwrap();
    assert_eq!((answer.status, answer.header("Content-Type")), (200, Some("text/plain")));
    assert_eq!(answer.body, said);
    let answer = machine.get("my.html.example.org", "/seen").unwrap();
    assert_eq!(answer.status, 200);
    let log = std::fs::read_to_string(machine.path("access.log")).unwrap();
    assert!(log.contains("/seen") && !log.contains("/.well-known/shop"), "{log}");
}

#[test]
fn only_those_allowed_are_served_and_only_the_machine_may_probe() {
    let Some(mut machine) = machine() else { return };
    // Lets a request choose its source address.
    machine.add_text("00", "set_real_ip_from 127.0.0.1; real_ip_header X-Test;");
    machine.file("public/a.txt", "a");
    std::fs::create_dir_all(machine.path("acme/.well-known/acme-challenge")).unwrap();
    std::fs::write(machine.path("acme/.well-known/acme-challenge/token"), "proof").unwrap();
    let mut site = machine.site("blog", echo());
    site.statics = StaticPath::parse_list("/static:public", &Servable::tree(&machine.tree())).unwrap();
    site.acme_webroot = Some(machine.file_path("acme"));
    site.allow_only = Some(vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()]);
    // The address of the connection as well, which no header changes otherwise.
    machine.add_text("blog", &site.render().replace("$realip_remote_addr", "$http_x_test"));
    machine.start();
    for (from, path, status) in [
        ("192.0.2.7", "/", 200),
        ("192.0.2.7", "/static/a.txt", 200),
        ("2001:db8::1", "/", 200),
        ("127.0.0.1", "/", 200),
        ("192.0.3.7", "/", 403),
        ("192.0.3.7", "/static/a.txt", 403),
        ("192.0.3.7", "/.well-known/acme-challenge/token", 200),
        ("127.0.0.1", PROBE, 200),
        ("::1", PROBE, 200),
        (ADDRESS, PROBE, 200),
        ("192.0.2.7", PROBE, 404),
        ("192.0.3.7", PROBE, 404),
        ("1.127.0.1", PROBE, 404),
        ("2001:db8::1", PROBE, 404),
        ("1::1", PROBE, 404),
    ] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: blog.example.org\r\nConnection: close\r\nX-Test: {from}\r\n\r\n"
        );
        assert_eq!(machine.ask(&request).unwrap().status, status, "{path} from {from}");
    }
}
