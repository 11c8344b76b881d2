//! Installs what a fresh Debian machine lacks.

use std::process::Command;

use camino::Utf8Path;
use piku_tests::machine::{self, Need};

use crate::step;

/// What a package is needed for; each includes those above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum For {
    /// Anything at all.
    All,
    /// An app behind uWSGI and nginx.
    Demo,
    /// A booted server.
    Server,
    /// Apps of every kind, and what tests inspect; where one is missing, fewer tests run.
    Tests,
}

/// A Debian package: what it is needed for, its name, what it provides, and how to tell whether that is present.
///
/// A name that contains a version is a pattern; apt finds the match.
struct Wanted(For, &'static str, &'static str, Here);

/// How to tell whether something is present.
enum Here {
    Program(&'static str),
    Needed(Need),
    Asked(fn() -> bool),
}

impl Wanted {
    fn is_here(&self) -> bool {
        match self.3 {
            Here::Program(name) => machine::find(name).is_some(),
            Here::Needed(need) => need.missing().is_none(),
            Here::Asked(ask) => ask(),
        }
    }
}

const WANTED: &[Wanted] = &[
    Wanted(For::All, "git", "git", Here::Program("git")),
    Wanted(For::All, "openssh-server", "sshd", Here::Program("sshd")),
    Wanted(For::All, "openssh-client", "ssh", Here::Program("ssh")),
    Wanted(For::All, "python3", "Python", Here::Program("python3")),
    Wanted(For::All, "python3-venv", "Python's virtual environments", Here::Asked(has_venv)),
    Wanted(For::Demo, "uwsgi-core", "uWSGI", Here::Asked(has_uwsgi)),
    Wanted(For::Demo, "uwsgi-plugin-python3", "uWSGI's Python plugin", Here::Needed(Need::SystemUwsgi)),
    Wanted(For::Demo, "nginx-light", "nginx", Here::Program("nginx")),
    Wanted(For::Demo, "curl", "curl", Here::Program("curl")),
    Wanted(For::Demo, "time", "GNU time", Here::Program("time")),
    Wanted(For::Server, "debootstrap", "what makes servers' roots", Here::Program("debootstrap")),
    Wanted(For::Server, "systemd-container", "systemd-nspawn", Here::Program("systemd-nspawn")),
    Wanted(For::Server, "util-linux", "nsenter", Here::Program("nsenter")),
    Wanted(For::Tests, "uwsgi-plugin-php", "uWSGI's PHP plugin", Here::Needed(Need::Php)),
    Wanted(For::Tests, "uwsgi-plugin-rack-ruby*", "uWSGI's Ruby plugin", Here::Needed(Need::Rack)),
    Wanted(For::Tests, "ruby-rack", "Rack", Here::Needed(Need::Rack)),
    Wanted(For::Tests, "uwsgi-plugin-jwsgi-openjdk-*", "uWSGI's Java plugin", Here::Needed(Need::Jwsgi)),
    Wanted(For::Tests, "uwsgi-plugin-gevent-python3", "uWSGI's gevent plugin", Here::Needed(Need::Greenlets)),
    Wanted(
        For::Tests,
        "uwsgi-plugin-asyncio-python3",
        "uWSGI's asyncio plugin",
        Here::Needed(Need::Greenlets),
    ),
    Wanted(For::Tests, "strace", "strace", Here::Program("strace")),
    Wanted(For::Tests, "pebble", "an ACME server", Here::Program("pebble")),
    Wanted(For::Tests, "libfaketime", "faketime's library", Here::Needed(Need::Faketime)),
    Wanted(For::Tests, "npm", "Node.js and npm", Here::Program("npm")),
    Wanted(For::Tests, "golang-go", "Go", Here::Program("go")),
    Wanted(For::Tests, "ruby", "Ruby", Here::Program("ruby")),
    Wanted(For::Tests, "ruby-webrick", "WEBrick", Here::Needed(Need::Ruby)),
    Wanted(For::Tests, "ruby-sinatra", "Sinatra", Here::Needed(Need::Ruby)),
    Wanted(For::Tests, "bundler", "bundler", Here::Needed(Need::Bundler)),
    Wanted(For::Tests, "default-jdk-headless", "a JDK", Here::Program("javac")),
    Wanted(For::Tests, "gradle", "Gradle", Here::Needed(Need::Gradle)),
    Wanted(For::Tests, "leiningen", "Leiningen", Here::Needed(Need::Leiningen)),
    Wanted(For::Tests, "composer", "Composer", Here::Needed(Need::Composer)),
];

fn has_uwsgi() -> bool {
    machine::find("uwsgi").is_some() || machine::find("uwsgi-core").is_some()
}

/// Keeps packages from starting services of their own, which would take port 80.
const INSTALL: &str = r#"
set -e
export DEBIAN_FRONTEND=noninteractive
if [ ! -e /usr/sbin/policy-rc.d ]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
fi
apt-get update -qq
apt-get install -y -qq --no-install-recommends "$@"
"#;

/// Installs what is missing, if possible, and prints what it does.
///
/// # Errors
///
/// When something is missing that is required.
pub(crate) fn prepare(wanted_for: For) -> Result<(), String> {
    let missing = missing(wanted_for);
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|Wanted(_, package, ..)| *package).collect();
    match rights() {
        Some(mut command) => {
            command.args(["sh", "-c", INSTALL, "sh"]).args(&packages);
            step::run(&format!("installing what is missing: {}", packages.join(" ")), &mut command);
        }
        None => println!("not root, and no sudo: not installing {}", packages.join(" ")),
    }
    for Wanted(of, package, what, _) in self::missing(wanted_for) {
        if *of == For::All {
            return Err(format!("{what} is missing: install `{package}`"));
        }
        println!("without {what} (package {package})");
    }
    if Need::SystemUwsgi.missing().is_some() {
        println!("uWSGI comes from its wheel on PyPI instead");
    }
    Ok(())
}

/// Installs the tools that come from package registries into a folder of their own, if they can be reached.
pub(crate) fn tools() {
    let folder = machine::tools();
    let lacking = |needs: &[Need]| needs.iter().any(|need| need.missing().is_some());
    if lacking(&[Need::Uv, Need::Poetry]) && !lacking(&[Need::Pypi]) && has_venv() {
        let python = machine::find("python3").unwrap_or_else(|| "python3".into());
        let made = step::run(
            "making a virtual environment for tools",
            Command::new(python).args(["-m", "venv", folder.as_str()]),
        );
        if made {
            let mut pip = Command::new(folder.join("bin/pip"));
            step::run("installing uv and Poetry", pip.args(["install", "--quiet", "uv", "poetry"]));
        }
    }
    if lacking(&[Need::Pnpm, Need::Yarn]) && !lacking(&[Need::Node, Need::Npm]) {
        // pnpm 10 and later need a newer Node.js than that of Debian 12.
        let words = ["install", "--prefix", folder.as_str(), "--no-audit", "--no-fund", "pnpm@9", "yarn@1"];
        step::run("installing pnpm and Yarn", Command::new("npm").args(words));
    }
}

fn missing(wanted_for: For) -> Vec<&'static Wanted> {
    WANTED.iter().filter(|wanted| wanted.0 <= wanted_for && !wanted.is_here()).collect()
}

/// A command that runs its arguments as root; `None` if that is impossible, or there is no apt.
fn rights() -> Option<Command> {
    machine::find("apt-get")?;
    if machine::is_root() {
        return Some(Command::new("env"));
    }
    let sudo = machine::find("sudo")?;
    let allowed =
        Command::new(&sudo).args(["-n", "true"]).output().is_ok_and(|output| output.status.success());
    let asked = std::io::IsTerminal::is_terminal(&std::io::stdin());
    (allowed || asked).then(|| Command::new(sudo))
}

fn has_venv() -> bool {
    let python = machine::find("python3");
    let python = python.as_deref().unwrap_or(Utf8Path::new("python3"));
    Command::new(python)
        .args(["-c", "import venv, ensurepip"])
        .output()
        .is_ok_and(|output| output.status.success())
}
