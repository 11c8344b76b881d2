//! Operations on files and folders. Files are read whole and replaced atomically.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, FileTypeExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use super::{HostError, processes};

/// Prefix of temporary files, followed by the writer's pid.
pub(crate) const UNNAMED: &str = ".piku-";

/// How often to remove a folder again that is being filled meanwhile.
const FILLED: usize = 20;

/// Removes temporary files and folders in a folder whose writers no longer exist.
pub(crate) fn sweep(folder: &Utf8Path) -> Result<(), HostError> {
    for name in names(folder)? {
        let writer = name.strip_prefix(UNNAMED).and_then(|rest| rest.split('-').next()?.parse().ok());
        if writer.is_some_and(|writer| !processes::is_alive(writer)) {
            remove_folder(&folder.join(&name))?;
        }
    }
    Ok(())
}

/// Reads a file; `None` if it does not exist.
pub(crate) fn read(path: &Utf8Path) -> Result<Option<Vec<u8>>, HostError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(HostError::file("read", path)(error)),
    }
}

/// Reads at most `limit` bytes of a regular file in `folder`; `None` if there is no such file or a link leads out of
/// the folder.
pub(crate) fn read_within(folder: &Utf8Path, name: &str, limit: usize) -> Result<Option<Vec<u8>>, HostError> {
    let path = folder.join(name);
    let (Ok(real), Ok(folder)) = (path.canonicalize_utf8(), folder.canonicalize_utf8()) else {
        return Ok(None);
    };
    if !real.starts_with(&folder) {
        return Ok(None);
    }
    let failed = || HostError::file("read", &path);
    // Opening a pipe would block until somebody writes to it.
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let opened = fs::OpenOptions::new().read(true).custom_flags(nonblocking).open(&real);
    let file = match opened {
        // The error for a socket.
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {
            return Ok(None);
        }
        opened => opened.map_err(failed())?,
    };
    if !file.metadata().map_err(failed())?.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(limit as u64).read_to_end(&mut bytes).map_err(failed())?;
    Ok(Some(bytes))
}

/// Reads a file as text, replacing invalid UTF-8; `None` if it does not exist.
pub(crate) fn read_text(path: &Utf8Path) -> Result<Option<String>, HostError> {
    Ok(read(path)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// The names in a folder, sorted; empty if it does not exist. Skips names that are not UTF-8, which piku never uses.
pub(crate) fn names(folder: &Utf8Path) -> Result<BTreeSet<String>, HostError> {
    match fs::read_dir(folder) {
        Ok(entries) => {
            Ok(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(error) => Err(HostError::file("list", folder)(error)),
    }
}

/// The last bytes of a file, from the beginning of a line on; `None` if it can't be read.
pub(crate) fn tail(path: &Utf8Path, most: u64) -> Option<Vec<u8>> {
    let mut file = fs::File::open(path).ok()?;
    let skipped = file.metadata().ok()?.len().saturating_sub(most);
    file.seek(SeekFrom::Start(skipped)).ok()?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes).ok()?;
    if skipped > 0 {
        let begin = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
        bytes.drain(..begin);
    }
    Some(bytes)
}

/// How many files there are in a folder and below, and their size in bytes. Follows no link, and leaves out what can't
/// be read.
pub(crate) fn count_and_size(folder: &Utf8Path) -> (u64, u64) {
    let (mut count, mut size) = (0, 0);
    let mut folders = vec![folder.as_std_path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(about) if about.is_dir() => folders.push(entry.path()),
                Ok(about) if about.is_file() => {
                    count += 1;
                    size += about.len();
                }
                _ => {}
            }
        }
    }
    (count, size)
}

/// Writes a file with exactly this mode: to a temporary file, synced, then renamed.
pub(crate) fn write(path: &Utf8Path, bytes: &[u8], mode: u32) -> Result<(), HostError> {
    unnamed(path, bytes, mode)?
        .persist(path)
        .map(drop)
        .map_err(|error| HostError::file("write", path)(error.error))
}

/// Appends to a file in one write. A new file gets exactly this mode. If a crash left a line unfinished, starts a new
/// line first.
pub(crate) fn append(path: &Utf8Path, bytes: &[u8], mode: u32) -> Result<(), HostError> {
    let failed = || HostError::file("write", path);
    let is_new = !exists(path);
    let mut file = fs::OpenOptions::new()
        .append(true)
        .read(true)
        .create(true)
        .mode(mode)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)
        .map_err(failed())?;
    if is_new {
        file.set_permissions(Permissions::from_mode(mode)).map_err(failed())?;
    }
    let length = file.metadata().map_err(failed())?.len();
    let mut last = [b'\n'];
    if length > 0 {
        file.read_exact_at(&mut last, length - 1).map_err(failed())?;
    }
    let ended = if last == *b"\n" { bytes.to_vec() } else { [b"\n", bytes].concat() };
    file.write_all(&ended).map_err(failed())
}

/// Truncates a file in place, so that processes can keep writing to it. Does nothing if it does not exist.
pub(crate) fn empty(path: &Utf8Path) -> Result<(), HostError> {
    match fs::OpenOptions::new().write(true).truncate(true).open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(HostError::file("empty", path)(error))
        }
        _ => Ok(()),
    }
}

/// Creates a file of mode 600 atomically; false if it already exists.
pub(crate) fn write_new(path: &Utf8Path, bytes: &[u8]) -> Result<bool, HostError> {
    if exists(path) {
        return Ok(false);
    }
    match unnamed(path, bytes, 0o600)?.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(HostError::file("write", path)(error.error)),
    }
}

/// Writes and syncs a temporary file that is to be renamed to `path`.
fn unnamed(path: &Utf8Path, bytes: &[u8], mode: u32) -> Result<tempfile::NamedTempFile, HostError> {
    let folder = path.parent().unwrap_or(Utf8Path::new("/"));
    let failed = || HostError::file("write", path);
    let mut file = tempfile::Builder::new()
        .prefix(&format!("{UNNAMED}{}-", std::process::id()))
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder)
        .map_err(failed())?;
    file.write_all(bytes).map_err(failed())?;
    file.as_file().set_permissions(Permissions::from_mode(mode)).map_err(failed())?;
    file.as_file().sync_data().map_err(failed())?;
    Ok(file)
}

/// Writes a temporary file for a program to read, which is removed when it is dropped.
pub(crate) fn kept_aside(bytes: &[u8]) -> Result<tempfile::NamedTempFile, HostError> {
    let folder = Utf8PathBuf::from_path_buf(std::env::temp_dir()).unwrap_or_else(|_| "/tmp".into());
    let failed = || HostError::file("write", &folder);
    let mut file = tempfile::NamedTempFile::new_in(&folder).map_err(failed())?;
    file.write_all(bytes).map_err(failed())?;
    Ok(file)
}

/// Creates a folder and its parents, and gives it exactly this mode.
pub(crate) fn make_folder(path: &Utf8Path, mode: u32) -> Result<(), HostError> {
    fs::create_dir_all(path).map_err(HostError::file("make folder", path))?;
    set_mode(path, mode)
}

/// Creates the folder `path` below `base`, with its parents up to that, without following a link. One that exists keeps
/// its mode: it may belong to another user.
pub(crate) fn make_folder_below(base: &Utf8Path, path: &Utf8Path, mode: u32) -> Result<(), HostError> {
    use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};
    let failed = |error: rustix::io::Errno| match error {
        rustix::io::Errno::NOTDIR | rustix::io::Errno::LOOP => {
            let why = "a link or a file is in its place, or on the way to it";
            HostError::file("make folder", base.join(path))(std::io::Error::other(why))
        }
        error => HostError::file("make folder", base.join(path))(error.into()),
    };
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut reached =
        openat(CWD, base.as_std_path(), flags & !OFlags::NOFOLLOW, Mode::empty()).map_err(failed)?;
    for part in path.components() {
        let Utf8Component::Normal(name) = part else { continue };
        match mkdirat(&reached, name, Mode::from_raw_mode(mode)) {
            Ok(()) | Err(rustix::io::Errno::EXIST | rustix::io::Errno::ACCESS) => {}
            Err(error) => return Err(failed(error)),
        }
        reached = openat(&reached, name, flags, Mode::empty()).map_err(failed)?;
    }
    Ok(())
}

/// Opens a file for locking; creates it with mode 600 if it does not exist.
pub(crate) fn open_to_lock(path: &Utf8Path) -> Result<fs::File, HostError> {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.open(path).map_err(HostError::file("lock", path))
}

/// Whether there is anything other than folders below a folder.
pub(crate) fn has_files(folder: &Utf8Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| match (entry.file_type(), Utf8PathBuf::from_path_buf(entry.path())) {
        (Ok(kind), Ok(path)) if kind.is_dir() => has_files(&path),
        _ => true,
    })
}

/// Whether a folder has anything but dot files.
pub(crate) fn has_visible(folder: &Utf8Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| !entry.file_name().as_bytes().starts_with(b"."))
}

/// Replaces the contents of an open file. The holder of a lock identifies itself this way.
pub(crate) fn sign(mut file: &fs::File, text: &str) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(text.as_bytes())
}

/// Sets permission bits.
pub(crate) fn set_mode(path: &Utf8Path, mode: u32) -> Result<(), HostError> {
    let now = fs::metadata(path).map_err(HostError::file("look at", path))?.permissions().mode() & 0o7777;
    if now == mode {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(HostError::file("set the mode of", path))
}

/// The permission bits of a file or folder, if it exists.
pub(crate) fn mode(path: &Utf8Path) -> Option<u32> {
    fs::metadata(path).ok().map(|about| about.permissions().mode() & 0o7777)
}

/// Creates a symbolic link, atomically replacing an existing file or link.
pub(crate) fn link(path: &Utf8Path, target: &Utf8Path) -> Result<(), HostError> {
    let name = format!("{UNNAMED}{}-{}", std::process::id(), path.file_name().unwrap_or_default());
    let beside = path.with_file_name(name);
    remove(&beside)?;
    symlink(target, &beside).map_err(HostError::file("link", path))?;
    fs::rename(&beside, path).map_err(HostError::file("link", path))
}

/// The target of a symbolic link; `None` if `path` is not one.
pub(crate) fn link_target(path: &Utf8Path) -> Option<Utf8PathBuf> {
    path.read_link_utf8().ok()
}

/// Creates a hard link at `path`, replacing an existing file.
pub(crate) fn second_name(path: &Utf8Path, of: &Utf8Path) -> Result<(), HostError> {
    match fs::hard_link(of, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            remove(path)?;
            fs::hard_link(of, path).map_err(HostError::file("enable", path))
        }
        result => result.map_err(HostError::file("enable", path)),
    }
}

/// Removes a file or link if it exists.
pub(crate) fn remove(path: &Utf8Path) -> Result<(), HostError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(HostError::file("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Removes a folder if it exists and is empty.
pub(crate) fn remove_empty_folder(path: &Utf8Path) -> Result<(), HostError> {
    match fs::remove_dir(path) {
        Err(error) if ![ErrorKind::NotFound, ErrorKind::DirectoryNotEmpty].contains(&error.kind()) => {
            Err(HostError::file("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Removes a folder with its contents if it exists, without following links.
pub(crate) fn remove_folder(path: &Utf8Path) -> Result<(), HostError> {
    let mut removed = fs::remove_dir_all(path);
    // A process that still works there may add a file meanwhile, such as the git of a push to a destroyed app.
    for _ in 0..FILLED {
        if !matches!(&removed, Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty) {
            break;
        }
        removed = fs::remove_dir_all(path);
    }
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotADirectory => remove(path),
        // A build may leave folders without write permission, as Go's module cache does.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            make_removable(path);
            fs::remove_dir_all(path).map_err(HostError::file("remove", path))
        }
        result => result.map_err(HostError::file("remove", path)),
    }
}

/// Makes `path` and every folder below it writable by its owner.
fn make_removable(path: &Utf8Path) {
    drop(fs::set_permissions(path, Permissions::from_mode(0o700)));
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        let inner = Utf8PathBuf::from_path_buf(entry.path());
        if let (Ok(inner), Ok(kind)) = (inner, entry.file_type())
            && kind.is_dir()
        {
            make_removable(&inner);
        }
    }
}

/// Moves a file or folder within one file system.
pub(crate) fn rename(from: &Utf8Path, to: &Utf8Path) -> Result<(), HostError> {
    fs::rename(from, to).map_err(HostError::file("move", from))
}

/// Moves a file within one file system and creates the parents of the target. Names may be any bytes.
pub(crate) fn rename_any(from: &Path, to: &Path) -> Result<(), HostError> {
    let folder = to.parent().unwrap_or(to);
    fs::create_dir_all(folder).map_err(failure("make folder", folder))?;
    fs::rename(from, to).map_err(failure("move", from))
}

/// Hard-links everything below `from` to the same path below `to`, except for what exists there and for paths in
/// `known`, which are relative to `from`. Returns the number of files and links.
///
/// Names may be any bytes. Folders are created with their modes, even empty ones. Skips the `.git` at the top of
/// `from`, and sockets, which nobody listens on any more.
pub(crate) fn take_over(from: &Utf8Path, to: &Utf8Path, known: &BTreeSet<&[u8]>) -> Result<usize, HostError> {
    let mut count = 0;
    let mut waiting = vec![PathBuf::new()];
    let mut modes = Vec::new();
    while let Some(folder) = waiting.pop() {
        let source = from.as_std_path().join(&folder);
        for entry in fs::read_dir(&source).map_err(failure("list", &source))? {
            let entry = entry.map_err(failure("list", &source))?;
            let path = folder.join(entry.file_name());
            let (source, target) = (entry.path(), to.as_std_path().join(&path));
            let kind = entry.file_type().map_err(failure("look at", &source))?;
            if path.as_os_str() == ".git" || known.contains(path.as_os_str().as_bytes()) && !kind.is_dir() {
                continue;
            }
            let there = target.symlink_metadata().ok();
            if kind.is_dir() && there.as_ref().is_none_or(fs::Metadata::is_dir) {
                if there.is_none() {
                    fs::create_dir(&target).map_err(failure("make folder", &target))?;
                }
                let mode = entry.metadata().map_err(failure("look at", &source))?.permissions();
                modes.push((target, mode));
                waiting.push(path);
            } else if there.is_none() && !kind.is_socket() {
                link_or_copy(&source, &target, kind)?;
                count += 1;
            }
        }
    }
    // Set modes from the inside out, since a folder may deny access to its owner.
    for (target, mode) in modes.into_iter().rev() {
        fs::set_permissions(&target, mode).map_err(failure("set the mode of", &target))?;
    }
    Ok(count)
}

/// Links a file, or copies it: the kernel does not allow links to files that the user neither owns nor may write to
/// (`fs.protected_hardlinks`).
fn link_or_copy(source: &Path, target: &Path, kind: fs::FileType) -> Result<(), HostError> {
    let linked = fs::hard_link(source, target).or_else(|error| match kind {
        _ if kind.is_symlink() => fs::read_link(source).and_then(|leads| symlink(leads, target)),
        _ if kind.is_file() => fs::copy(source, target).map(drop),
        _ => Err(error),
    });
    linked.map_err(failure("copy", source))
}

/// Like [`HostError::file`], for a path of any bytes.
fn failure(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> HostError {
    HostError::file(action, path.to_string_lossy().into_owned())
}

/// Whether a file has another hard link, or is a relative symbolic link, so that removing it loses no data.
///
/// This is true of files that a build placed in a tree, but not of files that an app wrote.
pub(crate) fn is_lent(path: &Utf8Path) -> bool {
    has_other_names(path.as_std_path()) || link_target(path).is_some_and(|target| target.is_relative())
}

/// Whether a file has another hard link. Names may be any bytes.
pub(crate) fn has_other_names(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    path.symlink_metadata().is_ok_and(|about| about.is_file() && about.nlink() > 1)
}

/// When a file, or the link itself, was last changed; `None` if it does not exist.
pub(crate) fn modified(path: &Utf8Path) -> Option<SystemTime> {
    path.symlink_metadata().ok()?.modified().ok()
}

/// Whether anything exists at `path`, including a dangling link.
pub(crate) fn exists(path: &Utf8Path) -> bool {
    path.symlink_metadata().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_mode_it_was_given_whatever_was_there_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("ENV")).unwrap();
        fs::write(&path, "old").unwrap();
        write(&path, b"A=1\n", 0o600).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&path).unwrap().unwrap(), b"A=1\n");
        assert_eq!(names(path.parent().unwrap()).unwrap().len(), 1, "nothing is left beside it");
    }

    #[test]
    fn only_regular_files_of_the_folder_are_read_and_never_more_than_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        let app = at("app");
        fs::create_dir_all(app.join("folder")).unwrap();
        fs::write(at("secret"), "x").unwrap();
        fs::write(app.join("file"), "12345").unwrap();
        let links = [("link", "file"), ("zero", "/dev/zero"), ("out", "../secret"), ("gone", "nothing")];
        links.iter().for_each(|(name, target)| symlink(target, app.join(name)).unwrap());
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mkfifoat(rustix::fs::CWD, app.join("pipe").as_std_path(), mode).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(app.join("socket")).unwrap();
        let read = |name: &str| read_within(&app, name, 4).unwrap();
        assert_eq!(read("file").as_deref(), Some(&b"1234"[..]));
        assert_eq!(read("link").as_deref(), Some(&b"1234"[..]));
        for name in ["zero", "out", "gone", "pipe", "socket", "folder", "nothing"] {
            assert_eq!(read(name), None, "{name}");
        }
    }

    #[test]
    fn everything_unknown_is_taken_over_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        let odd = std::ffi::OsStr::from_bytes(b"caf\xe9.jpg");
        for name in ["old/.git", "old/uploads/.git", "old/empty", "old/data", "new/data"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        for name in [
            "old/.git/x",
            "old/app.py",
            "old/data/known",
            "old/data/own",
            "old/both",
            "new/both",
            "old/uploads/.git/x",
        ] {
            fs::write(at(name), name).unwrap();
        }
        fs::write(at("old/uploads").as_std_path().join(odd), "x").unwrap();
        symlink("../nowhere", at("old/link")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("old/socket")).unwrap();
        let mode = |name: &str| fs::metadata(at(name)).unwrap().permissions().mode() & 0o7777;
        for (name, bits) in [("old/uploads", 0o2775), ("old/empty", 0o1777), ("old/data", 0o500)] {
            fs::set_permissions(at(name), Permissions::from_mode(bits)).unwrap();
        }
        let known = [&b"app.py"[..], b"data/known"].into();
        assert_eq!(take_over(&at("old"), &at("new"), &known).unwrap(), 4);
        assert!(at("new/uploads").as_std_path().join(odd).exists());
        assert_eq!(link_target(&at("new/link")).unwrap(), "../nowhere");
        assert_eq!(fs::read_to_string(at("new/both")).unwrap(), "new/both");
        assert!(at("new/data/own").exists() && at("new/uploads/.git/x").exists());
        for name in ["new/.git", "new/app.py", "new/data/known", "new/socket"] {
            assert!(!exists(&at(name)), "{name}");
        }
        assert_eq!([mode("new/uploads"), mode("new/empty"), mode("new/data")], [0o2775, 0o1777, 0o500]);
        assert_eq!(take_over(&at("old"), &at("new"), &known).unwrap(), 0);
        make_removable(&at("old"));
        make_removable(&at("new"));
    }

    #[test]
    fn a_folder_below_another_is_made_through_no_link() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        fs::create_dir_all(at("cache")).unwrap();
        fs::create_dir_all(at("victim")).unwrap();
        let make = |path: &str| make_folder_below(&at("cache"), Utf8Path::new(path), 0o700);
        make("blog/pages/x").unwrap();
        make("blog/pages/x").unwrap();
        assert!(at("cache/blog/pages/x").is_dir());
        symlink("../victim", at("cache/evil")).unwrap();
        fs::write(at("cache/file"), "").unwrap();
        for path in ["evil", "evil/x", "file", "file/x"] {
            assert!(make(path).unwrap_err().to_string().starts_with("could not make folder"), "{path}");
        }
        assert!(names(&at("victim")).unwrap().is_empty());
    }

    #[test]
    fn removing_follows_no_link() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        fs::create_dir_all(at("kept")).unwrap();
        fs::write(at("kept/file"), "x").unwrap();
        fs::create_dir_all(at("gone")).unwrap();
        link(&at("gone/link"), &at("kept")).unwrap();
        remove_folder(&at("gone")).unwrap();
        assert!(at("kept/file").exists());
        remove_folder(&at("gone")).unwrap();
    }
}
