//! The servers themselves: they boot, two people work on them, and nothing of them is left.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use camino::Utf8Path;
use piku_tests::booted::{BootedServer, Debian, Limits};
use piku_tests::needs;
use piku_tests::processes::Processes;

fn is_a_server_for_two_people(debian: Debian) {
    let server = BootedServer::boot(debian);
    let release = server.root(". /etc/os-release; echo $VERSION_CODENAME").succeeds();
    assert_eq!(release.stdout.trim(), debian.codename());
    server.root("systemctl is-active ssh dbus").succeeds();
    server.root("for it in nginx uwsgi git; do ! command -v $it || exit 1; done").succeeds();

    assert_eq!(server.root("id -un; pwd").succeeds().stdout, "root\n/root\n");
    assert_eq!(server.laptop("id -un; pwd").succeeds().stdout, "laptop\n/home/laptop\n");
    server.laptop("cat /etc/shadow").ends_with(1);
    // The laptop gets in with its key, and only where that is known.
    server.laptop("ssh root@my.server true").ends_with(255);
    server.root("install -D -m 600 /home/laptop/.ssh/id_ed25519.pub .ssh/authorized_keys").succeeds();
    assert_eq!(server.laptop("ssh root@my.server id -un").succeeds().stdout, "root\n");
}

#[test]
fn debian_12_is_a_server_for_two_people() {
    needs!(booted);
    is_a_server_for_two_people(Debian::Bookworm);
}

#[test]
fn debian_13_is_a_server_for_two_people() {
    needs!(booted);
    is_a_server_for_two_people(Debian::Trixie);
}

/// A package with what piku's depends on.
fn package(folder: &Utf8Path) -> camino::Utf8PathBuf {
    let control = "Package: trial\nVersion: 1\nArchitecture: all\nMaintainer: Tests <tests@example.org>\n\
        Description: needs what piku needs\nDepends: git, openssh-server, nginx, uwsgi-core, uwsgi-plugin-python3, \
        python3-venv, adduser, logrotate\n";
    fs::create_dir_all(folder.join("trial/DEBIAN")).unwrap();
    fs::write(folder.join("trial/DEBIAN/control"), control).unwrap();
    let file = folder.join("trial_1_all.deb");
    let built = Command::new("dpkg-deb")
        .args(["--root-owner-group", "--build", folder.join("trial").as_str(), file.as_str()])
        .output();
    assert!(built.unwrap().status.success());
    file
}

fn installs_without_a_network(debian: Debian) {
    let folder = tempfile::tempdir().unwrap();
    let server = BootedServer::boot(debian);
    server.install_package_from(&package(Utf8Path::from_path(folder.path()).unwrap())).succeeds();
    server.root("systemctl is-active nginx").succeeds();
    server.root("command -v git uwsgi-core logrotate").succeeds();
    assert_eq!(server.get("anything.example", "/").status, 200, "nginx shows its welcome page");

    server
        .laptop("python3 -m venv v && v/bin/pip install flask gunicorn && v/bin/flask --version")
        .succeeds();
    server.laptop("git init -q w && cd w && git commit -q --allow-empty -m first && git log").succeeds();
}

#[test]
fn debian_12_installs_packages_and_wheels_without_a_network() {
    needs!(booted);
    installs_without_a_network(Debian::Bookworm);
}

#[test]
fn debian_13_installs_packages_and_wheels_without_a_network() {
    needs!(booted);
    installs_without_a_network(Debian::Trixie);
}

/// Notes every orderly end.
const NOTES: &str = "[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
ExecStop=/bin/sh -c 'echo stopped >> /srv/stops'
[Install]
WantedBy=multi-user.target
";

fn files_outlive_reboot_and_power_cut(debian: Debian) {
    let mut server = BootedServer::boot(debian);
    server.write("/etc/systemd/system/notes.service", NOTES);
    server.root("systemctl enable --now notes").succeeds();
    server.write("/srv/note", "kept\n");
    server.root("touch /run/fleeting").succeeds();
    server.reboot();
    assert_eq!(server.root("cat /srv/note").succeeds().stdout, "kept\n");
    server.root("test -e /run/fleeting").ends_with(1);
    assert_eq!(server.text("/srv/stops"), "stopped\n", "a reboot stops units");
    assert_eq!(server.unit_property("notes.service", "ActiveState"), "active");

    server.root("echo synced > /srv/note && sync; touch /run/fleeting").succeeds();
    server.power_cut();
    assert_eq!(server.root("cat /srv/note").succeeds().stdout, "synced\n");
    server.root("test -e /run/fleeting").ends_with(1);
    assert_eq!(server.text("/srv/stops"), "stopped\n", "a power cut does not");
    assert_eq!(server.unit_property("notes.service", "ActiveState"), "active");
    assert!(server.journal("notes.service").contains("notes.service"), "{}", server.journal("notes.service"));
}

#[test]
fn files_of_debian_12_outlive_a_reboot_and_a_power_cut() {
    needs!(booted);
    files_outlive_reboot_and_power_cut(Debian::Bookworm);
}

#[test]
fn files_of_debian_13_outlive_a_reboot_and_a_power_cut() {
    needs!(booted);
    files_outlive_reboot_and_power_cut(Debian::Trixie);
}

#[test]
fn a_server_leaves_nothing() {
    needs!(booted);
    let server = BootedServer::boot(Debian::Bookworm);
    let folder = server.files().parent().unwrap().to_owned();
    let name = format!("pk{}", folder.file_name().unwrap());
    server.laptop_command("sleep 1000").spawn().map(|mut child| drop(child.try_wait())).unwrap();
    let held = fs::metadata(server.files()).unwrap();
    let lock = format!("/run/systemd/nspawn/locks/inode-{}:{}", held.dev(), held.ino());
    assert!(Utf8Path::new(&lock).exists());
    let traces = || {
        let mut traces = Vec::new();
        traces.extend(fs::read_to_string("/proc/mounts").unwrap().lines().map(ToOwned::to_owned));
        traces.extend(Processes::of_machine().into_iter().map(|process| process.command));
        let groups = Command::new("find")
            .args(["/sys/fs/cgroup", "/run/systemd", "-name", &format!("*{name}*")])
            .output();
        traces.extend(String::from_utf8(groups.unwrap().stdout).unwrap().lines().map(ToOwned::to_owned));
        traces.retain(|trace| trace.contains(folder.as_str()) || trace.contains(&name));
        traces
    };
    assert!(!traces().is_empty(), "what runs can be seen");
    drop(server);
    assert_eq!(traces(), Vec::<String>::new());
    assert!(!folder.exists() && !Utf8Path::new(&lock).exists());
}

#[test]
fn a_small_server_is_held_to_its_memory() {
    needs!(booted);
    let server = BootedServer::boot_within(Debian::Bookworm, Limits::SMALL);
    let before = server.memory();
    assert!((1..Limits::SMALL.memory).contains(&before.peak), "{before:?}");
    assert_eq!(before.killed, 0);
    server.root("head -c 400M /dev/zero | tail -n 1 | wc -c").succeeds();
    let after = server.memory();
    assert!(after.killed > 0 && after.peak <= Limits::SMALL.memory, "{after:?}");
}
