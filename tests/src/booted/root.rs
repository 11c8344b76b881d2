//! The root folders that servers start from: a fresh Debian, made once by debootstrap.

use std::fs;
use std::process::Command;
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};

use super::{Debian, debian, folders};
use crate::machine;

/// The packages of a fresh server. No git, nginx, uWSGI, or Python: piku's package has to install them.
const INSTALLED: &[&str] = &[
    "systemd",
    "systemd-sysv",
    "libpam-systemd",
    "dbus",
    "openssh-server",
    "openssh-client",
    "sudo",
    "adduser",
    "curl",
    "ca-certificates",
    "iproute2",
    "procps",
    "netbase",
    "less",
];

/// The packages in apt's cache, with everything they depend on and recommend, to install them without a network.
const DOWNLOADED: &[&str] = &[
    "git",
    "openssh-server",
    "nginx",
    "nginx-light",
    "uwsgi-core",
    "uwsgi-plugin-python3",
    "python3-venv",
    "python3-pip",
    "adduser",
    "passwd",
    "logrotate",
    "acl",
    "openssl",
];

/// The Python packages in the wheelhouse, with their dependencies.
const WHEELS: &[&str] = &["flask", "gunicorn", "setuptools", "wheel"];

/// Run in the new root, with this machine's network.
const FILL: &str = r#"
set -e
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --download-only "$@"
useradd --create-home --shell /bin/bash laptop
runuser -u laptop -- sh -c '
    cd
    mkdir -m 700 .ssh
    ssh-keygen -q -t ed25519 -N "" -C laptop -f .ssh/id_ed25519
    printf "Host piku my.server\n    HostName 127.0.0.1\n    User piku\nHost *\n    StrictHostKeyChecking accept-new\n    BatchMode yes\n" > .ssh/config
    printf "[user]\n\tname = Laptop\n\temail = laptop@example.org\n[init]\n\tdefaultBranch = main\n" > .gitconfig
'
"#;

const HOSTS: &str = "127.0.0.1\tlocalhost\n127.0.1.1\tserver\n127.0.0.1\tmy.server piku\n";

const PIP: &str = "[global]\nno-index = true\nfind-links = /opt/wheels\n";

/// Whether the root of this release exists.
pub(crate) fn is_made(debian: Debian) -> bool {
    path(debian).is_dir()
}

/// The root of this release: made now, or waited for if another process is making it.
///
/// # Panics
///
/// When it can't be made.
pub(crate) fn base(debian: Debian) -> Utf8PathBuf {
    let root = path(debian);
    let _lock = folders::lock(&folders::of(debian).join("base.lock"));
    if !root.is_dir() {
        make(debian, &root);
    }
    root
}

/// The name changes with everything that the root contains.
fn path(debian: Debian) -> Utf8PathBuf {
    let stamp = folders::stamp(&(INSTALLED, DOWNLOADED, WHEELS, FILL, HOSTS, PIP));
    folders::of(debian).join(format!("base-{stamp}"))
}

fn make(debian: Debian, root: &Utf8Path) {
    let begin = Instant::now();
    let mirror = debian::mirror().expect("apt's configuration names a Debian archive");
    folders::tell(&format!("making a root of {debian} in {root}, once"));
    // It gets its final name only when it is complete.
    let part = Utf8PathBuf::from(format!("{root}.part"));
    if part.exists() {
        fs::remove_dir_all(&part).unwrap_or_else(|error| panic!("{part} can't be removed: {error}"));
    }

    let mut debootstrap = Command::new(machine::require("debootstrap"));
    debootstrap.args(["--variant=minbase", &format!("--include={}", INSTALLED.join(","))]);
    debootstrap.args([debian.codename(), part.as_str(), &mirror]);
    folders::step("debootstrap", &mut debootstrap);

    let mut fill = Command::new("chroot");
    fill.arg(&part).args(["/usr/bin/env", "-i", &format!("PATH={}", machine::SEARCH_PATH), "LANG=C.UTF-8"]);
    fill.args(["sh", "-c", FILL, "sh"]).args(DOWNLOADED);
    folders::step("downloading the packages that piku depends on", &mut fill);

    let tools = part.join("opt/pip");
    let mut venv = Command::new(machine::require("python3"));
    folders::step("making a virtual environment for pip", venv.args(["-m", "venv", tools.as_str()]));
    let mut pip = Command::new(tools.join("bin/pip"));
    pip.args(["download", "--quiet", "--only-binary=:all:", "--python-version", debian.python()]);
    pip.args(["--dest", part.join("opt/wheels").as_str()]).args(WHEELS);
    folders::step("downloading Flask and gunicorn", &mut pip);
    fs::remove_dir_all(&tools).unwrap_or_else(|error| panic!("{tools} can't be removed: {error}"));

    for (file, text) in [
        ("etc/hostname", "server\n"),
        ("etc/hosts", HOSTS),
        ("etc/resolv.conf", "# This server has no network.\n"),
        ("etc/pip.conf", PIP),
    ] {
        let path = part.join(file);
        fs::write(&path, text).unwrap_or_else(|error| panic!("{path} can't be written: {error}"));
    }
    fs::rename(&part, root).unwrap_or_else(|error| panic!("{part} can't be renamed: {error}"));
    folders::tell(&format!("the root of {debian} is made: {:.0} s", begin.elapsed().as_secs_f64()));
}
