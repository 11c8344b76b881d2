//! Debian 12 is upgraded to 13 under an app: its environment, made for Python 3.11, fits no longer.

use std::process::Command;
use std::time::Duration;

use camino::Utf8Path;
use piku_tests::booted::{BootedServer, Debian};
use piku_tests::{eventually_within, needs};

use crate::residents::nothing_failed;

/// A new environment with Flask, on a busy machine.
const MADE_AGAIN: Duration = Duration::from_secs(90);

/// Copies a folder with all that belongs to it.
fn copy(from: &Utf8Path, to: &Utf8Path) {
    let output =
        Command::new("cp").args(["--archive", "--no-target-directory", from.as_str(), to.as_str()]).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Boots a server with these files below its `/home/piku`, as an upgrade leaves them.
fn boot_with(server: &mut BootedServer, root: &Utf8Path) {
    let place = server.files().join("home/piku/.piku");
    server.root("systemctl stop piku piku-nginx").succeeds();
    std::fs::remove_dir_all(&place).unwrap();
    copy(root, &place);
    server.root("chown -R piku:piku /home/piku/.piku").succeeds();
    server.reboot();
}

fn answers(server: &BootedServer) -> bool {
    server.try_get("blog.example", "/").is_ok_and(|it| it.body == "Hello from Flask, version 1\n")
}

#[test]
fn an_environment_of_debian_12_is_made_again_on_debian_13_or_what_to_do_is_said() {
    needs!(booted, package);
    let folder = tempfile::tempdir().unwrap();
    let kept = Utf8Path::from_path(folder.path()).unwrap().join("root");
    let mut old = BootedServer::installed(Debian::Bookworm);
    old.laptop_has_app("hello-flask", "blog");
    let site = "cd blog && echo NGINX_SERVER_NAME=blog.example > ENV && git add -A && git commit -q -m site";
    old.laptop(&format!("{site} && git push piku main")).succeeds();
    assert!(answers(&old));
    old.power_off();
    copy(&old.files().join("home/piku/.piku"), &kept);
    drop(old);

    let mut server = BootedServer::installed(Debian::Trixie);
    // With nowhere to get packages from, it is said what to do.
    server.root("mv /opt/wheels /opt/away").succeeds();
    boot_with(&mut server, &kept);
    let journal = eventually_within(MADE_AGAIN, "repair has ended", || {
        let ended = server.unit_property("piku-repair.service", "ActiveState") == "inactive";
        ended.then(|| server.journal("piku-repair.service")).filter(|it| it.contains("blog"))
    });
    let made_for = "`blog`: its environment was made for Python 3.11";
    assert!(journal.contains(made_for), "{journal}");
    assert!(journal.contains("piku restart blog"), "{journal}");
    let doctor = server.root("piku doctor").stdout;
    assert!(doctor.contains(made_for) && doctor.contains("`piku restart blog`"), "{doctor}");
    server.root("mv /opt/away /opt/wheels").succeeds();
    server.root("piku restart blog").succeeds();
    assert!(answers(&server));
    let doctor = server.root("piku doctor").stdout;
    assert!(!doctor.contains("its environment"), "{doctor}");

    // With packages at hand, nothing is left to do.
    boot_with(&mut server, &kept);
    eventually_within(MADE_AGAIN, "the app answers", || answers(&server).then_some(()));
    let journal = server.journal("piku-repair.service");
    assert!(journal.contains(made_for), "{journal}");
    nothing_failed(&server);
}
