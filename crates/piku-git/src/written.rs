//! What an app wrote to its tree, told from what was checked out.
//!
//! No `git` is run for this: whoever looks at a tree that an app can write to must not obey its configuration, start
//! its filters, or open its pipes.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, Metadata, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use camino::Utf8Path;
use gix::bstr::{BStr, ByteSlice};
use gix::index::entry::{Mode, Stat, stat};
use gix::index::{Entry, File};
use gix::objs::Kind;

use crate::bare::attempt;
use crate::git_folder::git_folder;
use crate::{Error, files};

/// Everything of an entry that a change of a file changes.
const EVERYTHING: stat::Options =
    stat::Options { trust_ctime: true, check_stat: true, use_nsec: true, use_stdev: false };

/// What git tells times apart by.
const SECOND: Duration = Duration::from_secs(1);

/// The largest index of a clone of legacy piku that is read, in bytes: two million files.
const LARGEST: u64 = 256 * 1024 * 1024;

/// The tracked files of a clone.
pub(crate) struct Tracked(File);

/// How a file in a tree compares with the commit.
enum Found {
    /// Tracked and unchanged, or nothing that could be kept, such as a socket.
    Same,
    /// A submodule.
    Submodule,
    /// Untracked, or changed.
    Written,
}

/// Lists the untracked and modified files in a tree, which the app or a build wrote, relative to the tree.
///
/// Names may be any bytes. A repository within the tree is listed as one name; pipes, sockets, and devices are not
/// listed, nor are files in submodules. A tracked file that only has another mode counts as unchanged.
///
/// # Errors
/// [`Error`] when the tree has no git folder, or can't be read.
pub fn written(tree: &Utf8Path) -> Result<BTreeSet<PathBuf>, Error> {
    let tracked = Tracked::of(tree)?;
    let mut found = BTreeSet::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(folder) = waiting.pop() {
        for (path, about) in entries(tree, &folder)? {
            if !about.is_dir() {
                if matches!(tracked.compare(tree, &path, &about)?, Found::Written) {
                    found.insert(path);
                }
            } else if tracked.has_below(&path) {
                waiting.push(path);
            } else if !tracked.is_submodule(&path) {
                if is_there(&tree.as_std_path().join(&path).join(".git")) {
                    found.insert(path);
                } else {
                    waiting.push(path);
                }
            }
        }
    }
    Ok(found)
}

/// Lists the files that a clone of legacy piku tracks, by the index in its `.git`; none if it has no index. Names may
/// be any bytes.
///
/// # Errors
/// [`Error`] when the index is damaged.
pub fn tracked_by_legacy(clone: &Utf8Path) -> Result<BTreeSet<PathBuf>, Error> {
    let (own, index) = (clone.join(".git"), clone.join(".git/index"));
    if !own.symlink_metadata().is_ok_and(|found| found.is_dir()) {
        return Ok(BTreeSet::new());
    }
    let Some(file) = open_file(index.as_std_path()).map_err(Error::file("read", &index))? else {
        return Ok(BTreeSet::new());
    };
    // gix reads an index by its path, which the app could lead elsewhere meanwhile.
    let copy = || -> std::io::Result<tempfile::NamedTempFile> {
        let mut bytes = Vec::new();
        file.take(LARGEST).read_to_end(&mut bytes)?;
        let mut copy = tempfile::NamedTempFile::new()?;
        copy.write_all(&bytes)?;
        Ok(copy)
    };
    let copy = copy().map_err(Error::file("read", &index))?;
    let tracked = Tracked::read(copy.path(), &index)?;
    let paths = tracked.0.entries().iter().map(|entry| entry.path(&tracked.0));
    Ok(paths.map(|path| PathBuf::from(OsStr::from_bytes(path))).collect())
}

/// Returns how many files a clone tracks; `None` if it can't be recycled, because it has submodules or no index.
#[must_use]
pub fn recyclable(tree: &Utf8Path) -> Option<usize> {
    let entries = Tracked::of(tree).ok()?.0;
    let is_whole = entries.entries().iter().all(|entry| entry.mode != Mode::COMMIT);
    is_whole.then(|| entries.entries().len())
}

/// Removes everything from a tree that is not as it was checked out: files, folders, and repositories that are not
/// tracked, ignored ones too, and tracked files that were touched.
///
/// Then lets git believe what the index says of the others, which it would otherwise read: it compares whole seconds,
/// so to it every file may have changed that is as young as the index.
pub(crate) fn clear(tree: &Utf8Path) -> Result<(), Error> {
    let tracked = Tracked::of(tree)?;
    let is_pristine = |path: &Path, about: &Metadata| {
        let entry = tracked.entry(path).filter(|_| is_kept(about));
        entry.is_some_and(|entry| is_untouched(entry, &tree.as_std_path().join(path)))
    };
    let mut waiting = vec![PathBuf::new()];
    while let Some(folder) = waiting.pop() {
        for (path, about) in entries(tree, &folder)? {
            if about.is_dir() && tracked.has_below(&path) {
                waiting.push(path);
            } else if about.is_dir() || !is_pristine(&path, &about) {
                remove(&tree.as_std_path().join(&path))?;
            }
        }
    }
    let index = git_folder(tree).join("index");
    let older = || fs::File::options().write(true).open(&index)?.set_modified(SystemTime::now() + SECOND);
    older().map_err(Error::file("touch", &index))
}

/// Notes what the tracked files look like right after git has checked them out. Git itself leaves open whether a file
/// of the last second has changed since.
pub(crate) fn note(tree: &Utf8Path) -> Result<(), Error> {
    let mut tracked = Tracked::of(tree)?;
    for (entry, path) in tracked.0.entries_mut_with_paths() {
        let path = tree.as_std_path().join(OsStr::from_bytes(path));
        let now = gix::index::fs::Metadata::from_path_no_follow(&path).ok();
        if let Some(now) = now.and_then(|now| Stat::from_fs(&now).ok()) {
            entry.stat = now;
        }
    }
    let index = git_folder(tree).join("index");
    attempt("note the files", &index, || Ok(tracked.0.write(gix::index::write::Options::default())?))
}

impl Tracked {
    fn of(tree: &Utf8Path) -> Result<Self, Error> {
        let index = git_folder(tree).join("index");
        Self::read(index.as_std_path(), &index)
    }

    fn read(path: &Path, named: &Utf8Path) -> Result<Self, Error> {
        attempt("list the tracked files", named, || {
            let options = gix::index::decode::Options::default();
            Ok(Self(File::at(path, gix::hash::Kind::Sha1, false, options)?))
        })
    }

    fn entry(&self, path: &Path) -> Option<&Entry> {
        self.0.entry_by_path(bytes(path))
    }

    fn has_below(&self, folder: &Path) -> bool {
        let prefix = [folder.as_os_str().as_bytes(), b"/"].concat();
        self.0.prefixed_entries_range(prefix.as_bstr()).is_some_and(|range| !range.is_empty())
    }

    fn is_submodule(&self, folder: &Path) -> bool {
        self.entry(folder).is_some_and(|entry| entry.mode == Mode::COMMIT)
    }

    fn compare(&self, tree: &Utf8Path, path: &Path, about: &Metadata) -> Result<Found, Error> {
        if !is_kept(about) {
            return Ok(Found::Same);
        }
        let Some(entry) = self.entry(path) else { return Ok(Found::Written) };
        if entry.mode == Mode::COMMIT {
            return Ok(Found::Submodule);
        }
        let whole = tree.as_std_path().join(path);
        let same = about.is_symlink() == (entry.mode == Mode::SYMLINK)
            && (is_untouched(entry, &whole) || has_contents(entry, &whole, about).map_err(failed(&whole))?);
        Ok(if same { Found::Same } else { Found::Written })
    }
}

/// Whether the file system says that nothing has changed since the checkout. Nobody else had the tree before its index
/// was written, so no change can hide in the moment between.
fn is_untouched(entry: &Entry, path: &Path) -> bool {
    let now = gix::index::fs::Metadata::from_path_no_follow(path).ok();
    now.and_then(|now| Stat::from_fs(&now).ok()).is_some_and(|now| entry.stat.matches(&now, EVERYTHING))
}

/// Whether a file has the contents of the commit. A file that git converts on checkout, such as one with other line
/// ends, counts as changed once it was touched.
fn has_contents(entry: &Entry, path: &Path, about: &Metadata) -> std::io::Result<bool> {
    let hash = |stream: &mut dyn Read, length: u64| {
        let (mut nothing, never) = (gix::progress::Discard, AtomicBool::new(false));
        gix::objs::compute_stream_hash(entry.id.kind(), Kind::Blob, stream, length, &mut nothing, &never)
            .map_err(std::io::Error::other)
    };
    if about.is_symlink() {
        let target = fs::read_link(path)?.into_os_string().into_vec();
        return Ok(hash(&mut target.as_slice(), target.len() as u64)? == entry.id);
    }
    let Some(mut file) = open_file(path)? else { return Ok(false) };
    // A file that grows or shrinks meanwhile is being written.
    Ok(hash(&mut file, about.len()).is_ok_and(|id| id == entry.id))
}

/// Opens a regular file without following a link or waiting for the other end of a pipe; `None` if it is none.
fn open_file(path: &Path) -> std::io::Result<Option<fs::File>> {
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW;
    let opened = fs::OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path);
    let file = match opened {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        // A link, or a socket.
        Err(error)
            if [Some(rustix::io::Errno::LOOP), Some(rustix::io::Errno::NXIO)]
                .contains(&rustix::io::Errno::from_io_error(&error)) =>
        {
            return Ok(None);
        }
        opened => opened?,
    };
    Ok(file.metadata()?.is_file().then_some(file))
}

/// What is in a folder of a tree, except for a `.git` in a folder with tracked files. A folder that the app closed is
/// opened.
fn entries(tree: &Utf8Path, folder: &Path) -> Result<Vec<(PathBuf, Metadata)>, Error> {
    let whole = tree.as_std_path().join(folder);
    let listed = match fs::read_dir(&whole) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            fs::set_permissions(&whole, Permissions::from_mode(0o700)).map_err(failed(&whole))?;
            fs::read_dir(&whole)
        }
        listed => listed,
    };
    let mut found = Vec::new();
    for entry in listed.map_err(failed(&whole))? {
        let entry = entry.map_err(failed(&whole))?;
        if entry.file_name() == ".git" {
            continue;
        }
        match entry.metadata() {
            Ok(about) => found.push((folder.join(entry.file_name()), about)),
            // The app may remove files while we look.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed(&entry.path())(error)),
        }
    }
    Ok(found)
}

fn is_kept(about: &Metadata) -> bool {
    about.is_file() || about.is_symlink()
}

fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn bytes(path: &Path) -> &BStr {
    path.as_os_str().as_bytes().as_bstr()
}

fn remove(path: &Path) -> Result<(), Error> {
    match Utf8Path::from_path(path) {
        Some(path) => files::remove(path),
        None if path.symlink_metadata().is_ok_and(|found| found.is_dir()) => {
            fs::remove_dir_all(path).map_err(failed(path))
        }
        None => fs::remove_file(path).map_err(failed(path)),
    }
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> Error + use<> {
    Error::file("read", path.to_string_lossy().into_owned())
}
