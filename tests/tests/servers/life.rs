//! A server's life: it is stopped, started, rebooted, and loses its power.

use std::time::{Duration, Instant};

use piku_tests::booted::{BootedServer, Debian};
use piku_tests::load::{Connections, Load, Target};
use piku_tests::{eventually, eventually_within, needs};

use crate::residents::{self, answer, nothing_failed, quiet_stays_stopped};

/// What runs of piku's user that `piku.service` started: nginx has a unit of its own, and systemd one for the user.
fn left(server: &BootedServer) -> String {
    server.root("ps -u piku -o pid=,args= | grep -v -e 'nginx: ' -e 'systemd --user' -e '(sd-pam)'").stdout
}

fn outlives_stop_reload_and_reboot(debian: Debian) {
    let mut server = BootedServer::installed(debian);
    residents::stubborn_blog(&server);
    residents::shop(&server);
    residents::quiet(&server);

    let mut slow = server
        .laptop_in_background("curl -s -o /dev/null http://blog.example/slow --connect-to ::127.0.0.1:80");
    eventually("the slow request is under way", || {
        residents::names(&server, "data/blog").contains(&"slow".to_owned()).then_some(())
    });
    let begin = Instant::now();
    server.root("systemctl stop piku").succeeds();
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(10), "stopping took {took:?}");
    assert_eq!(server.unit_property("piku.service", "Result"), "success");
    assert_eq!(server.unit_property("piku.service", "ActiveState"), "inactive");
    assert_eq!(left(&server), "");
    assert!(slow.wait().code().is_some(), "curl has ended");

    server.root("systemctl start piku").succeeds();
    answer(&server, 1);
    quiet_stays_stopped(&server);

    let loads: Vec<Load> = server.in_network(|| ["blog.example", "shop.example"].map(ask).into());
    eventually("there are requests", || loads.iter().all(|load| load.elapsed().as_secs() >= 1).then_some(()));
    for _ in 0..3 {
        server.root("systemctl reload-or-restart piku-nginx").succeeds();
    }
    server.root("systemctl reload piku-nginx").succeeds();
    for load in loads {
        let report = load.stop();
        assert!(report.requests > 40 && report.failures.is_empty(), "{report:?}");
    }
    nothing_failed(&server);

    server.reboot();
    answer(&server, 1);
    quiet_stays_stopped(&server);
    nothing_failed(&server);

    server.power_cut();
    answer(&server, 1);
    quiet_stays_stopped(&server);
    nothing_failed(&server);
}

/// Fifty requests a second.
pub(crate) fn ask(host: &str) -> Load {
    Load::start(Target {
        address: ([127, 0, 0, 1], 80).into(),
        host: host.to_owned(),
        path: "/".to_owned(),
        rate: 50,
        connections: Connections::New,
    })
}

#[test]
fn apps_of_debian_12_outlive_stop_reload_reboot_and_power_cut() {
    needs!(booted, package);
    outlives_stop_reload_and_reboot(Debian::Bookworm);
}

#[test]
fn apps_of_debian_13_outlive_stop_reload_reboot_and_power_cut() {
    needs!(booted, package);
    outlives_stop_reload_and_reboot(Debian::Trixie);
}

#[test]
fn a_power_cut_in_the_middle_of_a_push_leaves_one_release_whole() {
    needs!(booted, package);
    let mut server = BootedServer::installed(Debian::Bookworm);
    residents::blog(&server);
    residents::shop(&server);
    let mut live = 1;
    // The plug is pulled when the files of the release are there, when its processes start, and when it has just
    // become live.
    for (number, moment) in [(2, "files"), (3, "processes"), (4, "live")] {
        let import = if moment == "live" { 0 } else { 5 };
        residents::commit(&server, "blog", &[("app.py", &residents::blog_source(number, import))]);
        let push = server.laptop_in_background("cd blog && git push --force piku main");
        let reached = || match moment {
            "files" => {
                server.files().join(format!("home/piku/.piku/releases/blog/{number}/tree/app.py")).exists()
            }
            "processes" => has_vassals(&server, number),
            _ => points_to(&server, number),
        };
        eventually_within(Duration::from_secs(60), moment, || {
            // As often as can be: the moments are short.
            (0..1000).any(|_| reached()).then_some(())
        });
        server.power_cut();
        drop(push);
        if moment == "live" {
            live = number;
        }
        answer(&server, live);
        eventually("repair has ended", || {
            (server.unit_property("piku-repair.service", "ActiveState") == "inactive").then_some(())
        });
        nothing_failed(&server);
        assert_eq!(has_vassals(&server, number), live == number, "cut at {moment}: vassals");
        let releases = residents::names(&server, "releases/blog");
        assert_eq!(releases.contains(&number.to_string()), live == number, "cut at {moment}: {releases:?}");
        // Branch and live release agree.
        let branch = server.laptop("cd blog && git ls-remote piku main | cut -f 1").succeeds().stdout;
        let tree = server
            .root("runuser -u piku -- git -C /home/piku/.piku/apps/blog rev-parse HEAD")
            .succeeds()
            .stdout;
        assert_eq!(branch, tree, "cut at {moment}");
        let doctor = server.root("piku doctor").stdout;
        assert!(!doctor.contains("leftover"), "cut at {moment}: {doctor}");
    }
    // Nothing is in the way of the next push.
    residents::commit(&server, "blog", &[("app.py", &residents::blog_source(9, 0))]);
    residents::push(&server, "blog").succeeds();
    answer(&server, 9);
}

fn has_vassals(server: &BootedServer, release: u32) -> bool {
    let of = format!("@blog.{release}.");
    residents::names(server, "uwsgi-enabled").iter().any(|name| name.contains(&of))
}

fn points_to(server: &BootedServer, release: u32) -> bool {
    let link = std::fs::read_link(server.files().join("home/piku/.piku/apps/blog"));
    link.is_ok_and(|link| link.ends_with(format!("releases/blog/{release}/tree")))
}
