//! What `apt-get install ./piku_….deb` makes of a fresh Debian, from the first key to the first minutes of a live app.

use std::time::{Duration, Instant};

use piku_tests::booted::{BootedServer, Debian};
use piku_tests::{eventually_within, needs};

/// Longer than systemd's patience with a unit that does not become ready.
const LONG_ENOUGH: Duration = Duration::from_secs(100);

const UNITS: [&str; 5] = [
    "piku.service",
    "piku-repair.service",
    "piku-nginx.service",
    "piku-nginx.path",
    "piku-nginx-reload.service",
];

fn a_package_makes_a_server(debian: Debian) {
    let server = BootedServer::boot(debian);
    server
        .install_package()
        .succeeds()
        .says("nginx.service is off, since piku runs an nginx of its own")
        .says("`piku setup --system --undo` turns it on again")
        .says("Next: `piku setup:ssh -`");
    let installed = Instant::now();
    is_on(&server);
    units_are_sound(&server);
    nothing_is_served(&server);

    server.root("piku doctor").succeeds().says("no key may push").never_says("error ");
    server.root("cat /home/laptop/.ssh/id_ed25519.pub | piku setup:ssh -").succeeds();
    server.root("piku doctor").succeeds().never_says("error ").never_says("warning ");

    server.laptop_has_site("hello-wsgi", "blog");
    server
        .laptop("cd blog && git push -q piku main")
        .succeeds()
        .says("Release 1 of blog is live: http://blog.example/");
    // The push has returned, so there is nothing to wait for.
    assert_eq!(server.get("blog.example", "/").body, "Hello from version 1\n");
    assert_eq!(server.get_https("blog.example", "/").body, "Hello from version 1\n");
    server
        .laptop("curl -fsS -g -H 'Host: blog.example' 'http://[::1]/'")
        .succeeds()
        .says("Hello from version 1");
    server.root("test -s /home/piku/.piku/data/blog/worker.json").succeeds();
    strangers_get_nothing(&server);
    is_closed(&server);
    server.laptop("ssh piku ps blog").succeeds().says("worker");
    server.root("piku doctor").succeeds().never_says("error ").never_says("warning ");

    // A setup that has nothing to do restarts nothing.
    let started = "systemctl show --value --property=MainPID piku.service piku-nginx.service";
    let before = server.root(started).succeeds().stdout;
    server.root("piku setup --system").succeeds().says("Nothing to change");
    server.root("piku setup --system --dry-run").succeeds().says("Nothing to change");
    server.root("systemctl reload piku-nginx").succeeds();

    let runs_on = || (installed.elapsed() > LONG_ENOUGH).then_some(());
    let mut asked = 0;
    eventually_within(LONG_ENOUGH * 2, "the server has run for a while", || {
        asked += 1;
        assert_eq!(server.get("blog.example", "/").status, 200, "request {asked}");
        runs_on()
    });
    assert_eq!(server.root(started).succeeds().stdout, before, "no process has another number");
    for unit in ["piku.service", "piku-nginx.service", "piku-repair.service"] {
        assert_eq!(server.unit_property(unit, "NRestarts"), "0", "{unit}");
        assert_eq!(server.unit_property(unit, "Result"), "success", "{unit}");
    }
    server.root("systemctl --failed --no-legend").succeeds().never_says("piku");
    // One start of the worker: the emperor has restarted nothing either.
    let began = server
        .root("piku logs blog worker --no-follow --lines 1000 | grep -c 'worker of version 1 begins'")
        .succeeds()
        .stdout;
    assert_eq!(began.trim(), "1");
}

fn is_on(server: &BootedServer) {
    for unit in ["piku.service", "piku-nginx.service"] {
        server.root(&format!("systemctl is-active {unit} && systemctl is-enabled {unit}")).succeeds();
    }
    for unit in ["nginx.service", "piku-nginx.path"] {
        server.root(&format!("! systemctl is-active {unit} && ! systemctl is-enabled {unit}")).succeeds();
    }
    server.root("systemctl is-system-running").succeeds();
}

fn units_are_sound(server: &BootedServer) {
    for unit in UNITS {
        let said = server.root(&format!("systemd-analyze verify --man=no {unit}")).succeeds();
        let ours = |line: &&str| line.contains("piku");
        let complaints = format!("{}{}", said.stdout, said.stderr);
        assert_eq!(complaints.lines().find(ours), None, "{unit}");
    }
    for unit in ["piku.service", "piku-nginx.service"] {
        server.root(&format!("systemd-analyze security --no-pager --threshold=49 {unit}")).succeeds();
    }
}

/// Before the first app: the ports are piku's, and closed without an answer.
fn nothing_is_served(server: &BootedServer) {
    let nobody_is_root = "! pgrep -u root,www-data nginx && pgrep -u piku nginx";
    server.root(nobody_is_root).succeeds();
    strangers_get_nothing(server);
}

fn strangers_get_nothing(server: &BootedServer) {
    for address in ["127.0.0.1", "[::1]"] {
        for host in ["nobody.example", address] {
            let line = |scheme: &str, port: u16| {
                let to = format!("--connect-to '::{address}:{port}'");
                server.laptop(&format!("curl -gsSk --max-time 10 {to} {scheme}://{host}/"))
            };
            // Closed without an answer (52), and no handshake (35), by whatever name.
            let plain = line("http", 80).ends_with(52);
            assert_eq!(plain.stdout, "", "http://{host} at {address}");
            let secret = line("https", 443).ends_with(35);
            assert_eq!(secret.stdout, "", "https://{host} at {address}");
        }
    }
}

/// What belongs to the apps is for the user `piku` alone.
fn is_closed(server: &BootedServer) {
    server.root("! pgrep -u root,www-data nginx && ! pgrep -u root,www-data uwsgi").succeeds();
    // Whoever may write to a socket may connect to it.
    let find = "find /home/piku/.piku -type s";
    server.root(&format!("{find} -name 'blog*' -perm 600 -user piku | grep -q .")).succeeds();
    let open = server.root(&format!("{find} -perm /022; {find} ! -user piku"));
    assert_eq!(open.succeeds().stdout, "", "nobody else gets to a socket");
    for path in ["/home/piku", "/home/piku/.piku", "/home/piku/.piku/envs/blog"] {
        server.laptop(&format!("ls {path}")).ends_with(2).says("Permission denied");
    }
}

#[test]
fn a_package_makes_a_server_of_debian_12() {
    needs!(booted, package);
    a_package_makes_a_server(Debian::Bookworm);
}

#[test]
fn a_package_makes_a_server_of_debian_13() {
    needs!(booted, package);
    a_package_makes_a_server(Debian::Trixie);
}
