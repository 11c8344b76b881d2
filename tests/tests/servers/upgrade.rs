//! The package is upgraded, refused a step back, removed, and installed again, while apps run.

use std::fs;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use piku_tests::booted::{self, BootedServer, Debian};
use piku_tests::load::Load;
use piku_tests::{eventually, needs};

use crate::life::ask;
use crate::residents::{self, answer, nothing_failed};

/// The version of the package in `target/dist`.
fn version(package: &Utf8Path) -> String {
    let name = package.file_name().unwrap();
    name.split('_').nth(1).unwrap().to_owned()
}

/// Makes a package of a higher version with other programs, which do the same, in `folder`.
fn next(package: &Utf8Path, folder: &Utf8Path) -> Utf8PathBuf {
    let run = |words: &[&str]| {
        let output = Command::new(words[0]).args(&words[1..]).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let files = folder.join("files");
    run(&["dpkg-deb", "--raw-extract", package.as_str(), files.as_str()]);
    for script in ["control", "preinst", "postinst", "prerm", "postrm"] {
        let path = files.join("DEBIAN").join(script);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace(&version(package), "99.0.0")).unwrap();
    }
    // What follows the end of a program is not loaded.
    for program in ["usr/bin/piku", "usr/bin/piku-launch"] {
        let program = files.join(program);
        let mut bytes = fs::read(&program).unwrap();
        bytes.extend_from_slice(b"\nnext\n");
        fs::write(&program, bytes).unwrap();
    }
    let next = folder.join("piku_99.0.0_amd64.deb");
    run(&["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", files.as_str(), next.as_str()]);
    next
}

/// Everything that runs as piku's user, but for sessions: each process and its number.
fn running(server: &BootedServer) -> String {
    let lines = "ps -u piku -o pid=,args= | grep -v -e 'systemd --user' -e '(sd-pam)' -e sshd";
    server.root(lines).succeeds().stdout
}

/// Which programs the launchers that run now were started from.
fn launchers(server: &BootedServer) -> String {
    let line = "for pid in $(pgrep -u piku piku-launch); do stat -L -c %i /proc/$pid/exe; done | sort -u";
    server.root(line).succeeds().stdout
}

/// Gives the server, with the newer package.
fn upgrade_stops_no_app_and_loses_no_request(debian: Debian) -> BootedServer {
    let folder = tempfile::tempdir().unwrap();
    let old = booted::package().unwrap();
    let new = next(&old, Utf8Path::from_path(folder.path()).unwrap());
    let server = BootedServer::installed(debian);
    residents::blog(&server);
    residents::shop(&server);
    answer(&server, 1);

    let before = running(&server);
    let installed = || server.root("stat -c %i /usr/bin/piku-launch").succeeds().stdout;
    assert_eq!(launchers(&server), installed());
    let loads: Vec<Load> = server.in_network(|| ["blog.example", "shop.example"].map(ask).into());
    eventually("there are requests", || loads.iter().all(|load| load.elapsed().as_secs() >= 1).then_some(()));
    server.install_package_from(&new).succeeds().never_says("restart");
    let asked = loads[0].elapsed();
    eventually("requests go on", || (loads[0].elapsed().as_secs() > asked.as_secs() + 1).then_some(()));
    for load in loads {
        let report = load.stop();
        assert!(report.requests > 100 && report.failures.is_empty(), "{report:?}");
    }
    assert_eq!(running(&server), before, "an upgrade starts and stops nothing");
    nothing_failed(&server);
    assert_ne!(launchers(&server), installed(), "what runs keeps its program");
    server.root("piku restart blog").succeeds();
    server.root("piku restart shop").succeeds();
    server.root("systemctl restart piku").succeeds();
    answer(&server, 1);
    eventually("the next start takes the new program", || (launchers(&server) == installed()).then_some(()));

    // There is no way back: an older program may not understand what a newer one has written.
    let before = running(&server);
    let older = Utf8PathBuf::from(format!("/root/{}", old.file_name().unwrap()));
    server.push_files(&old, &older);
    let downgrade = format!("DEBIAN_FRONTEND=noninteractive apt-get install -y --allow-downgrades {older}");
    let refused = server.root(&downgrade).is_refused();
    let refused = refused.says("version 99.0.0 was here").says("install 99.0.0 or newer");
    refused.never_says("dpkg --configure");
    let state = server.root("dpkg-query -W -f '${Version} ${Status}' piku").succeeds().stdout;
    assert_eq!(state, "99.0.0 install ok installed");
    assert_eq!(server.root("dpkg --audit").succeeds().stdout, "");
    assert_eq!(running(&server), before, "a refused downgrade touches nothing");
    answer(&server, 1);
    nothing_failed(&server);

    server
}

fn data_outlives_the_package(mut server: BootedServer) {
    let new = "/root/piku_99.0.0_amd64.deb";
    for how in ["remove", "purge"] {
        let said = server.root(&format!("DEBIAN_FRONTEND=noninteractive apt-get {how} -y piku")).succeeds();
        let kept = said.stdout.contains("/home/piku") || said.stderr.contains("/home/piku");
        assert!(kept, "{how} says what it keeps:\n{:?} {:?}", said.stdout, said.stderr);
        let shown = server.try_get("blog.example", "/").ok();
        assert!(shown.is_none_or(|it| !it.body.contains("version")), "after {how}");
        server.root("! pgrep -u piku -f 'uwsgi|999999|app.py|nginx'").succeeds();
        server
            .root("test -d /home/piku/.piku/releases/blog/1 && test -d /home/piku/.piku/data/blog")
            .succeeds();
        server.root(&format!("DEBIAN_FRONTEND=noninteractive apt-get install -y {new}")).succeeds();
        answer(&server, 1);
        nothing_failed(&server);
    }
    server.reboot();
    answer(&server, 1);
    nothing_failed(&server);
}

#[test]
fn an_upgrade_on_debian_12_stops_no_app_and_the_data_outlives_the_package() {
    needs!(booted, package);
    data_outlives_the_package(upgrade_stops_no_app_and_loses_no_request(Debian::Bookworm));
}

#[test]
fn an_upgrade_on_debian_13_stops_no_app_and_loses_no_request() {
    needs!(booted, package);
    drop(upgrade_stops_no_app_and_loses_no_request(Debian::Trixie));
}
