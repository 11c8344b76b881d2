//! Lists the files of a tree with their sizes and times, to see later what an app has written there.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, Metadata, Permissions};
use std::io::{ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use camino::Utf8Path;

use super::{HostError, files};

/// What a tool makes again, so that it is not worth keeping.
const CACHES: [&str; 5] = ["__pycache__", "node_modules", ".pytest_cache", ".mypy_cache", ".ruff_cache"];

/// A file with this name says that its folder is a cache (<https://bford.info/cachedir/>).
const CACHE_TAG: &str = "CACHEDIR.TAG";

/// Prefix of piku's own temporary files.
const OURS: &[u8] = b".piku-";

/// The last line of a complete listing, so that half of one is not taken for the whole.
const END: &[u8] = b"end";

/// Everything in a tree but caches and what belongs to git. Names may be any bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing(pub(crate) BTreeMap<PathBuf, Stamp>);

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) sort: Sort,
    /// In bytes; 0 for a folder.
    pub(crate) size: u64,
    /// When it was written, in nanoseconds since 1970; 0 for a folder.
    pub(crate) modified: i128,
}

/// The sort of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Folder,
    File,
    Link,
    /// What belongs to a running process: a socket, a pipe, a file with a process id.
    Passing,
}

impl Listing {
    /// Lists a tree, without following links. Skips what disappears meanwhile.
    pub(crate) fn of(tree: &Utf8Path) -> Result<Self, HostError> {
        let mut found = BTreeMap::new();
        let mut waiting = vec![PathBuf::new()];
        while let Some(folder) = waiting.pop() {
            let place = tree.as_std_path().join(&folder);
            let entries = match names_and_stamps(&place) {
                Ok(entries) => entries,
                Err(error) if folder.as_os_str().is_empty() => {
                    return Err(HostError::file("list", tree)(error));
                }
                // It is gone, or closed even to us: what is inside can't be told.
                Err(_) => continue,
            };
            if entries.iter().any(|(name, _)| name == CACHE_TAG) {
                found.remove(&folder);
                continue;
            }
            for (name, about) in entries {
                let of_git = folder.as_os_str().is_empty() && name == ".git";
                if of_git || is_by_product(Path::new(&name)) {
                    continue;
                }
                let (path, stamp) = (folder.join(&name), Stamp::of(Path::new(&name), &about));
                if stamp.sort == Sort::Folder {
                    waiting.push(path.clone());
                }
                found.insert(path, stamp);
            }
        }
        Ok(Self(found))
    }

    /// What is at a path.
    pub(crate) fn get(&self, path: &Path) -> Option<Stamp> {
        self.0.get(path).copied()
    }

    /// Everything below a folder.
    pub(crate) fn below<'a>(&'a self, folder: &'a Path) -> impl Iterator<Item = (&'a Path, Stamp)> {
        let after = self.0.range::<Path, _>((std::ops::Bound::Excluded(folder), std::ops::Bound::Unbounded));
        // Paths are ordered by their parts, so what is in a folder follows it.
        after
            .map(|(path, stamp)| (path.as_path(), *stamp))
            .take_while(move |(path, _)| path.starts_with(folder))
    }

    /// Writes the listing. It is not synced: if it is lost, [`Listing::read`] finds none.
    pub(crate) fn write(&self, file: &Utf8Path) -> Result<(), HostError> {
        let mut text = Vec::new();
        for (path, stamp) in &self.0 {
            let sort = match stamp.sort {
                Sort::Folder => 'd',
                Sort::File => 'f',
                Sort::Link => 'l',
                Sort::Passing => 'p',
            };
            text.extend(format!("{sort} {} {} ", stamp.size, stamp.modified).into_bytes());
            text.extend(path.as_os_str().as_bytes());
            text.push(0);
        }
        text.extend(END);
        fs::write(file, text).map_err(HostError::file("write", file))?;
        files::set_mode(file, 0o600)
    }

    /// Reads a listing; `None` if there is none or only half of one.
    pub(crate) fn read(file: &Utf8Path) -> Option<Self> {
        let text = fs::read(file).ok()?;
        let (text, end) = text.split_at_checked(text.len().checked_sub(END.len())?)?;
        let lines = text.split(|byte| *byte == 0).filter(|line| !line.is_empty());
        let entries = lines.map(line).collect::<Option<_>>()?;
        (end == END).then_some(Self(entries))
    }
}

fn line(line: &[u8]) -> Option<(PathBuf, Stamp)> {
    let mut words = line.splitn(4, |byte| *byte == b' ');
    let mut word = || words.next();
    let sort = match word()? {
        b"d" => Sort::Folder,
        b"f" => Sort::File,
        b"l" => Sort::Link,
        b"p" => Sort::Passing,
        _ => return None,
    };
    let number = |word: &[u8]| std::str::from_utf8(word).ok().map(str::to_owned);
    let size = number(word()?)?.parse().ok()?;
    let modified = number(word()?)?.parse().ok()?;
    Some((PathBuf::from(OsStr::from_bytes(word()?)), Stamp { sort, size, modified }))
}

impl Stamp {
    /// What is at a path now.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        Some(Self::of(Path::new(path.file_name()?), &path.symlink_metadata().ok()?))
    }

    fn of(name: &Path, about: &Metadata) -> Self {
        let modified = i128::from(about.mtime()) * 1_000_000_000 + i128::from(about.mtime_nsec());
        let has_id = name.extension().is_some_and(|ending| ending == "pid");
        match about.file_type() {
            kind if kind.is_dir() => Self { sort: Sort::Folder, size: 0, modified: 0 },
            kind if kind.is_symlink() => Self { sort: Sort::Link, size: about.size(), modified },
            kind if kind.is_file() && !has_id => Self { sort: Sort::File, size: about.size(), modified },
            _ => Self { sort: Sort::Passing, size: 0, modified: 0 },
        }
    }
}

/// Whether a file was last changed, in contents or in any other way, before a time in nanoseconds
/// since 1970.
pub(crate) fn is_older(path: &Path, time: i128) -> bool {
    let at = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
    path.symlink_metadata().is_ok_and(|about| {
        at(about.mtime(), about.mtime_nsec()) < time && at(about.ctime(), about.ctime_nsec()) < time
    })
}

/// Whether a file is a SQLite database (<https://www.sqlite.org/fileformat.html>).
pub(crate) fn is_database(path: &Path) -> bool {
    const MAGIC: &[u8; 16] = b"SQLite format 3\0";
    let mut head = [0; MAGIC.len()];
    fs::File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head == *MAGIC
}

/// Whether a tool made the file for itself and can make it again, or it is a temporary one of piku's.
pub(crate) fn is_by_product(path: &Path) -> bool {
    let is_one =
        |name: &OsStr| CACHES.iter().any(|cache| name == *cache) || name.as_bytes().starts_with(OURS);
    path.components().any(|part| is_one(part.as_os_str()))
        || path.extension().is_some_and(|ending| ["pyc", "pyo"].iter().any(|known| ending == *known))
}

/// The entries of a folder. Opens a folder of ours that is closed to ourselves for the moment of looking.
fn names_and_stamps(folder: &Path) -> std::io::Result<Vec<(std::ffi::OsString, Metadata)>> {
    let listed = || -> std::io::Result<Vec<_>> {
        let entries = fs::read_dir(folder)?.flatten();
        // What is gone by now has no metadata.
        Ok(entries.filter_map(|entry| Some((entry.file_name(), entry.metadata().ok()?))).collect())
    };
    let is_closed = |about: &Metadata| about.mode() & 0o500 != 0o500;
    match listed() {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let about = folder.symlink_metadata()?;
            fs::set_permissions(folder, Permissions::from_mode(about.mode() & 0o7777 | 0o700))?;
            let found = listed();
            fs::set_permissions(folder, about.permissions())?;
            found
        }
        // Readable but not searchable: every name, and no metadata.
        Ok(found) if found.is_empty() && folder.symlink_metadata().is_ok_and(|about| is_closed(&about)) => {
            let about = folder.symlink_metadata()?;
            fs::set_permissions(folder, Permissions::from_mode(about.mode() & 0o7777 | 0o700))?;
            let found = listed();
            fs::set_permissions(folder, about.permissions())?;
            found
        }
        found => found,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use camino::Utf8PathBuf;

    use super::*;

    #[test]
    fn a_listing_holds_any_name_but_no_cache_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Utf8PathBuf::from_path_buf(folder.path().join("tree")).unwrap();
        for name in [".git", "a/__pycache__", "a/closed", "node_modules/x", "cache"] {
            fs::create_dir_all(tree.join(name)).unwrap();
        }
        for name in [
            ".git/x",
            "a/b",
            "a/b.pyc",
            "a/closed/in",
            "node_modules/x/y",
            "web.pid",
            "cache/x",
            "cache/CACHEDIR.TAG",
        ] {
            fs::write(tree.join(name), "x").unwrap();
        }
        fs::write(tree.as_std_path().join(OsStr::from_bytes(b"caf\xe9 \n.jpg")), "xy").unwrap();
        symlink("nowhere", tree.join("a/link")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(tree.join("socket")).unwrap();
        fs::set_permissions(tree.join("a/closed"), Permissions::from_mode(0o0)).unwrap();
        let found = Listing::of(&tree).unwrap();
        let names: Vec<&[u8]> = found.0.keys().map(|path| path.as_os_str().as_bytes()).collect();
        assert_eq!(
            names,
            [
                &b"a"[..],
                b"a/b",
                b"a/closed",
                b"a/closed/in",
                b"a/link",
                b"caf\xe9 \n.jpg",
                b"socket",
                b"web.pid"
            ]
        );
        assert_eq!(found.get(Path::new("web.pid")).unwrap().sort, Sort::Passing);
        assert_eq!(fs::metadata(tree.join("a/closed")).unwrap().mode() & 0o777, 0);
        assert_eq!(found.below(Path::new("a")).count(), 4);
        let file = tree.with_file_name("listing");
        found.write(&file).unwrap();
        assert_eq!(Listing::read(&file).unwrap(), found);
        let whole = fs::read(&file).unwrap();
        fs::write(&file, &whole[..whole.len() - 9]).unwrap();
        assert_eq!(Listing::read(&file), None);
        fs::set_permissions(tree.join("a/closed"), Permissions::from_mode(0o700)).unwrap();
    }

    #[test]
    fn a_thousand_files_are_listed_in_a_moment() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        for at in 0..1000 {
            let name = tree.join(format!("folder{}", at % 40));
            fs::create_dir_all(&name).unwrap();
            fs::write(name.join(format!("{at}.py")), "x").unwrap();
        }
        let started = std::time::Instant::now();
        Listing::of(&tree).unwrap().write(&tree.join("listing")).unwrap();
        let took = started.elapsed();
        // It takes 3 ms; the limit is for a busy machine.
        assert!(took < std::time::Duration::from_millis(200), "{took:?}");
    }
}
