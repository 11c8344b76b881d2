//! The release build of piku.

use camino::Utf8PathBuf;
use piku_tests::piku;

use crate::step;

/// Builds `piku` as released, and makes the fixtures use it; or uses the one that `PIKU_BIN` names.
///
/// # Errors
///
/// When it can't be built.
pub(crate) fn release() -> Result<Utf8PathBuf, String> {
    if let Ok(program) = std::env::var("PIKU_BIN") {
        println!("using {program}");
        return Ok(program.into());
    }
    if !step::run(
        "building piku (release)",
        &mut step::cargo(&["build", "--quiet", "--release", "--package", "piku-cli"]),
    ) {
        return Err("piku could not be built".to_owned());
    }
    let program = target().join("release/piku");
    piku::use_program(&program);
    Ok(program)
}

/// The folder that cargo builds into: this program lies in a profile's folder below it.
pub(crate) fn target() -> Utf8PathBuf {
    let this = std::env::current_exe().ok().and_then(|path| Utf8PathBuf::from_path_buf(path).ok());
    let target = this.and_then(|path| path.ancestors().nth(2).map(ToOwned::to_owned));
    target.unwrap_or_else(|| piku::workspace().join("target"))
}
