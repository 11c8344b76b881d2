//! Moves what an app wrote to another folder, and leaves a link behind. Names may be any bytes.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, RenameFlags, Timespec, Timestamps, renameat_with, utimensat};
use rustix::io::Errno;

use super::HostError;

/// Moves a file or folder to `place`, which must not exist (or be a file, if `from` is one: it is replaced), and links
/// `from` to it.
///
/// On one file system this is a single step: at every moment the path leads to the contents, and open files stay open.
/// To another one the contents are copied first, so nobody may write to them meanwhile.
pub(crate) fn move_and_link(from: &Path, place: &Path) -> Result<(), HostError> {
    if leads_to(from, place) {
        return Ok(());
    }
    make_parent(place)?;
    if leads_to(place, place) {
        remove(place)?;
    }
    if place.symlink_metadata().is_ok() {
        return match fs::rename(from, place) {
            Err(error) if error.kind() == ErrorKind::CrossesDevices => copy_and_link(from, place),
            renamed => renamed.map_err(failure("move", from)).and_then(|()| link(from, place)),
        };
    }
    let failed = || failure("move", from);
    // The link leads to itself until it has changed places with the contents.
    symlink(place, place).map_err(failure("link", place))?;
    let Err(error) = exchange(from, place) else { return Ok(()) };
    remove(place)?;
    match error {
        Errno::XDEV => copy_and_link(from, place),
        // Some file systems can't do it in one step.
        Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP => {
            rename(from, place)?;
            link(from, place)
        }
        Errno::ACCESS | Errno::PERM if from.is_dir() => {
            // The parent of a folder is recorded in it, so it must be writable.
            let mode = from.symlink_metadata().map_err(failed())?.permissions().mode() & 0o7777;
            fs::set_permissions(from, Permissions::from_mode(mode | 0o700)).map_err(failed())?;
            rename(from, place)?;
            link(from, place)?;
            fs::set_permissions(place, Permissions::from_mode(mode)).map_err(failed())
        }
        error => Err(failed()(error.into())),
    }
}

/// Gives a file a second name, or copies it to another file system. Replaces what is there.
pub(crate) fn second_name(of: &Path, name: &Path) -> Result<(), HostError> {
    make_parent(name)?;
    remove(name)?;
    let linked = fs::hard_link(of, name).or_else(|_| copy(of, name));
    linked.map_err(failure("copy", of))
}

/// Copies a file, link, or folder to a path that does not exist. Does not follow links.
pub(crate) fn copy_to(from: &Path, to: &Path) -> Result<(), HostError> {
    copy(from, to).map_err(failure("copy", from))
}

/// Creates a symbolic link, atomically replacing a file or link.
pub(crate) fn link(path: &Path, target: &Path) -> Result<(), HostError> {
    let beside = beside(path);
    remove(&beside)?;
    symlink(target, &beside).map_err(failure("link", path))?;
    fs::rename(&beside, path).map_err(failure("link", path))
}

/// Moves a file or folder within one file system, or copies it to another one. Creates the parents of the target.
pub(crate) fn move_away(from: &Path, to: &Path) -> Result<(), HostError> {
    make_parent(to)?;
    match fs::rename(from, to) {
        Err(error) if error.kind() == ErrorKind::CrossesDevices => {
            copy(from, to).map_err(failure("copy", from))?;
            sync(to)?;
            remove(from)
        }
        result => result.map_err(failure("move", from)),
    }
}

/// Removes a file, link, or folder if it exists, without following links.
pub(crate) fn remove(path: &Path) -> Result<(), HostError> {
    let Ok(about) = path.symlink_metadata() else { return Ok(()) };
    let removed = || if about.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    let outcome = match removed() {
        Err(error) if error.kind() == ErrorKind::PermissionDenied && about.is_dir() => {
            open_up(path).and_then(|()| removed())
        }
        outcome => outcome,
    };
    match outcome {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failure("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Removes each path that exists.
pub(crate) fn remove_all(paths: &[PathBuf]) -> Result<(), HostError> {
    paths.iter().try_for_each(|path| remove(path))
}

/// Creates the folders above `path` in `base`, with mode 755, so that what is in them can be served. False if there is
/// something else in their place, such as a link, which may lead anywhere.
pub(crate) fn make_way(base: &Path, path: &Path) -> Result<bool, HostError> {
    let mut reached = base.to_owned();
    for part in path.parent().unwrap_or(path) {
        reached.push(part);
        match reached.symlink_metadata() {
            Ok(found) if !found.is_dir() => return Ok(false),
            Ok(_) => {}
            Err(_) => {
                fs::create_dir(&reached).map_err(failure("make folder", &reached))?;
                fs::set_permissions(&reached, Permissions::from_mode(0o755))
                    .map_err(failure("set the mode of", &reached))?;
            }
        }
    }
    Ok(true)
}

/// Whether a path is a link with this target.
pub(crate) fn leads_to(path: &Path, target: &Path) -> bool {
    fs::read_link(path).is_ok_and(|found| found == target)
}

/// How many bytes can be written to the file system of a folder.
pub(crate) fn room(folder: &Path) -> Option<u64> {
    let system = rustix::fs::statvfs(folder).ok()?;
    Some(system.f_bavail.saturating_mul(system.f_frsize))
}

/// Whether two folders are on different file systems.
pub(crate) fn are_apart(one: &Path, other: &Path) -> bool {
    let device = |path: &Path| path.metadata().ok().map(|about| about.dev());
    device(one) != device(other)
}

fn copy_and_link(from: &Path, place: &Path) -> Result<(), HostError> {
    let copied = beside(place);
    remove(&copied)?;
    copy(from, &copied).map_err(failure("copy", from)).inspect_err(|_| drop(remove(&copied)))?;
    sync(&copied)?;
    rename(&copied, place)?;
    if !from.is_dir() {
        return link(from, place);
    }
    let old = beside(from);
    remove(&old)?;
    symlink(place, &old).map_err(failure("link", from))?;
    if exchange(from, &old).is_err() {
        remove(&old)?;
        rename(from, &old)?;
        link(from, place)?;
    }
    remove(&old)
}

/// Copies without following links; keeps modes and the times of files. Leaves out sockets and pipes. What is closed to
/// its owner is opened for that long.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let about = from.symlink_metadata()?;
    if about.is_symlink() {
        return symlink(fs::read_link(from)?, to);
    }
    let needed = match about.is_dir() {
        true => 0o700,
        false if about.is_file() => 0o400,
        false => return Ok(()),
    };
    let mode = about.permissions().mode() & 0o7777;
    let is_closed = mode & needed != needed;
    if is_closed {
        fs::set_permissions(from, Permissions::from_mode(mode | needed))?;
    }
    let copied = if about.is_dir() { copy_entries(from, to) } else { fs::copy(from, to).map(drop) };
    if is_closed {
        fs::set_permissions(from, about.permissions())?;
    }
    copied?;
    if about.is_file() {
        let time = Timespec { tv_sec: about.mtime(), tv_nsec: about.mtime_nsec() };
        let times = Timestamps { last_access: time, last_modification: time };
        utimensat(CWD, to, &times, AtFlags::SYMLINK_NOFOLLOW)?;
    }
    fs::set_permissions(to, about.permissions())
}

fn copy_entries(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    fs::read_dir(from)?.try_for_each(|entry| {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))
    })
}

/// Lets its owner change everything in a folder.
fn open_up(folder: &Path) -> io::Result<()> {
    let mode = folder.symlink_metadata()?.permissions().mode() & 0o7777;
    fs::set_permissions(folder, Permissions::from_mode(mode | 0o700))?;
    fs::read_dir(folder)?.try_for_each(|entry| {
        let entry = entry?;
        if entry.file_type()?.is_dir() { open_up(&entry.path()) } else { Ok(()) }
    })
}

/// Writes the file system of a copy to disk, before its original goes.
fn sync(copied: &Path) -> Result<(), HostError> {
    let folder = fs::File::open(copied.parent().unwrap_or(copied)).map_err(failure("sync", copied))?;
    rustix::fs::syncfs(&folder).map_err(|error| failure("sync", copied)(error.into()))
}

/// Lets two paths change places in one step, and removes the link that is then at `one`.
///
/// It undoes [`move_and_link`], with the contents at `one` and the link at `other`.
pub(crate) fn move_back(one: &Path, other: &Path) -> Result<(), HostError> {
    if exchange(one, other).is_err() {
        // Some file systems can't do it in one step.
        remove(other)?;
        return rename(one, other);
    }
    remove(one)
}

fn exchange(one: &Path, other: &Path) -> Result<(), Errno> {
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)
}

fn rename(from: &Path, to: &Path) -> Result<(), HostError> {
    fs::rename(from, to).map_err(failure("move", from))
}

fn make_parent(path: &Path) -> Result<(), HostError> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(failure("make folder", folder))
}

/// A temporary name in the same folder.
fn beside(path: &Path) -> PathBuf {
    path.with_file_name(format!(".piku-{}-moving", std::process::id()))
}

/// Like [`HostError::file`], for a path of any bytes.
fn failure(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> HostError + use<> {
    HostError::file(action, path.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::io::Write;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn what_is_moved_can_be_read_and_written_at_its_path_all_the_while() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("tree/uploads")).unwrap();
        fs::write(at("tree/db"), "a").unwrap();
        let mut open = fs::File::options().append(true).open(at("tree/db")).unwrap();
        move_and_link(&at("tree/db"), &at("data/deep/db")).unwrap();
        open.write_all(b"b").unwrap();
        assert_eq!(fs::read_to_string(at("tree/db")).unwrap(), "ab");
        move_and_link(&at("tree/db"), &at("data/deep/db")).unwrap();
        move_and_link(&at("tree/uploads"), &at("data/uploads")).unwrap();
        fs::write(at("tree/uploads/x"), "x").unwrap();
        assert_eq!(fs::read_to_string(at("data/uploads/x")).unwrap(), "x");
        // The app has replaced the link: its file is the newer one.
        fs::remove_file(at("tree/db")).unwrap();
        fs::write(at("tree/db"), "new").unwrap();
        move_and_link(&at("tree/db"), &at("data/deep/db")).unwrap();
        assert_eq!(fs::read_to_string(at("data/deep/db")).unwrap(), "new");
        assert!(leads_to(&at("tree/db"), &at("data/deep/db")));
        assert_eq!(fs::read_dir(at("data")).unwrap().count(), 2, "nothing is left beside");
    }

    #[test]
    fn a_closed_folder_and_a_link_left_by_a_crash_are_no_hindrance() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("tree/closed")).unwrap();
        fs::create_dir_all(at("data")).unwrap();
        fs::set_permissions(at("tree/closed"), Permissions::from_mode(0o0)).unwrap();
        symlink(at("data/closed"), at("data/closed")).unwrap();
        move_and_link(&at("tree/closed"), &at("data/closed")).unwrap();
        assert_eq!(at("data/closed").metadata().unwrap().mode() & 0o777, 0);
        assert!(leads_to(&at("tree/closed"), &at("data/closed")));
    }

    #[test]
    fn to_another_file_system_it_is_copied() {
        let (Ok(here), Ok(there)) = (tempfile::tempdir_in("/tmp"), tempfile::tempdir_in("/dev/shm")) else {
            return;
        };
        let odd = OsStr::from_bytes(b"caf\xe9");
        let (tree, data) = (here.path().join("tree"), there.path().join("data"));
        fs::create_dir_all(tree.join(odd)).unwrap();
        fs::write(tree.join(odd).join("x"), "x").unwrap();
        symlink("x", tree.join(odd).join("link")).unwrap();
        for (name, mode) in [("closed", 0o0), ("read-only", 0o400)] {
            fs::write(tree.join(odd).join(name), name).unwrap();
            fs::set_permissions(tree.join(odd).join(name), Permissions::from_mode(mode)).unwrap();
        }
        fs::create_dir(tree.join(odd).join("dir")).unwrap();
        fs::write(tree.join(odd).join("dir/x"), "x").unwrap();
        fs::set_permissions(tree.join(odd).join("dir"), Permissions::from_mode(0o500)).unwrap();
        fs::write(tree.join("db"), "rows").unwrap();
        let when = tree.join("db").metadata().unwrap().modified().unwrap();
        for name in [odd, OsStr::new("db")] {
            move_and_link(&tree.join(name), &data.join(name)).unwrap();
            assert!(leads_to(&tree.join(name), &data.join(name)));
        }
        assert_eq!(fs::read_to_string(tree.join(odd).join("link")).unwrap(), "x");
        assert_eq!(data.join("db").metadata().unwrap().modified().unwrap(), when);
        let mode = |name: &str| data.join(odd).join(name).metadata().unwrap().mode() & 0o777;
        assert_eq!(["closed", "read-only", "dir"].map(mode), [0o0, 0o400, 0o500]);
        assert_eq!(fs::read_dir(&tree).unwrap().count(), 2);
        // The app has saved it by renaming another file.
        fs::write(tree.join("db.new"), "newer").unwrap();
        fs::rename(tree.join("db.new"), tree.join("db")).unwrap();
        move_and_link(&tree.join("db"), &data.join("db")).unwrap();
        assert_eq!(fs::read_to_string(data.join("db")).unwrap(), "newer");
        assert!(leads_to(&tree.join("db"), &data.join("db")));
        second_name(&tree.join(odd).join("x"), &here.path().join("y")).unwrap();
        assert_eq!(fs::read_to_string(here.path().join("y")).unwrap(), "x");
    }
}
