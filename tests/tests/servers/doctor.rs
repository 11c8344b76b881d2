//! `piku doctor` on a server: silent where all is well, and a line with the command for each thing that is not.

use std::time::{Duration, Instant};

use piku_tests::booted::{BootedServer, Debian};
use piku_tests::{eventually, needs};

/// Longer than the emperor and an app take to start.
const START: Duration = Duration::from_secs(30);

/// Something that is wrong with a server, each as it was seen on one.
struct Fault {
    made_by: &'static str,
    named: &'static str,
}

/// A line that an administrator has put into the unit.
macro_rules! unit_has {
    ($line:literal) => {
        concat!(
            "mkdir -p /etc/systemd/system/piku.service.d && printf '[Service]\\n",
            $line,
            "\\n' > /etc/systemd/system/piku.service.d/own.conf && systemctl daemon-reload"
        )
    };
}

/// With the system's nginx.
const FAULTS: [Fault; 8] = [
    Fault {
        made_by: "gpasswd -d piku www-data && systemctl restart piku && sleep 1 && piku restart blog",
        named: "sockets of apps are open to every user",
    },
    Fault { made_by: unit_has!("Type=notify"), named: "has `Type=notify`" },
    Fault { made_by: unit_has!("KillSignal=SIGQUIT"), named: "`KillSignal` other than SIGTERM" },
    Fault { made_by: "chmod 700 /home/piku", named: "can't enter `/home/piku` (mode 700)" },
    Fault { made_by: unit_has!("KillMode=control-group"), named: "has `KillMode=control-group`" },
    Fault { made_by: "systemctl stop nginx", named: "nginx is not running" },
    Fault { made_by: "systemctl disable --now piku-nginx.path", named: "enable and start `piku-nginx.path`" },
    Fault {
        made_by: "rm /etc/nginx/conf.d/piku.conf && systemctl reload nginx",
        named: "does not include piku's sites",
    },
];

/// With piku's own nginx.
const FAULTS_OF_AN_OWN_NGINX: [Fault; 3] = [
    Fault { made_by: "systemctl stop piku-nginx", named: "nginx is not running" },
    Fault { made_by: "rm -r /home/piku/.piku/acme", named: "has no acme" },
    Fault { made_by: "systemctl stop piku", named: "emperor does not answer" },
];

fn each_fault_is_named_and_mended(server: &BootedServer, faults: &[Fault]) {
    is_clean(server, "at first");
    for Fault { made_by, named } in faults {
        server.root(made_by).succeeds();
        let mut found = Vec::new();
        // The apps may still be starting after what was done.
        let settled = Instant::now() + START;
        while found.len() != 1 && Instant::now() < settled {
            found = troubles(server);
        }
        let [(what, fix)] = &found[..] else { panic!("`{made_by}` is one line, and not {found:#?}") };
        assert!(what.contains(named), "after `{made_by}`: {what}");
        let command = fix.split('`').nth(1).unwrap_or_else(|| panic!("no command for {what}: {fix}"));
        server.root(command).succeeds();
        is_clean(server, command);
        eventually("the site answers", || {
            let answer = server.try_get("blog.example", "/");
            answer.is_ok_and(|answer| answer.body == "Hello from version 1\n").then_some(())
        });
    }
}

fn is_clean(server: &BootedServer, when: &str) {
    let mut found = troubles(server);
    let settled = Instant::now() + START;
    while !found.is_empty() && Instant::now() < settled {
        found = troubles(server);
    }
    assert_eq!(found, [], "{when}");
    server.root("piku doctor").succeeds();
}

/// What is wrong, and what is to be done.
fn troubles(server: &BootedServer) -> Vec<(String, String)> {
    let findings = server.root("piku doctor --json").json();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let all = findings.as_array().unwrap().iter();
    let wrong = all.filter(|found| found["level"] != "ok");
    wrong.map(|found| (text(&found["what"]), text(&found["fix"]))).collect()
}

fn a_server(debian: Debian) -> BootedServer {
    let server = BootedServer::installed(debian);
    server.laptop_has_site("hello-wsgi", "blog");
    server.laptop("cd blog && git push -q piku main").succeeds();
    server
}

fn every_fault_is_named_and_mended(debian: Debian) {
    let server = a_server(debian);
    each_fault_is_named_and_mended(&server, &FAULTS_OF_AN_OWN_NGINX);
    server.root("piku setup --system --nginx=system").succeeds();
    each_fault_is_named_and_mended(&server, &FAULTS);
}

#[test]
fn every_fault_of_debian_12_is_named_and_mended() {
    needs!(booted, package);
    every_fault_is_named_and_mended(Debian::Bookworm);
}

#[test]
fn every_fault_of_debian_13_is_named_and_mended() {
    needs!(booted, package);
    every_fault_is_named_and_mended(Debian::Trixie);
}
