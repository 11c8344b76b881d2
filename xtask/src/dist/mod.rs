//! `cargo xtask dist`: the files for servers, a Debian package and an archive for other systems.
//!
//! Begin at [`contents`], which lists the files; [`control`] and `debian/` are what dpkg reads and runs.

mod archive;
mod changelog;
mod contents;
mod control;
mod deb;
mod libraries;
mod pages;
mod target;
#[cfg(test)]
mod tests;

use std::fs;
use std::process::Command;

use camino::Utf8Path;
use piku_tests::piku::workspace;

use crate::{program, step};
use contents::Release;
use pages::Pages;
use target::Target;

/// What to make.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct DistOptions {
    /// The machines to build for, such as `aarch64-unknown-linux-gnu`; without it, those like this one
    #[arg(long)]
    target: Option<String>,
}

/// Builds piku as released, and writes `piku_<version>_<architecture>.deb`, `piku-<version>-<target>.tar.gz`, and
/// their `SHA256SUMS` into `target/dist`.
///
/// # Errors
///
/// When a tool is missing, or the build or writing a file fails.
pub(crate) fn run(options: &DistOptions) -> Result<(), String> {
    let host = Target::host()?;
    let target = options.target.as_deref().map_or_else(|| Ok(host.clone()), Target::named)?;
    // The manual pages come from the program, so build one that runs here.
    let runs_here = program::release()?;
    let built = if target == host { runs_here.clone() } else { target.build()? };
    let read = |path: &Utf8Path| fs::read(path).map_err(|error| format!("could not read {path}: {error}"));
    let (program, launcher) = (read(&built)?, read(&built.with_file_name("piku-launch"))?);

    let pages = Pages::read(&runs_here)?;
    let sources = contents::Sources::read(&workspace())?;
    let version = env!("CARGO_PKG_VERSION");
    let maintainer = control::maintainer();
    let release = Release {
        version,
        target: &target,
        maintainer: &maintainer,
        program: &program,
        launcher: &launcher,
        pages: &pages,
        sources: &sources,
    };
    let folder = program::target().join("dist");
    fs::create_dir_all(&folder).map_err(|error| format!("could not make {folder}: {error}"))?;
    let date = date()?;

    step::announce("packing");
    let mut made = vec![archive::write(&folder, &release, date)?];
    match target.debian {
        Some(_) if piku_tests::machine::find("dpkg-deb").is_some() => {
            made.push(deb::write(&folder, &release, date)?)
        }
        Some(_) => println!("    no package: `dpkg-deb` is not installed (package `dpkg`)"),
        None => println!("    no package: Debian has no architecture for {}", target.triple),
    }
    checksums(&folder)?;
    for name in &made {
        let size = fs::metadata(folder.join(name)).map_or(0, |file| file.len());
        println!("    {} ({:.1} MB)", folder.join(name), size as f64 / 1e6);
    }
    println!("    {}", libraries::Libraries::read(&program));
    Ok(())
}

/// The time of the commit in seconds, so that the same commit gives the same files, or `SOURCE_DATE_EPOCH`.
fn date() -> Result<u64, String> {
    if let Some(date) = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.parse().ok()) {
        return Ok(date);
    }
    let mut git = Command::new("git");
    let text = output(git.args(["log", "-1", "--format=%ct"]).current_dir(workspace()));
    // Outside a repository, as in a source archive, use the date of the changelog file.
    let text =
        text.map_or_else(|_| "0".to_owned(), |bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
    text.parse().map_err(|_| format!("git gives no date, but `{text}`"))
}

/// Writes the checksums of all files in the folder, including those made earlier for other machines.
fn checksums(folder: &Utf8Path) -> Result<(), String> {
    let script =
        "LC_ALL=C; sha256sum -- *.deb *.tar.gz 2>/dev/null > SHA256SUMS.new; mv SHA256SUMS.new SHA256SUMS";
    output(Command::new("sh").args(["-c", script]).current_dir(folder)).map(drop)
}

/// Runs a tool quietly and returns its output.
///
/// # Errors
///
/// The output of a tool that failed.
fn output(command: &mut Command) -> Result<Vec<u8>, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = command.output().map_err(|error| format!("could not start `{name}`: {error}"))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        return Err(format!("`{name}` failed ({}): {}", done.status, said.trim()));
    }
    Ok(done.stdout)
}
