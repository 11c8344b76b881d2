//! A site on a whole server: from its first push to a certificate of an authority, and through its renewal.

use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use camino::Utf8Path;
use piku_tests::booted::{BootedServer, Debian};
use piku_tests::{Pebble, eventually_within, http, needs};

use crate::life;

/// Twenty names, of a network that the test's authority issues for.
fn names() -> Vec<String> {
    let others = (2..=20).map(|number| format!("site-{number}.lan"));
    std::iter::once("blog.lan".to_owned()).chain(others).collect()
}

/// Whether a browser that trusts only this certificate opens the page, from the server's own network.
fn opens(server: &BootedServer, host: &str, trusted: &Utf8Path) -> bool {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--max-time", "15", "--cacert", trusted.as_str()]);
    curl.args(["--resolve", &format!("{host}:443:127.0.0.1"), &format!("https://{host}/")]);
    let output = server.in_network(|| curl.output()).unwrap();
    String::from_utf8_lossy(&output.stdout).starts_with("Hello from")
}

/// Opens the page over HTTPS again and again until `ends` is set. Returns how often, and what failed.
fn visit_until(ends: &AtomicBool) -> (usize, BTreeSet<String>) {
    let (mut count, mut failed) = (0, BTreeSet::new());
    while !ends.load(Ordering::Relaxed) {
        count += 1;
        let answer = http::get_https(SocketAddr::from((Ipv4Addr::LOCALHOST, 443)), "blog.lan", "/");
        if !answer.as_ref().is_ok_and(|answer| answer.status == 200) {
            failed.insert(format!("{answer:?}"));
        }
    }
    (count, failed)
}

#[test]
fn a_site_gets_a_certificate_with_twenty_names_which_is_renewed_under_load() {
    needs!(booted, package, pebble);
    let server = BootedServer::installed(Debian::Bookworm);
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(folder.path()).unwrap();
    let mut pebble = server.in_network(|| Pebble::start(folder, Ipv4Addr::LOCALHOST));
    server.root(&format!("echo 127.0.0.1 {} >> /etc/hosts", names().join(" "))).succeeds();
    server
        .root_with_input(
            "install -o piku -g piku -m 644 /dev/stdin /home/piku/.piku/acme/roots.pem",
            pebble.root().as_bytes(),
        )
        .succeeds();
    server.laptop_has_app("hello-wsgi", "blog");
    let env = format!("NGINX_SERVER_NAME={}\nACME_ROOT_CA={}\n", names().join(" "), pebble.url());
    server
        .laptop_with_input("cd blog && cat >> ENV && git add ENV && git commit -qm site", env.as_bytes())
        .succeeds();

    // The push does not wait for the authority.
    server.laptop("cd blog && git push piku main").succeeds().says("Self-signed for now");
    let status = || server.root("piku certs blog --json").succeeds().json()[0].clone();
    eventually_within(Duration::from_secs(60), "a certificate is issued", || {
        (status()["origin"] == "acme").then_some(())
    });
    let trusted = folder.join("trusted.pem");
    fs::write(&trusted, server.in_network(|| pebble.issues_below())).unwrap();
    // The files are there a moment before nginx has read them.
    for name in [&names()[0], &names()[19]] {
        eventually_within(Duration::from_secs(20), "nginx serves it", || {
            opens(&server, name, &trusted).then_some(())
        });
    }
    let certificate = "/home/piku/.piku/nginx/blog.crt";
    let first = server.text(certificate);

    // Fifty requests a second over HTTP, and as many as two visitors can make over HTTPS.
    let ends = AtomicBool::new(false);
    let load = server.in_network(|| life::ask("blog.lan"));
    let visits = thread::scope(|scope| {
        let visitors = [(); 2].map(|()| scope.spawn(|| server.in_network(|| visit_until(&ends))));
        for _ in 0..2 {
            server.root("piku certs:renew blog").succeeds();
        }
        ends.store(true, Ordering::Relaxed);
        visitors.map(|visitor| visitor.join().unwrap())
    });
    let report = load.stop();
    assert!(report.requests > 50 && report.failures.is_empty(), "{report:?}");
    for (count, failed) in visits {
        assert!(count > 10 && failed.is_empty(), "{count}: {failed:?}");
    }
    assert_ne!(server.text(certificate), first);
    assert!(opens(&server, "blog.lan", &trusted));
    server.root("piku doctor").never_says("certificate");

    // What the authority does then changes nothing.
    let renewed = server.text(certificate);
    server.in_network(|| pebble.stop());
    server.root("piku certs:renew blog").is_refused().says("could not reach");
    assert_eq!(server.text(certificate), renewed);
    assert!(opens(&server, "site-7.lan", &trusted));
}
