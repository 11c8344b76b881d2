//! The Debian package.
//!
//! `dpkg-deb` makes it from a folder. cargo-deb would be another program to build (over a hundred crates) for what is
//! a list of files here, and it does not know that units, manual, and completions come from the program itself.
//! debhelper needs a Debian source package, and Rust as a build dependency in a version that no Debian release has.

use std::fs;
use std::process::Command;

use camino::Utf8Path;

use super::contents::{File, Release};
use super::{archive, control, output};

/// Writes `piku_<version>_<architecture>.deb` and returns its name.
pub(super) fn write(folder: &Utf8Path, release: &Release<'_>, date: u64) -> Result<String, String> {
    let staging = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let staging = Utf8Path::from_path(staging.path()).ok_or("the temporary folder is not UTF-8")?;
    let files = release.package(&mail_date(date)?);
    archive::lay_out(staging, &files)?;
    let sums = output(
        Command::new("sh")
            .args(["-c", "LC_ALL=C; find usr -type f | sort | xargs -d '\\n' md5sum"])
            .current_dir(staging),
    )?;
    archive::lay_out(staging, &release.control(kilobytes(&files)))?;
    let sums = File { path: "DEBIAN/md5sums".into(), executable: false, bytes: sums, gzip: false };
    archive::lay_out(staging, &[sums])?;

    let architecture = release.target.debian.unwrap_or("all");
    let name = format!("piku_{}_{architecture}.deb", control::version(release.version));
    let mut dpkg = Command::new("dpkg-deb");
    // Every Debian and Ubuntu can read xz, whatever the default of the one that packs.
    dpkg.args(["--build", "--root-owner-group", "-Zxz", staging.as_str(), folder.join(&name).as_str()]);
    output(dpkg.env("SOURCE_DATE_EPOCH", date.to_string()))?;
    fs::set_permissions(folder.join(&name), std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .map_err(|error| format!("could not open {name} to all: {error}"))?;
    Ok(name)
}

/// The installed size as Debian counts it: in whole kilobytes, one for each folder.
fn kilobytes(files: &[File]) -> u64 {
    files.iter().map(|file| (file.bytes.len() as u64).div_ceil(1024)).sum()
}

/// Formats a date as in mails.
fn mail_date(seconds: u64) -> Result<String, String> {
    let mut date = Command::new("date");
    let said = output(date.args(["-u", "-R", "-d", &format!("@{seconds}")]).env("LC_ALL", "C"))?;
    Ok(String::from_utf8_lossy(&said).trim().to_owned())
}
