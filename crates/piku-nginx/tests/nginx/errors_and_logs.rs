//! A site's own pages for errors, and the log of its requests, in a real nginx.

use std::{
    fs,
    net::TcpListener,
    time::{Duration, Instant},
};

use piku_nginx::{Backend, ErrorPages, Servable, StaticPath};

use crate::passing::echo;
use crate::running::{Machine, but, machine};

const HOST: &str = "blog.example.org";

/// The pages of the app `blog`, made as files.
fn pages(machine: &Machine, names: &[(&str, &str)]) -> ErrorPages {
    names.iter().for_each(|(name, text)| machine.file(&format!("errors/{name}"), text));
    let pages = names.iter().map(|(name, _)| name.parse().unwrap()).collect();
    ErrorPages::new(machine.file_path("apps/blog"), machine.file_path("apps/blog/errors"), pages)
}

#[test]
fn an_app_s_own_pages_are_shown_for_nginx_s_errors_alone() {
    let Some(mut machine) = machine() else { return };
    // Nobody listens there.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let own = pages(&machine, &[("404.html", "<h1>Lost</h1>"), ("50x.html", "<h1>Broken</h1>")]);
    let tree = machine.tree();
    machine.add(&but(machine.site("blog", gone), |it| {
        it.error_pages = Some(own.clone());
        it.statics = StaticPath::parse_list("/static:public", &Servable::tree(&tree)).unwrap();
    }));
    machine.add(&but(machine.site("stopped", gone), |it| {
        it.error_pages = Some(own.clone());
        it.backend = Backend::Unavailable;
    }));
    machine.start();
    let seen =
        |host: &str, path: &str| machine.get(host, path).map(|answer| (answer.status, answer.body)).unwrap();
    assert_eq!(seen(HOST, "/"), (502, "<h1>Broken</h1>".to_owned()));
    assert_eq!(seen(HOST, "/static/no.css"), (404, "<h1>Lost</h1>".to_owned()));
    assert_eq!(seen("stopped.example.org", "/"), (503, "<h1>Broken</h1>".to_owned()));
    let posted = machine
        .ask(&format!("POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
    assert_eq!(posted.unwrap().body, "<h1>Broken</h1>");
    assert_eq!(seen(HOST, "/.well-known/shop/blog/errors/50x.html").0, 404, "the pages have no URL");
}

#[test]
fn every_request_is_a_line_without_its_query() {
    let Some(mut machine) = machine() else { return };
    let log = machine.path("blog.log");
    machine.add(&but(machine.site("blog", echo()), |it| {
        it.access_log = Some(machine.file_path("blog.log"));
        it.tls = Some(machine.certificate());
    }));
    machine.add(&but(machine.site("shop", echo()), |it| it.access_log = Some(machine.file_path("shop.log"))));
    machine.start();
    machine.get(HOST, "/a%20b?token=secret").unwrap();
    machine.get(HOST, "/.well-known/shop/blog").unwrap();
    machine.get_tls(HOST, "/.git/\"x").unwrap();
    let late = Instant::now() + Duration::from_secs(10);
    let text = loop {
        let text = fs::read_to_string(&log).unwrap_or_default();
        if text.lines().count() >= 2 {
            break text;
        }
        assert!(Instant::now() < late, "not written: {text:?}");
        std::thread::sleep(Duration::from_millis(20));
    };
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.splitn(6, ' ').collect()).collect();
    assert_eq!(lines.len(), 2, "the probe is not logged: {text}");
    assert_eq!([lines[0][1], lines[1][1]], ["200", "404"]);
    assert!(
        lines[0][0].contains('T') && lines[0][2].parse::<f64>().is_ok() && lines[0][3].parse::<u64>().is_ok()
    );
    assert_eq!(lines[0][4], "127.0.0.1");
    assert!(lines[0][5].starts_with(r#""GET http://blog.example.org/a%20b" 0."#), "{text}");
    assert!(lines[1][5].starts_with(r#""GET https://blog.example.org/.git/\x22x" "#), "{text}");
    assert!(!text.contains("secret"));
}
