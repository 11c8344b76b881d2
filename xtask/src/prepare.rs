//! Gets what a fresh Debian machine lacks.

use std::process::Command;

use camino::Utf8Path;
use piku_tests::machine::{self, Need};

use crate::step;

/// What a package is wanted for, each with all that is above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum For {
    /// Anything at all.
    All,
    /// An app behind uWSGI and nginx.
    Demo,
    /// Apps of every kind, and what else tests look at; where one is missing, less is shown.
    Tests,
}

/// A Debian package, and how to see that what it gives is there.
struct Wanted {
    package: &'static str,
    what: &'static str,
    wanted_for: For,
    here: fn() -> bool,
}

const WANTED: &[Wanted] = &[
    Wanted { package: "git", what: "git", wanted_for: For::All, here: || machine::find("git").is_some() },
    Wanted {
        package: "openssh-server",
        what: "sshd",
        wanted_for: For::All,
        here: || machine::find("sshd").is_some(),
    },
    Wanted {
        package: "openssh-client",
        what: "ssh",
        wanted_for: For::All,
        here: || machine::find("ssh").is_some(),
    },
    Wanted {
        package: "python3",
        what: "Python",
        wanted_for: For::All,
        here: || machine::find("python3").is_some(),
    },
    Wanted {
        package: "python3-venv",
        what: "Python's virtual environments",
        wanted_for: For::All,
        here: has_venv,
    },
    Wanted {
        package: "uwsgi-core",
        what: "uWSGI",
        wanted_for: For::Demo,
        here: || machine::find("uwsgi").is_some() || machine::find("uwsgi-core").is_some(),
    },
    Wanted {
        package: "uwsgi-plugin-python3",
        what: "uWSGI's Python plugin",
        wanted_for: For::Demo,
        here: || Need::SystemUwsgi.missing().is_none(),
    },
    Wanted {
        package: "uwsgi-plugin-php",
        what: "uWSGI's PHP plugin",
        wanted_for: For::Tests,
        here: || Need::Php.missing().is_none(),
    },
    // The rest of these names is a version, which apt finds: it takes them for patterns.
    Wanted {
        package: "uwsgi-plugin-rack-ruby*",
        what: "uWSGI's Ruby plugin",
        wanted_for: For::Tests,
        here: || Need::Rack.missing().is_none(),
    },
    Wanted {
        package: "ruby-rack",
        what: "Rack",
        wanted_for: For::Tests,
        here: || Need::Rack.missing().is_none(),
    },
    Wanted {
        package: "uwsgi-plugin-jwsgi-openjdk-*",
        what: "uWSGI's Java plugin",
        wanted_for: For::Tests,
        here: || Need::Jwsgi.missing().is_none(),
    },
    Wanted {
        package: "default-jdk-headless",
        what: "a JDK",
        wanted_for: For::Tests,
        here: || machine::find("javac").is_some(),
    },
    Wanted {
        package: "uwsgi-plugin-gevent-python3",
        what: "uWSGI's gevent plugin",
        wanted_for: For::Tests,
        here: || Need::Greenlets.missing().is_none(),
    },
    Wanted {
        package: "uwsgi-plugin-asyncio-python3",
        what: "uWSGI's asyncio plugin",
        wanted_for: For::Tests,
        here: || Need::Greenlets.missing().is_none(),
    },
    Wanted {
        package: "nginx-light",
        what: "nginx",
        wanted_for: For::Demo,
        here: || machine::find("nginx").is_some(),
    },
    Wanted {
        package: "strace",
        what: "strace",
        wanted_for: For::Tests,
        here: || machine::find("strace").is_some(),
    },
    Wanted {
        package: "npm",
        what: "Node.js and npm",
        wanted_for: For::Tests,
        here: || machine::find("npm").is_some(),
    },
    Wanted {
        package: "golang-go",
        what: "Go",
        wanted_for: For::Tests,
        here: || machine::find("go").is_some(),
    },
    Wanted {
        package: "ruby",
        what: "Ruby",
        wanted_for: For::Tests,
        here: || machine::find("ruby").is_some(),
    },
    Wanted {
        package: "ruby-webrick",
        what: "WEBrick",
        wanted_for: For::Tests,
        here: || Need::Ruby.missing().is_none(),
    },
    Wanted {
        package: "ruby-sinatra",
        what: "Sinatra",
        wanted_for: For::Tests,
        here: || Need::Ruby.missing().is_none(),
    },
    Wanted { package: "curl", what: "curl", wanted_for: For::Demo, here: || machine::find("curl").is_some() },
    Wanted {
        package: "gradle",
        what: "Gradle",
        wanted_for: For::Tests,
        here: || Need::Gradle.missing().is_none(),
    },
    Wanted {
        package: "leiningen",
        what: "Leiningen",
        wanted_for: For::Tests,
        here: || Need::Leiningen.missing().is_none(),
    },
    Wanted {
        package: "bundler",
        what: "bundler",
        wanted_for: For::Tests,
        here: || Need::Bundler.missing().is_none(),
    },
    Wanted {
        package: "composer",
        what: "Composer",
        wanted_for: For::Tests,
        here: || Need::Composer.missing().is_none(),
    },
    Wanted {
        package: "time",
        what: "GNU time",
        wanted_for: For::Demo,
        here: || machine::find("time").is_some(),
    },
];

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

/// Installs what is missing, where that is possible, and says what it does.
///
/// # Errors
///
/// When something is missing that nothing works without.
pub(crate) fn prepare(wanted_for: For) -> Result<(), String> {
    let missing = missing(wanted_for);
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|wanted| wanted.package).collect();
    match rights() {
        Some(mut command) => {
            command.args(["sh", "-c", INSTALL, "sh"]).args(&packages);
            step::run(&format!("installing what is missing: {}", packages.join(" ")), &mut command);
        }
        None => println!("not root, and no sudo: not installing {}", packages.join(" ")),
    }
    for wanted in self::missing(wanted_for) {
        if wanted.wanted_for == For::All {
            return Err(format!("{} is missing: install `{}`", wanted.what, wanted.package));
        }
        println!("without {} (package {})", wanted.what, wanted.package);
    }
    if Need::SystemUwsgi.missing().is_some() {
        println!("uWSGI comes from its wheel on PyPI instead");
    }
    Ok(())
}

/// Puts the tools that come from package registries into a folder of their own, where they can be had.
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
    if lacking(&[Need::Pnpm]) && !lacking(&[Need::Node, Need::Npm]) {
        // pnpm 10 and later want a newer Node.js than Debian 12 has.
        let words = ["install", "--prefix", folder.as_str(), "--no-audit", "--no-fund", "pnpm@9"];
        step::run("installing pnpm", Command::new("npm").args(words));
    }
}

fn missing(wanted_for: For) -> Vec<&'static Wanted> {
    WANTED.iter().filter(|wanted| wanted.wanted_for <= wanted_for && !(wanted.here)()).collect()
}

/// A command that runs its words as root; `None` when there is no way, or no apt.
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
