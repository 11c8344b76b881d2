//! File operations of a build: copies the tree, collects programs, and places the results into the tree.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use camino::Utf8Path;
use piku_runtime::Copied;

use super::{HostError, files};

/// Copies the inputs of a build from the tree to the folder `to`. Links stay links; `.git` is left out.
pub(crate) fn copy(tree: &Utf8Path, what: &Copied, to: &Utf8Path) -> Result<(), HostError> {
    make(to)?;
    match what {
        Copied::Tree => copy_folder(tree.as_std_path(), to.as_std_path(), &|name| name == ".git"),
        Copied::Files(paths) => paths.iter().try_for_each(|path| {
            let target = to.join(path);
            target.parent().map_or(Ok(()), make)?;
            copy_file(&tree.join(path), &target)
        }),
    }
}

/// Copies a file or folder, sharing nothing with it that a change would show: where the file system can, the kernel
/// shares the blocks. Does nothing if `from` does not exist.
pub(crate) fn take(from: &Utf8Path, to: &Utf8Path) -> Result<(), HostError> {
    if from.is_dir() {
        make(to)?;
        return copy_folder(from.as_std_path(), to.as_std_path(), &|_| false);
    }
    if from.is_file() {
        to.parent().map_or(Ok(()), make)?;
        return copy_file(from, to);
    }
    Ok(())
}

/// Removes the files directly in a folder.
pub(crate) fn clear(folder: &Utf8Path) -> Result<(), HostError> {
    let Ok(entries) = folder.read_dir_utf8() else { return Ok(()) };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| !kind.is_dir()) {
            files::remove(entry.path())?;
        }
    }
    Ok(())
}

/// Copies the programs directly in one folder to another.
pub(crate) fn collect(from: &Utf8Path, to: &Utf8Path) -> Result<(), HostError> {
    use std::os::unix::fs::PermissionsExt;
    make(to)?;
    for entry in from.read_dir_utf8().map_err(HostError::file("list", from))? {
        let entry = entry.map_err(HostError::file("list", from))?;
        let about = entry.path().symlink_metadata().map_err(HostError::file("look at", entry.path()))?;
        if about.is_file() && about.permissions().mode() & 0o111 != 0 {
            copy_file(entry.path(), &to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// Hard-links a file, or everything in a folder, into the tree. Does nothing if `from` does not exist.
///
/// Identical files are left alone. Others are replaced by a rename, so that a process reads either the old or the new
/// one. Copies where the file system can't link.
pub(crate) fn place(from: &Utf8Path, to: &Utf8Path) -> Result<(), HostError> {
    place_any(from.as_std_path(), to.as_std_path())
}

// Names may be any bytes.
fn place_any(from: &Path, to: &Path) -> Result<(), HostError> {
    let Ok(about) = from.symlink_metadata() else { return Ok(()) };
    if about.is_dir() {
        if to.is_symlink() || !to.is_dir() {
            remove(to)?;
            make_any(to)?;
        }
        for entry in fs::read_dir(from).map_err(failed("list", from))? {
            let entry = entry.map_err(failed("list", from))?;
            place_any(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        make_any(folder)?;
    }
    let target = fs::read_link(from).ok();
    let there = to.symlink_metadata().is_ok();
    let same = match &target {
        Some(target) => fs::read_link(to).ok().as_ref() == Some(target),
        None => there && is_same(from, to),
    };
    if same {
        return Ok(());
    }
    let put = |at: &Path| match &target {
        Some(target) => symlink(target, at),
        None => fs::hard_link(from, at).or_else(|_| fs::copy(from, at).map(drop)),
    };
    if !there {
        return put(to).map_err(failed("link", to));
    }
    if to.is_dir() && !to.is_symlink() {
        remove(to)?;
    }
    let mut name = OsString::from(".");
    name.push(to.file_name().unwrap_or_default());
    name.push(".piku");
    let beside = to.with_file_name(name);
    remove(&beside)?;
    put(&beside).map_err(failed("link", &beside))?;
    fs::rename(&beside, to).map_err(failed("rename", &beside))
}

/// Removes a file, link, or folder if it exists.
fn remove(path: &Path) -> Result<(), HostError> {
    match Utf8Path::from_path(path) {
        Some(path) => files::remove_folder(path),
        None if path.is_dir() && !path.is_symlink() => {
            fs::remove_dir_all(path).map_err(failed("remove", path))
        }
        None if path.symlink_metadata().is_ok() => fs::remove_file(path).map_err(failed("remove", path)),
        None => Ok(()),
    }
}

/// Whether both are the same file or have the same mode and contents.
fn is_same(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(a), Ok(b)) = (one.symlink_metadata(), other.symlink_metadata()) else { return false };
    let one_file = (a.dev(), a.ino()) == (b.dev(), b.ino());
    let alike = || b.is_file() && a.len() == b.len() && a.mode() == b.mode();
    let says = |path: &Path| fs::read(path).ok();
    one_file || alike() && says(one).is_some() && says(one) == says(other)
}

// Names may be any bytes.
fn copy_folder(from: &Path, to: &Path, leave: &dyn Fn(&OsStr) -> bool) -> Result<(), HostError> {
    for entry in fs::read_dir(from).map_err(failed("list", from))? {
        let entry = entry.map_err(failed("list", from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(failed("look at", &source))?;
        if leave(&entry.file_name()) {
            continue;
        }
        if kind.is_dir() {
            make_any(&target)?;
            copy_folder(&source, &target, &|_| false)?;
        } else if kind.is_symlink() {
            let link = fs::read_link(&source).map_err(failed("read", &source))?;
            symlink(link, &target).map_err(failed("link", &target))?;
        } else if kind.is_file() {
            fs::copy(&source, &target).map(drop).map_err(failed("copy", &source))?;
        }
    }
    Ok(())
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> HostError {
    HostError::file(action, path.to_string_lossy().into_owned())
}

fn copy_file(from: &Utf8Path, to: &Utf8Path) -> Result<(), HostError> {
    fs::copy(from, to).map(drop).map_err(HostError::file("copy", from))
}

fn make(folder: &Utf8Path) -> Result<(), HostError> {
    make_any(folder.as_std_path())
}

fn make_any(folder: &Path) -> Result<(), HostError> {
    fs::create_dir_all(folder).map_err(failed("make folder", folder))
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use camino::Utf8PathBuf;

    use super::*;

    fn write(path: &Utf8Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn a_tree_gets_what_a_build_made_and_keeps_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        write(&at("tree/.git/config"), "g");
        write(&at("tree/src/a.js"), "a");
        write(&at("tree/dist/old.js"), "old");
        write(&at("tree/kept"), "kept");
        files::link(&at("tree/link"), Utf8Path::new("src")).unwrap();
        fs::write(folder.path().join("tree").join(OsStr::from_bytes(b"caf\xe9")), "c").unwrap();
        copy(&at("tree"), &Copied::Tree, &at("build")).unwrap();
        assert!(!at("build/.git").exists());
        assert!(at("build/link").is_symlink());
        assert!(folder.path().join("build").join(OsStr::from_bytes(b"caf\xe9")).exists());

        write(&at("build/dist/old.js"), "new");
        write(&at("build/node_modules/x/index.js"), "x");
        files::link(&at("build/node_modules/.bin/x"), Utf8Path::new("../x/index.js")).unwrap_or_default();
        fs::write(folder.path().join("build").join(OsStr::from_bytes(b"caf\xe9.js")), "c").unwrap();
        let before = at("tree/src/a.js").metadata().unwrap().ino();
        for _ in 0..2 {
            place(&at("build"), &at("tree")).unwrap();
            assert_eq!(fs::read_to_string(at("tree/dist/old.js")).unwrap(), "new");
            assert_eq!(at("tree/node_modules/x/index.js").metadata().unwrap().nlink(), 2);
            assert!(folder.path().join("tree").join(OsStr::from_bytes(b"caf\xe9.js")).exists());
            assert_eq!(at("tree/src/a.js").metadata().unwrap().ino(), before);
            assert!(at("tree/.git/config").exists() && at("tree/kept").exists());
        }
        place(&at("absent"), &at("tree/absent")).unwrap();
        assert!(!at("tree/absent").exists());
    }

    #[test]
    fn programs_are_gathered_and_old_ones_are_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        write(&at("release/stale"), "");
        write(&at("release/deps/kept"), "");
        clear(&at("release")).unwrap();
        clear(&at("absent")).unwrap();
        write(&at("release/blog"), "");
        write(&at("release/blog.d"), "");
        fs::set_permissions(at("release/blog"), fs::Permissions::from_mode(0o755)).unwrap();
        collect(&at("release"), &at("bin")).unwrap();
        assert_eq!(files::names(&at("bin")).unwrap().into_iter().collect::<Vec<_>>(), ["blog"]);
        assert!(at("release/deps/kept").exists());
    }
}
