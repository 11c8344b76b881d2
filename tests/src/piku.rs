//! The program under test.

use std::env;
use std::process::Command;
use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};

static PROGRAM: OnceLock<Utf8PathBuf> = OnceLock::new();

/// The path of the `piku` under test: `PIKU_BIN`, or the one that cargo built in the profile of the running test.
///
/// If it does not exist, it is built once.
///
/// # Panics
///
/// When it can't be built.
#[must_use]
pub fn program() -> Utf8PathBuf {
    PROGRAM.get_or_init(|| env::var("PIKU_BIN").map_or_else(|_| beside_the_test(), Utf8PathBuf::from)).clone()
}

/// Sets the program for everything that follows in this process, as `xtask` does for a release build.
///
/// # Panics
///
/// When another one is already in use.
pub fn use_program(path: &Utf8Path) {
    assert!(PROGRAM.set(path.to_owned()).is_ok(), "another piku is in use already");
}

fn beside_the_test() -> Utf8PathBuf {
    let test = env::current_exe()
        .ok()
        .and_then(|path| Utf8PathBuf::from_path_buf(path).ok())
        .expect("the test has a path");
    // target/debug/deps/sessions-0123 -> target/debug
    let profile = test
        .ancestors()
        .skip(1)
        .find(|folder| folder.file_name() != Some("deps"))
        .expect("the test is in a folder");
    let program = profile.join("piku");
    if !program.is_file() || !profile.join("piku-launch").is_file() {
        let mut cargo = Command::new(env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
        cargo.args(["build", "--quiet", "--package", "piku-cli"]).current_dir(workspace());
        if profile.file_name() == Some("release") {
            cargo.arg("--release");
        }
        if let Some(target) = profile.parent() {
            cargo.env("CARGO_TARGET_DIR", target);
        }
        let status = cargo.status().expect("cargo starts");
        assert!(status.success() && program.is_file(), "{program} could not be built");
    }
    program
}

/// The launcher that belongs to the program, in the same folder.
///
/// # Panics
///
/// As [`program`].
#[must_use]
pub fn launcher() -> Utf8PathBuf {
    program().with_file_name("piku-launch")
}

/// The root folder of the workspace.
#[must_use]
pub fn workspace() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests are a folder of the workspace")
        .to_owned()
}

/// The folder of the small apps that the tests push.
#[must_use]
pub fn apps() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("apps")
}
