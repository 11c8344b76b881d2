//! What the package promises, with a program in its place that says little.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use camino::{Utf8Path, Utf8PathBuf};
use insta::assert_snapshot;
use piku_tests::machine;
use piku_tests::piku::workspace;

use super::contents::{Release, Sources};
use super::libraries::Libraries;
use super::pages::Pages;
use super::target::Target;
use super::{archive, changelog, control, deb};

/// Answers what `xtask dist` asks piku.
const PROGRAM: &str = r##"#!/bin/sh
case "$1 $2" in
    "man --list") printf 'apps\nconfig:set\n' ;;
    man*) echo ".TH piku" ;;
    completions*) echo "# $2" ;;
    units*) for unit in piku.service piku-nginx.service; do echo "[Unit]" > "$2/$unit"; done ;;
esac
# GLIBC_2.34 GLIBC_2.9 libgcc_s.so.1
"##;

/// A temporary folder, and a release with [`PROGRAM`] made in it.
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
        fs::write(&path, PROGRAM).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
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
            program: &self.program,
            pages: &self.pages,
            sources: &self.sources,
        }
    }
}

/// Modes, owners, and names of a listing of tar's; sizes and dates aside.
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

/// Whether a tool is there that a test is nothing without.
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
    assert_snapshot!(listed(&run(Command::new("dpkg-deb").args(["-c", deb.as_str()])).stdout), @"");
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
    assert_snapshot!(listed(&run(Command::new("tar").args(["-tvzf", tar.as_str()])).stdout), @"");
}

#[test]
fn the_control_file_says_what_dpkg_needs() {
    let libraries = Libraries { glibc: Some((2, 34)), libgcc: true };
    assert_snapshot!(control::control("0.1.0", "amd64", libraries, 8000), @"");
}

#[test]
fn the_copyright_file_has_the_licence_in_it() {
    assert_snapshot!(control::copyright(&fs::read(workspace().join("LICENSE-MIT")).unwrap()), @"");
}

#[test]
fn a_changelog_is_rewritten_as_debian_reads_it() {
    let text = "# Changelog\n\n## Unreleased\n\nWords.\n\n- One thing\n  goes on.\n- Another.\n\n## 0.0.1\n\n- Old.\n";
    assert_snapshot!(changelog::debian(text, "0.1.0", "Tue, 14 Nov 2023 22:13:20 +0000"), @"");
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

/// The scripts of version 1.0 in a folder, with `tools` in place of the system's.
fn scripts(folder: &Utf8Path, tools: &[(&str, &str)]) -> Utf8PathBuf {
    let bin = folder.join("bin");
    fs::create_dir_all(&bin).unwrap();
    let executable = |path: &Utf8Path, text: &str| {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    };
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
    assert_snapshot!(script(folder, "preinst", &["upgrade", "1.1"]).1, @"");
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
