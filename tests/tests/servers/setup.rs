//! `piku setup --system` and `--undo`: by hand, without a package, and beside an nginx that serves somebody's site.

use std::time::Duration;

use piku_tests::booted::{self, BootedServer, Debian};
use piku_tests::{eventually, eventually_within, needs};

/// Longer than uWSGI and an app take to start.
const START: Duration = Duration::from_secs(30);

/// Puts the programs alone where an archive's reader would.
fn copy_programs(server: &BootedServer) {
    let package = booted::package().unwrap();
    server.push_files(&package, "/root/piku.deb".into());
    server
        .root("dpkg-deb -x piku.deb x && install x/usr/bin/* /usr/local/bin && rm -r x piku.deb")
        .succeeds();
}

fn allow_laptop(server: &BootedServer) {
    server.root("piku setup:ssh - < /home/laptop/.ssh/id_ed25519.pub").succeeds();
}

#[track_caller]
fn says_hello(server: &BootedServer, host: &str) {
    assert_eq!(server.get(host, "/").body, "Hello from version 1\n");
    assert_eq!(server.get_https(host, "/").body, "Hello from version 1\n");
}

/// What is on the machine, by name, mode, owner, and time; what the services write when they start is left out.
fn state(server: &BootedServer) -> String {
    let folders = "/etc /home /usr/lib/systemd /usr/local /var/lib/piku";
    let list = format!(
        "find {folders} -path /home/piku/.piku -prune -o -printf '%p %m %u %T@\n' 2>&1; systemctl list-unit-files --no-legend"
    );
    server.root(&list).stdout
}

fn a_program_alone_makes_a_server(debian: Debian) {
    let server = BootedServer::with_dependencies(debian);
    copy_programs(&server);
    let welcome = server.get("anything.example", "/");
    assert_eq!(welcome.status, 200);

    // Everybody may ask what would be done, and nobody but root may do it.
    let before = state(&server);
    server
        .laptop("piku setup --system --dry-run")
        .succeeds()
        .says("create user `piku` with home `/home/piku`")
        .says("write `/etc/systemd/system/piku.service`")
        .says("ExecStart=/usr/local/bin/piku emperor")
        .says("stop and disable `nginx.service`");
    server.laptop("piku setup --system").is_refused().says("sudo");
    server.root("piku setup --system --undo").is_refused();
    assert_eq!(state(&server), before, "a dry run changes nothing");

    server.root("piku setup --system").succeeds().says("nginx.service is off");
    let made = state(&server);
    server.root("piku setup --system").succeeds().says("Nothing to change");
    assert_eq!(state(&server), made, "a second setup changes nothing");
    server.laptop("piku setup --system --dry-run").succeeds().says("Nothing to change");

    allow_laptop(&server);
    server.laptop_has_site("hello-wsgi", "blog");
    server.laptop("cd blog && git push -q piku main").succeeds();
    says_hello(&server, "blog.example");

    server.root("piku setup --system --undo --dry-run").succeeds().says("stop and disable `piku.service`");
    says_hello(&server, "blog.example");
    server.root("piku setup --system --undo").succeeds().says("`/home/piku` are still there");
    server.root("systemctl is-enabled nginx && systemctl is-active nginx").succeeds();
    assert_eq!(server.get("anything.example", "/").body, welcome.body, "nginx has its port again");
    // The session of the push may have left a `systemd --user` for a while.
    server.root("! pgrep -u piku -f 'piku|uwsgi|nginx|python'").succeeds();
    server
        .root("! ls /etc/systemd/system/piku* /etc/systemd/system/*.wants/piku* /var/lib/piku/server.json")
        .succeeds();
    server.root("test -s /home/piku/.piku/data/blog/worker.json").succeeds();
    server.root("piku setup --system --undo").is_refused();

    server.root("piku setup --system").succeeds();
    answers_by_itself(&server, "blog.example");
    server.root("piku doctor").succeeds().never_says("error ").never_says("warning ");
    changed_units_are_named_and_mended(&server);
}

fn changed_units_are_named_and_mended(server: &BootedServer) {
    for (change, named) in [
        ("s/KillMode=mixed/KillMode=control-group/' piku.service", "has `KillMode=control-group`"),
        ("$a # more' piku-nginx.service", "to write `/etc/systemd/system/piku-nginx.service`"),
    ] {
        let change = format!("cd /etc/systemd/system && sed -i '{change} && systemctl daemon-reload");
        server.root(&change).succeeds();
        let found = server.root("piku doctor");
        let fixes: Vec<&str> = found.stdout.lines().filter(|line| line.contains("fix: ")).collect();
        assert!(found.stdout.contains(named), "after `{change}`: {}", found.stdout);
        let [fix] = fixes[..] else { panic!("one fix, and not {fixes:?}") };
        assert!(fix.contains("fix: `sudo piku setup --system`"), "{fix}");
        server.root("sudo piku setup --system").succeeds();
        server.root("piku doctor").succeeds().never_says("error ").never_says("warning ");
    }
    assert_eq!(server.get("blog.example", "/").status, 200);
}

fn answers_by_itself(server: &BootedServer, host: &str) {
    eventually_within(START, "the site answers by itself", || {
        server.try_get(host, "/").is_ok_and(|answer| answer.status == 200).then_some(())
    });
    says_hello(server, host);
}

#[test]
fn a_program_alone_makes_a_server_of_debian_12_and_back() {
    needs!(booted, package);
    a_program_alone_makes_a_server(Debian::Bookworm);
}

#[test]
fn a_program_alone_makes_a_server_of_debian_13_and_back() {
    needs!(booted, package);
    a_program_alone_makes_a_server(Debian::Trixie);
}

const SHOP: &str = "/etc/nginx/conf.d/shop.conf";
const SHOPS_SITE: &str = "server { listen 80; server_name shop.example; return 200 'The shop is open'; }\n";

/// Whom the sockets of the app are open to, once those of old processes are gone.
fn sockets_are(server: &BootedServer, wanted: &str) {
    let find = "find /home/piku/.piku/run -type s -name 'blog*' -printf '%m %u %g\n' | sort -u";
    eventually_within(START, &format!("sockets are `{wanted}`"), || {
        (server.root(find).stdout.trim() == wanted).then_some(())
    });
}

fn an_nginx_that_serves_a_site_goes_on(debian: Debian) {
    let server = BootedServer::with_dependencies(debian);
    server.write(SHOP, SHOPS_SITE);
    server.root("systemctl reload nginx").succeeds();
    let shop = || server.get("shop.example", "/").body;
    // `systemctl reload nginx` does not wait for it.
    eventually("the shop is open", || (shop() == "The shop is open").then_some(()));
    let shop_is_open = || assert_eq!(shop(), "The shop is open");

    server
        .install_package()
        .succeeds()
        .says("The system's nginx serves the sites, next to what it served before");
    allow_laptop(&server);
    shop_is_open();
    server
        .root("systemctl is-active nginx piku piku-nginx.path && ! systemctl is-active piku-nginx")
        .succeeds();
    server.root("piku setup --system").succeeds().says("Nothing to change");

    server.laptop_has_site("hello-wsgi", "blog");
    server.laptop("cd blog && git push -q piku main").succeeds().says("is live");
    says_hello(&server, "blog.example");
    shop_is_open();
    sockets_are(&server, "660 piku www-data");
    // A site that changes is read by way of the path unit.
    server.root("piku config:set blog NGINX_SERVER_NAME='blog.example www.blog.example'").succeeds();
    says_hello(&server, "www.blog.example");
    assert!(server.journal("piku-nginx-reload.service").contains("Finished"), "the path unit reloads nginx");
    server.root("piku doctor").succeeds().never_says("error ").never_says("warning ");

    // The site of somebody is not taken off the net.
    server.root("piku setup --system --nginx=own").is_refused().says(SHOP).says("--nginx=system");
    shop_is_open();

    server.root(&format!("rm {SHOP}; systemctl reload nginx; piku setup --system --nginx=own")).succeeds();
    answers_by_itself(&server, "blog.example");
    server
        .root("! systemctl is-active nginx piku-nginx.path; test ! -e /etc/nginx/conf.d/piku.conf")
        .succeeds();
    server.root("piku restart blog").succeeds();
    says_hello(&server, "blog.example");
    sockets_are(&server, "600 piku piku");
    server.root("piku doctor").succeeds().never_says("error ").never_says("warning ");

    server.root("piku setup --system --nginx=system").succeeds();
    answers_by_itself(&server, "blog.example");
    sockets_are(&server, "660 piku www-data");
    server.root("! systemctl is-active piku-nginx && systemctl is-active nginx piku-nginx.path").succeeds();
    server.root("piku doctor").succeeds().never_says("error ").never_says("warning ");
    assert_eq!(server.unit_property("piku.service", "NRestarts"), "0");
}

#[test]
fn an_nginx_that_serves_a_site_goes_on_in_debian_12() {
    needs!(booted, package);
    an_nginx_that_serves_a_site_goes_on(Debian::Bookworm);
}

#[test]
fn an_nginx_that_serves_a_site_goes_on_in_debian_13() {
    needs!(booted, package);
    an_nginx_that_serves_a_site_goes_on(Debian::Trixie);
}
