//! The package, with a stub instead of the program.

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use insta::assert_snapshot;
use piku_tests::machine;
use piku_tests::piku::workspace;

use super::contents::{Release, Sources};
use super::libraries::Libraries;
use super::pages::Pages;
use super::target::Target;
use super::{archive, changelog, control, deb};

/// Answers `xtask dist` like piku.
const PROGRAM: &str = r##"#!/bin/sh
case "$1 $2" in
    "man --list") printf 'apps\nconfig:set\n' ;;
    man*) echo ".TH piku" ;;
    completions*) echo "# $2" ;;
    units*) for unit in piku.service piku-nginx.service; do echo "[Unit]" > "$2/$unit"; done ;;
esac
# GLIBC_2.34 GLIBC_2.9 libgcc_s.so.1
"##;

const WHO: &str = "Somebody <somebody@example.org>";

/// A temporary folder with a release made from [`PROGRAM`].
struct Made {
    folder: tempfile::TempDir,
    program: Vec<u8>,
    pages: Pages,
    sources: Sources,
    target: Target,
}

impl Made {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("piku");
        executable(&path, PROGRAM);
        let (pages, sources) = (Pages::read(&path).unwrap(), Sources::read(&workspace()).unwrap());
        let target = Target::new("x86_64-unknown-linux-gnu");
        Self { folder, program: PROGRAM.into(), pages, sources, target }
    }

    fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.folder.path()).unwrap()
    }

    fn release(&self) -> Release<'_> {
        Release {
            version: "0.1.0",
            target: &self.target,
            maintainer: WHO,
            program: &self.program,
            launcher: b"the launcher",
            pages: &self.pages,
            sources: &self.sources,
        }
    }
}

/// Modes, owners, and names in tar's listing, without sizes and dates.
fn listed(output: &[u8]) -> String {
    let lines = std::str::from_utf8(output).unwrap().lines().filter(|line| !line.starts_with('d'));
    let mut lines: Vec<String> = lines
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            format!("{} {} {}", words[0], words[1], words[5])
        })
        .collect();
    lines.sort();
    lines.join("\n")
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Writes a program, in another process: if this one had it open for writing, a child that another test starts at
/// that moment would inherit the descriptor, and nobody could execute the file (`ETXTBSY`).
fn executable(path: &Utf8Path, text: &str) {
    let mut shell = Command::new("sh");
    shell.args(["-c", "cat > \"$1\" && chmod 755 \"$1\"", "sh", path.as_str()]).stdin(Stdio::piped());
    let mut shell = shell.spawn().unwrap();
    shell.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(shell.wait().unwrap().success(), "{path} can be written");
}

/// Whether a tool is installed that a test needs.
fn has(tool: &str) -> bool {
    let found = machine::find(tool).is_some();
    assert!(found || std::env::var_os("CI").is_none(), "`{tool}` is not installed");
    if !found {
        eprintln!("skipped: `{tool}` is not installed");
    }
    found
}

#[test]
fn a_package_has_the_files_that_are_promised() {
    if !has("dpkg-deb") {
        return;
    }
    let made = Made::new();
    let name = deb::write(made.path(), &made.release(), 1_700_000_000).unwrap();
    assert_eq!(name, "piku_0.1.0_amd64.deb");
    let deb = made.path().join(&name);
    assert_snapshot!(listed(&run(Command::new("dpkg-deb").args(["-c", deb.as_str()])).stdout), @r"
    -rw-r--r-- root/root ./usr/lib/systemd/system/piku-nginx.service
    -rw-r--r-- root/root ./usr/lib/systemd/system/piku.service
    -rw-r--r-- root/root ./usr/share/bash-completion/completions/piku
    -rw-r--r-- root/root ./usr/share/doc/piku/README.md
    -rw-r--r-- root/root ./usr/share/doc/piku/changelog.gz
    -rw-r--r-- root/root ./usr/share/doc/piku/copyright
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/ci.md
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/databases.md
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/first-day.md
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/front-door.md
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/guide.md
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/json.md
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/moving-from-heroku-and-dokku.md
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/moving-from-piku-py.md
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/packaging.md
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/reference.md
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/runtimes.md
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/runtimes/clojure.md
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/runtimes/deno.md
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/runtimes/go.md
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/runtimes/java.md
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/runtimes/node.md
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/runtimes/other.md
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/runtimes/php.md
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/runtimes/python.md
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/runtimes/ruby.md
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/runtimes/rust.md
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/runtimes/static.md
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/troubleshooting.md
    -rw-r--r-- root/root ./usr/share/doc/piku/docs/zero-downtime.md
    -rw-r--r-- root/root ./usr/share/fish/vendor_completions.d/piku.fish
    -rw-r--r-- root/root ./usr/share/man/man1/piku-apps.1.gz
    -rw-r--r-- root/root ./usr/share/man/man1/piku-config:set.1.gz
    -rw-r--r-- root/root ./usr/share/man/man1/piku.1.gz
    -rw-r--r-- root/root ./usr/share/zsh/vendor-completions/_piku
    -rwxr-xr-x root/root ./usr/bin/piku
    -rwxr-xr-x root/root ./usr/bin/piku-launch
    ");
    let control = made.path().join("control");
    run(Command::new("dpkg-deb").args(["-e", deb.as_str(), control.as_str()]));
    let mut names: Vec<String> =
        control.read_dir_utf8().unwrap().map(|entry| entry.unwrap().file_name().to_owned()).collect();
    names.sort();
    assert_eq!(names, ["control", "md5sums", "postinst", "postrm", "preinst", "prerm"]);
    let sums = fs::read_to_string(control.join("md5sums")).unwrap();
    assert!(sums.contains("  usr/bin/piku\n") && !sums.contains("DEBIAN"), "{sums}");

    let again = made.path().join("again");
    fs::create_dir(&again).unwrap();
    deb::write(&again, &made.release(), 1_700_000_000).unwrap();
    assert!(
        fs::read(&deb).unwrap() == fs::read(again.join(&name)).unwrap(),
        "the same files, another package"
    );
}

#[test]
fn an_archive_has_the_files_that_are_promised() {
    let made = Made::new();
    let name = archive::write(made.path(), &made.release(), 1_700_000_000).unwrap();
    assert_eq!(name, "piku-0.1.0-x86_64-unknown-linux-gnu.tar.gz");
    let tar = made.path().join(&name);
    assert_snapshot!(listed(&run(Command::new("tar").args(["-tvzf", tar.as_str()])).stdout), @r"
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/CHANGELOG.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/INSTALL
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/LICENSE-APACHE
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/LICENSE-MIT
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/README.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/completions/_piku
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/completions/piku.bash
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/completions/piku.fish
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/ci.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/databases.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/first-day.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/front-door.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/guide.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/json.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/moving-from-heroku-and-dokku.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/moving-from-piku-py.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/packaging.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/reference.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/runtimes.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/runtimes/clojure.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/runtimes/deno.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/runtimes/go.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/runtimes/java.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/runtimes/node.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/runtimes/other.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/runtimes/php.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/runtimes/python.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/runtimes/ruby.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/runtimes/rust.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/runtimes/static.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/troubleshooting.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/docs/zero-downtime.md
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/man/man1/piku-apps.1
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/man/man1/piku-config:set.1
    -rw-r--r-- 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/man/man1/piku.1
    -rwxr-xr-x 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/piku
    -rwxr-xr-x 0/0 piku-0.1.0-x86_64-unknown-linux-gnu/piku-launch
    ");
}

#[test]
fn the_control_file_says_what_dpkg_needs() {
    let libraries = Libraries { glibc: Some((2, 34)), libgcc: true };
    assert_snapshot!(control::control("0.1.0", "amd64", WHO, libraries, 8000), @r"
    Package: piku
    Version: 0.1.0
    Architecture: amd64
    Maintainer: Somebody <somebody@example.org>
    Installed-Size: 8000
    Depends: libc6 (>= 2.34), libgcc-s1, git, nginx, openssh-server, passwd, python3-venv, systemd, uwsgi-core, uwsgi-plugin-python3
    Recommends: ca-certificates, sudo
    Suggests: build-essential, bundler, composer, default-jdk-headless, golang-go, nodejs, npm, python3-dev, uwsgi-plugin-php
    Section: web
    Priority: optional
    Description: deploy to your own small server with git push
     piku turns this machine into a place that apps are pushed to with git. A push
     makes a release: it is built, started beside the running one, checked, and
     only then given the traffic. A push that fails changes nothing and says why.
     .
     uWSGI runs the processes of an app, nginx stands in front of them, and git and
     ssh are the interface; there are no containers, and it fits on a machine with
     256 MB. Apps in Python, Ruby, Java, PHP, Node.js, Go, Rust, and whatever else
     listens on a port are known, with workers and scheduled jobs.
     .
     Installing it makes the user piku, with the apps below /home/piku, and starts
     the services. Removing it keeps both.
    ");
}

#[test]
fn the_copyright_file_has_the_licence_in_it() {
    assert_snapshot!(control::copyright(&fs::read(workspace().join("LICENSE-MIT")).unwrap()), @r#"
    Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
    Upstream-Name: piku

    Files: *
    Copyright: 2026 The piku authors
    License: Expat or Apache-2.0

    License: Expat
     Permission is hereby granted, free of charge, to any person obtaining a copy
     of this software and associated documentation files (the "Software"), to deal
     in the Software without restriction, including without limitation the rights
     to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
     copies of the Software, and to permit persons to whom the Software is
     furnished to do so, subject to the following conditions:
     .
     The above copyright notice and this permission notice shall be included in all
     copies or substantial portions of the Software.
     .
     THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
     IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
     FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
     AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
     LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
     OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
     SOFTWARE.

    License: Apache-2.0
     On Debian systems, the text of this licence is in
     /usr/share/common-licenses/Apache-2.0.
    "#);
}

#[test]
fn a_changelog_is_rewritten_as_debian_reads_it() {
    let text = "# Changelog\n\n## Unreleased\n\nWords.\n\n- One thing\n  goes on, and on, until the line is wider than what Debian lets pass, and breaks.\n- Another.\n\n## 0.0.1\n\n- Old.\n";
    assert_snapshot!(changelog::debian(text, "0.1.0", WHO, "Tue, 14 Nov 2023 22:13:20 +0000"), @r"
    piku (0.1.0) stable; urgency=medium

      * One thing goes on, and on, until the line is wider than what Debian lets
        pass, and breaks.
      * Another.

     -- Somebody <somebody@example.org>  Tue, 14 Nov 2023 22:13:20 +0000
    ");
}

#[test]
fn versions_are_ordered_by_debian_as_by_cargo() {
    assert_eq!(control::version("0.1.0"), "0.1.0");
    assert_eq!(control::version("1.0.0-rc.1"), "1.0.0~rc.1");
    assert_eq!(control::version("1.0.0-rc-1+git-5"), "1.0.0~rc.1+git.5");
}

#[test]
fn the_newest_glibc_that_a_symbol_asks_for_counts() {
    let read = Libraries::read(b"\0GLIBC_2.9\0GLIBC_2.34\0GLIBC_2.4\0libgcc_s.so.1\0");
    assert_eq!(read, Libraries { glibc: Some((2, 34)), libgcc: true });
    assert_eq!(Libraries::read(b"\0GLIBC_PRIVATE\0"), Libraries { glibc: None, libgcc: false });
}

#[test]
fn targets_have_debians_names() {
    let names = |triple: &str| Target::new(triple).debian;
    assert_eq!(names("aarch64-unknown-linux-gnu"), Some("arm64"));
    assert_eq!(names("armv7-unknown-linux-gnueabihf"), Some("armhf"));
    assert_eq!(names("x86_64-unknown-linux-musl"), Some("amd64"));
    assert_eq!(names("aarch64-apple-darwin"), None);
}

#[test]
fn a_target_that_is_not_installed_is_refused_with_a_help() {
    let why = Target::named("sparc64-unknown-linux-gnu").unwrap_err();
    assert!(why.contains("help: `rustup target add sparc64-unknown-linux-gnu`"), "{why}");
}

/// The scripts of version 1.0 in a folder, with `tools` instead of the system's.
fn scripts(folder: &Utf8Path, tools: &[(&str, &str)]) -> Utf8PathBuf {
    let bin = folder.join("bin");
    fs::create_dir_all(&bin).unwrap();
    for (name, text) in tools {
        executable(&bin.join(name), &format!("#!/bin/sh\necho \"{name} $*\"\n{text}\n"));
    }
    for (name, text) in control::scripts("1.0") {
        let text = text.replace("PATH=/usr/sbin", &format!("PATH={bin}:/usr/sbin"));
        executable(
            &folder.join(name),
            &text.replace("/run/", &format!("{folder}/")).replace("/var/lib", folder.as_str()),
        );
    }
    bin
}

fn script(folder: &Utf8Path, name: &str, words: &[&str]) -> (bool, String) {
    let path = format!("{folder}/bin:{}", machine::SEARCH_PATH);
    let output = Command::new(folder.join(name)).args(words).env_clear().env("PATH", path).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn the_scripts_are_understood_by_every_shell() {
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(folder.path()).unwrap();
    scripts(folder, &[]);
    for (name, text) in control::scripts("1.0") {
        let path = folder.join(name);
        run(Command::new("sh").args(["-n", path.as_str()]));
        if machine::find("shellcheck").is_some() {
            run(Command::new("shellcheck").arg(&path));
        }
        assert!(text.contains("\nset -e\n") && !text.contains('@'), "{name}: {text}");
    }
}

#[test]
fn a_downgrade_is_refused_and_an_upgrade_is_not() {
    if !has("dpkg") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(folder.path()).unwrap();
    scripts(folder, &[("systemctl", "")]);
    assert_snapshot!(script(folder, "preinst", &["upgrade", "1.1"]).1, @r"
    piku: version 1.1 was here, and its data may be in a form that 1.0 does not know.
    piku: install 1.1 or newer; or, with a backup of /home/piku, set PIKU_ALLOW_DOWNGRADE=1.
    ");
    assert!(!script(folder, "preinst", &["install", "1.1"]).0, "what a removed package left is newer too");
    for words in [&["install"][..], &["upgrade", "0.9"], &["upgrade", "1.0"], &["upgrade", "1.0~rc.1"]] {
        assert_eq!(script(folder, "preinst", words), (true, String::new()), "{words:?}");
    }
}

#[test]
fn configuring_sets_the_server_up_unless_its_services_were_disabled() {
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(folder.path()).unwrap();
    scripts(folder, &[("piku", ""), ("systemctl", "")]);
    assert_eq!(script(folder, "postinst", &["configure", "0.9"]), (true, "piku setup --system\n".to_owned()));
    assert_eq!(script(folder, "postinst", &["abort-upgrade", "0.9"]), (true, String::new()));
    fs::create_dir_all(folder.join("systemd/system")).unwrap();
    fs::write(folder.join("piku.keep-disabled"), "").unwrap();
    let (done, said) = script(folder, "postinst", &["configure", "0.9"]);
    assert!(done && said.ends_with("systemctl daemon-reload\n") && !said.contains("enable --"), "{said}");
    assert!(!folder.join("piku.keep-disabled").exists());
}

#[test]
fn a_service_that_somebody_disabled_stays_disabled_over_an_upgrade_and_no_other_counts() {
    if !has("dpkg") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(folder.path()).unwrap();
    scripts(folder, &[("piku", ""), ("systemctl", "")]);
    // The stub prints its arguments, which are no state, unless it is asked about piku's own nginx.
    executable(
        &folder.join("bin/systemctl"),
        "#!/bin/sh\ncase \"$2\" in piku-nginx.service) echo disabled ;; *) echo enabled ;; esac\n",
    );
    fs::create_dir(folder.join("piku")).unwrap();
    let keeps = |record: &str| {
        fs::write(folder.join("piku/server.json"), record).unwrap();
        assert!(script(folder, "preinst", &["upgrade", "0.9"]).0);
        folder.join("piku.keep-disabled").exists()
    };
    assert!(keeps(r#"{"on": ["piku-nginx.service", "piku.service"]}"#));
    assert!(
        !keeps(r#"{"on": ["piku-nginx.path", "piku.service"]}"#),
        "and what was noted before is forgotten"
    );
    // A note left by an upgrade means nothing to a new installation.
    fs::write(folder.join("piku.keep-disabled"), "").unwrap();
    assert_eq!(script(folder, "postinst", &["configure"]), (true, "piku setup --system\n".to_owned()));
}

#[test]
fn removing_takes_the_server_back_and_an_upgrade_touches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(folder.path()).unwrap();
    scripts(folder, &[("piku", ""), ("systemctl", "")]);
    assert_eq!(script(folder, "prerm", &["remove"]), (true, String::new()), "nothing was set up");
    fs::create_dir(folder.join("piku")).unwrap();
    fs::write(folder.join("piku/server.json"), "{}").unwrap();
    assert_eq!(script(folder, "prerm", &["remove"]), (true, "piku setup --system --undo\n".to_owned()));
    assert_eq!(script(folder, "prerm", &["upgrade", "1.1"]), (true, String::new()));
    fs::create_dir_all(folder.join("systemd/system")).unwrap();
    scripts(folder, &[("piku", "exit 1")]);
    let (done, said) = script(folder, "prerm", &["remove"]);
    assert!(done && said.contains("systemctl stop piku.service"), "a package can always be removed: {said}");
    assert_eq!(script(folder, "postrm", &["upgrade", "1.1"]), (true, String::new()));
    assert_eq!(script(folder, "postrm", &["remove"]), (true, "systemctl daemon-reload\n".to_owned()));
}
