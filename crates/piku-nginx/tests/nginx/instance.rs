//! An nginx with our own main configuration.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use piku_nginx::Strangers;

use crate::{
    passing::echo,
    running::{ADDRESS, Machine, machine},
};

fn with_a_site() -> Option<Machine> {
    let machine = machine()?;
    let mut site = machine.site("blog", echo());
    site.tls = Some(machine.certificate());
    machine.add(&site);
    Some(machine)
}

#[test]
fn a_whole_nginx_serves_its_sites_and_gives_strangers_nothing() {
    let Some(mut machine) = with_a_site() else { return };
    let instance = machine.instance();
    machine.start_instance(&instance);
    assert_eq!(machine.get("blog.example.org", "/").unwrap().status, 200);
    assert_eq!(machine.get_tls("blog.example.org", "/").unwrap().status, 200);
    for host in ["evil.example", ADDRESS, ""] {
        assert!(machine.get(host, "/").is_none_or(|answer| answer.status == 400), "{host:?}");
    }
    assert!(machine.ask("GET / HTTP/1.0\r\n\r\n").is_none());
    for host in ["evil.example", ADDRESS] {
        assert!(machine.get_tls(host, "/").is_none(), "{host}");
    }
}

#[test]
fn an_nginx_that_cannot_refuse_a_handshake_closes_after_it() {
    let Some(mut machine) = with_a_site() else { return };
    let mut instance = machine.instance();
    let tls = machine.certificate();
    instance.strangers = Strangers::Closed { certificate: tls.certificate, key: tls.key };
    machine.start_instance(&instance);
    assert!(machine.get_tls("evil.example", "/").is_none());
    assert_eq!(machine.get_tls("blog.example.org", "/").unwrap().status, 200);
}

#[test]
fn a_site_that_is_refused_is_named_in_a_log_of_its_own_and_the_others_go_on() {
    let Some(mut machine) = with_a_site() else { return };
    let instance = machine.instance();
    machine.start_instance(&instance);
    machine.add_text("broken", "server { no such directive; }");
    let log = machine.path("refused.log");
    // `-s reload` would check the configuration first, so signal the master instead.
    // It listens before it writes this file.
    let late = Instant::now() + Duration::from_secs(10);
    let master = loop {
        let master = fs::read_to_string(machine.path("nginx.pid")).unwrap_or_default();
        if master.ends_with('\n') {
            break master;
        }
        assert!(Instant::now() < late, "nginx does not say its pid");
        thread::sleep(Duration::from_millis(10));
    };
    assert!(std::process::Command::new("kill").args(["-HUP", master.trim()]).status().unwrap().success());
    let late = Instant::now() + Duration::from_secs(10);
    let said = loop {
        let said = fs::read_to_string(&log).unwrap_or_default();
        if !said.is_empty() {
            break said;
        }
        assert!(Instant::now() < late, "nginx does not say what it has against the site");
        thread::sleep(Duration::from_millis(10));
    };
    assert!(said.contains("[emerg]") && said.contains("broken.conf:1"), "{said}");
    assert_eq!(machine.get("blog.example.org", "/").unwrap().status, 200);
    fs::remove_file(machine.path("sites/broken.conf")).unwrap();
    machine.reload();
    assert_eq!(machine.get("blog.example.org", "/").unwrap().status, 200);
}
