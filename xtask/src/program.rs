//! The program that a task runs: built as released where it is measured or packed, and quickly where it is only shown.

use camino::Utf8PathBuf;
use piku_tests::piku;

use crate::step;

/// Builds `piku` as released, and makes the fixtures use it; or uses the one that `PIKU_BIN` names.
///
/// # Errors
///
/// When it can't be built.
pub(crate) fn release() -> Result<Utf8PathBuf, String> {
    build("release", &["--release"])
}

/// Like [`release`], without optimizing it, which takes most of the time.
///
/// # Errors
///
/// When it can't be built.
pub(crate) fn debug() -> Result<Utf8PathBuf, String> {
    build("debug", &[])
}

fn build(profile: &str, words: &[&str]) -> Result<Utf8PathBuf, String> {
    if let Ok(program) = std::env::var("PIKU_BIN") {
        println!("using {program}");
        return Ok(program.into());
    }
    let words = [&["build", "--quiet", "--package", "piku-cli"], words].concat();
    if !step::run(&format!("building piku ({profile})"), &mut step::cargo(&words)) {
        return Err("piku could not be built".to_owned());
    }
    let program = target().join(profile).join("piku");
    piku::use_program(&program);
    Ok(program)
}

/// The folder that cargo builds into: this program lies in a profile's folder below it.
pub(crate) fn target() -> Utf8PathBuf {
    let this = std::env::current_exe().ok().and_then(|path| Utf8PathBuf::from_path_buf(path).ok());
    let target = this.and_then(|path| path.ancestors().nth(2).map(ToOwned::to_owned));
    target.unwrap_or_else(|| piku::workspace().join("target"))
}
