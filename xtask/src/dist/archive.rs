//! Writes files into a folder, and the archive of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use camino::Utf8Path;

use super::contents::{File, Release};
use super::output;

/// Writes `piku-<version>-<target>.tar.gz` and returns its name.
pub(super) fn write(folder: &Utf8Path, release: &Release<'_>, date: u64) -> Result<String, String> {
    let staging = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let staging = Utf8Path::from_path(staging.path()).ok_or("the temporary folder is not UTF-8")?;
    lay_out(staging, &release.archive())?;
    let (name, archive) = (release.name(), folder.join(release.name() + ".tar"));
    // The same files give the same bytes, whoever packs them and when.
    let mut tar = Command::new("tar");
    tar.args(["--create", "--format=gnu", "--sort=name", "--owner=0", "--group=0", "--numeric-owner"]);
    output(tar.arg(format!("--mtime=@{date}")).args([
        "--directory",
        staging.as_str(),
        "--file",
        archive.as_str(),
        &name,
    ]))?;
    output(Command::new("gzip").args(["-9nf", archive.as_str()]))?;
    Ok(name + ".tar.gz")
}

/// Writes the files below `top`, each with its mode, whatever the umask.
pub(super) fn lay_out(top: &Utf8Path, files: &[File]) -> Result<(), String> {
    for file in files {
        let path = top.join(&file.path);
        let written = path.parent().map_or(Ok(()), |parent| folders(top, parent));
        let written = written.and_then(|()| fs::write(&path, &file.bytes)).and_then(|()| {
            let mode = if file.executable { 0o755 } else { 0o644 };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))
        });
        written.map_err(|error| format!("could not write {path}: {error}"))?;
        if file.gzip {
            output(Command::new("gzip").args(["-9nf", path.as_str()]))?;
        }
    }
    fs::set_permissions(top, fs::Permissions::from_mode(0o755)).map_err(|error| format!("{top}: {error}"))
}

/// Makes a folder below `top` and its parents, which everyone may enter.
fn folders(top: &Utf8Path, folder: &Utf8Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    for above in folder.ancestors().take_while(|above| *above != top) {
        fs::set_permissions(above, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}
