//! A site under maintenance in a real nginx.

use std::fs;

use piku_nginx::{Maintenance, MaintenanceFiles, Pass, Site};

use crate::passing::echo;
use crate::running::{Machine, but, machine};

const HOST: &str = "blog.example.org";
const PROBE: &str = "/.well-known/shop/blog";

/// The site `blog` of this machine, with files for maintenance.
fn site(machine: &Machine) -> Site {
    but(machine.site("blog", echo()), |it| {
        it.tls = Some(machine.certificate());
        it.acme_webroot = Some(machine.file_path("acme"));
        it.allow_only = Some(vec!["127.0.0.1".parse().unwrap()]);
        it.maintenance =
            Some(MaintenanceFiles::new(machine.file_path("blog.operators"), machine.file_path("blog.rules")));
    })
}

fn maintenance(machine: &Machine) -> Maintenance {
    let name = |text: &str| text.parse().unwrap();
    let page = machine.file_path("page.html");
    fs::write(page.as_path(), "<h1>Back at noon</h1>\n").unwrap();
    Maintenance::new(
        name("blog"),
        "site".parse().unwrap(),
        PROBE.parse().unwrap(),
        "m1".parse().unwrap(),
        page,
    )
}

fn write(machine: &Machine, maintenance: &Maintenance) {
    fs::write(machine.path("blog.rules"), maintenance.rules()).unwrap();
    if let Some(operators) = maintenance.operators() {
        fs::write(machine.path("blog.operators"), operators).unwrap();
    }
}

#[test]
fn a_site_without_the_files_is_open() {
    let Some(mut machine) = machine() else { return };
    for https_only in [false, true] {
        machine.add(&but(site(&machine), |it| it.https_only = https_only));
        assert_eq!(machine.complaints(), "");
    }
    machine.add(&site(&machine));
    machine.start();
    assert_eq!(machine.get(HOST, "/").unwrap().status, 200);
    assert_eq!(machine.get(HOST, PROBE).unwrap().body, "blog");
}

#[test]
fn everybody_gets_the_page_whatever_they_ask_for() {
    let Some(mut machine) = machine() else { return };
    machine.add(&site(&machine));
    write(&machine, &maintenance(&machine));
    fs::create_dir_all(machine.path("acme/.well-known/acme-challenge")).unwrap();
    fs::write(machine.path("acme/.well-known/acme-challenge/token"), "proof").unwrap();
    machine.start();
    let large = format!("Content-Length: 3000000\r\nConnection: close\r\n\r\n{}", "x".repeat(1000));
    let posted = machine.ask(&format!("POST /form HTTP/1.1\r\nHost: {HOST}\r\n{large}"));
    let secure = machine.get_tls(HOST, "/");
    let asked = ["/", "/style.css?x=1", "/.well-known/shop/blog/closed", "/.git/HEAD"];
    let plain = asked.map(|path| machine.get(HOST, path));
    for answer in plain.into_iter().chain([posted, secure]) {
        let answer = answer.unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (503, "<h1>Back at noon</h1>\n"));
        assert_eq!(answer.header("retry-after"), Some("600"));
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    }
    assert_eq!(machine.get(HOST, PROBE).unwrap().body, "blog m1");
    assert_eq!(machine.get(HOST, "/.well-known/acme-challenge/token").unwrap().body, "proof");
    assert_eq!(machine.get(HOST, &format!("{PROBE}/page")).unwrap().status, 404, "the page has no URL");
}

#[test]
fn operators_and_whoever_has_the_pass_reach_the_app() {
    let Some(mut machine) = machine() else { return };
    machine.add(&but(site(&machine), |it| it.https_only = true));
    let mut closed = maintenance(&machine);
    closed.pass = Some(Pass::new("X-Shop-Pass", "s3cret").unwrap());
    closed.operators = ["192.0.2.0/24", "2001:db8::1"].map(|one| one.parse().unwrap()).into();
    write(&machine, &closed);
    machine.start();
    let with = |pass: &str| {
        let head =
            format!("GET / HTTP/1.1\r\nHost: {HOST}\r\nX-Shop-Pass: {pass}\r\nConnection: close\r\n\r\n");
        machine.ask(&head).unwrap().status
    };
    assert_eq!([with("s3cret"), with("s3cre"), with("")], [301, 503, 503]);
    assert_eq!(machine.get(HOST, "/").unwrap().status, 503, "over HTTP too, where HTTPS is a must");
    drop(machine);

    let Some(mut machine) = crate::running::machine() else { return };
    machine.add(&site(&machine));
    closed = but(maintenance(&machine), |it| it.operators = vec!["127.0.0.0/8".parse().unwrap()]);
    write(&machine, &closed);
    machine.start();
    assert_eq!(machine.get(HOST, "/").unwrap().status, 200);
}
