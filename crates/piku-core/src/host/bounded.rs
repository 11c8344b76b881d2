//! Files below an app's own folders, which the app may change meanwhile: nothing outside of them is opened.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::HostError;

/// The mode of a new file.
const MODE: u32 = 0o644;

/// The folders of an app.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    /// The folder that paths begin at.
    pub(crate) base: Utf8PathBuf,
    /// The folders that links may lead into.
    pub(crate) within: [Utf8PathBuf; 2],
}

/// Why a file is not opened.
#[derive(Debug)]
pub(crate) enum Unopened {
    Missing,
    Outside,
    NotAFile,
    Host(HostError),
}

impl Bounds {
    /// Opens a file to be read.
    pub(crate) fn open(&self, path: &Utf8Path) -> Result<File, Unopened> {
        let real = self.real(&self.base.join(path))?;
        // Opening a pipe would wait until somebody writes to it.
        let file =
            File::from(open_real(&real, OFlags::RDONLY | OFlags::NONBLOCK).map_err(of(&real, "read"))?);
        let found = file.metadata().map_err(|error| Unopened::Host(HostError::file("read", &real)(error)))?;
        if found.is_file() { Ok(file) } else { Err(Unopened::NotAFile) }
    }

    /// Writes `bytes` bytes to a file, or none if fewer come; returns how many came. What is there is replaced at once,
    /// and another name of it, as in a build, keeps its contents.
    pub(crate) fn write(&self, path: &Utf8Path, bytes: u64, from: &mut dyn Read) -> Result<u64, Unopened> {
        let (target, mode) = self.target(path)?;
        let (Some(folder), Some(name)) = (target.parent(), target.file_name()) else {
            return Err(Unopened::NotAFile);
        };
        let folder = open_real(folder, OFlags::RDONLY | OFlags::DIRECTORY).map_err(of(&target, "write"))?;
        let unnamed = format!(".piku-{}-upload", std::process::id());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&folder, &unnamed, flags, Mode::from_raw_mode(0o600));
        let mut file = File::from(file.map_err(of(&target, "write"))?);
        let written = std::io::copy(&mut from.take(bytes), &mut file).and_then(|came| {
            if came == bytes {
                file.set_permissions(std::fs::Permissions::from_mode(mode))?;
                file.sync_data()?;
                rustix::fs::renameat(&folder, &unnamed, &folder, name)?;
            }
            Ok(came)
        });
        if !matches!(written, Ok(came) if came == bytes) {
            // It has no other name.
            let _ = rustix::fs::unlinkat(&folder, &unnamed, AtFlags::empty());
        }
        written.map_err(|error| Unopened::Host(HostError::file("write", &target)(error)))
    }

    /// The real path to write to, and the mode of the file there.
    fn target(&self, path: &Utf8Path) -> Result<(Utf8PathBuf, u32), Unopened> {
        let whole = self.base.join(path);
        if whole.symlink_metadata().is_err() {
            let (Some(folder), Some(name)) = (whole.parent(), whole.file_name()) else {
                return Err(Unopened::NotAFile);
            };
            return Ok((self.real(folder)?.join(name), MODE));
        }
        let real = self.real(&whole)?;
        match real.symlink_metadata() {
            Ok(found) if found.is_file() => Ok((real, found.permissions().mode() & 0o777)),
            _ => Err(Unopened::NotAFile),
        }
    }

    /// The path without links.
    fn real(&self, path: &Utf8Path) -> Result<Utf8PathBuf, Unopened> {
        let real = path.canonicalize_utf8().map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Unopened::Missing,
            _ => Unopened::Host(HostError::file("read", path)(error)),
        })?;
        let within = self.within.iter().filter_map(|folder| folder.canonicalize_utf8().ok());
        if within.into_iter().any(|folder| real.starts_with(folder)) {
            Ok(real)
        } else {
            Err(Unopened::Outside)
        }
    }
}

/// Opens a path that had no links when it was looked at, and fails if it has one now.
fn open_real(path: &Utf8Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::CLOEXEC;
    let opened = rustix::fs::openat2(CWD, path.as_str(), flags, Mode::empty(), ResolveFlags::NO_SYMLINKS);
    match opened {
        // An old kernel, or a sandbox.
        Err(Errno::NOSYS | Errno::PERM) => {
            rustix::fs::openat(CWD, path.as_str(), flags | OFlags::NOFOLLOW, Mode::empty())
        }
        opened => opened,
    }
}

fn of(path: &Utf8Path, action: &'static str) -> impl FnOnce(Errno) -> Unopened {
    move |error| match error {
        Errno::LOOP => Unopened::Outside,
        Errno::NOENT => Unopened::Missing,
        // A socket.
        Errno::NXIO | Errno::NOTDIR => Unopened::NotAFile,
        error => Unopened::Host(HostError::file(action, path)(error.into())),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_path_leads_into_the_folders_of_the_app_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(folder.path().canonicalize().unwrap()).unwrap();
        let (tree, data, other) = (root.join("tree"), root.join("data"), root.join("other"));
        for folder in [&tree, &data, &other, &tree.join("sub")] {
            std::fs::create_dir(folder).unwrap();
        }
        std::fs::write(data.join("a"), "of the app").unwrap();
        std::fs::write(other.join("secret"), "of another").unwrap();
        symlink(data.join("a"), tree.join("link")).unwrap();
        symlink(&data, tree.join("uploads")).unwrap();
        symlink(other.join("secret"), tree.join("theft")).unwrap();
        symlink(&other, tree.join("away")).unwrap();
        symlink(root.join("new"), tree.join("dangling")).unwrap();
        let pipe = tree.join("pipe");
        rustix::fs::mknodat(CWD, pipe.as_str(), rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();

        let bounds = Bounds { base: tree.clone(), within: [tree.clone(), data.clone()] };
        let read = |path: &str| {
            let mut text = String::new();
            bounds.open(path.into()).map(|mut file| {
                file.read_to_string(&mut text).unwrap();
                text
            })
        };
        assert_eq!(read("link").unwrap(), "of the app");
        assert_eq!(read("uploads/a").unwrap(), "of the app");
        assert!(matches!(read("theft"), Err(Unopened::Outside)));
        assert!(matches!(read("away/secret"), Err(Unopened::Outside)));
        assert!(matches!(read("../other/secret"), Err(Unopened::Outside)));
        assert!(matches!(read("none"), Err(Unopened::Missing)));
        assert!(matches!(read("sub"), Err(Unopened::NotAFile)));
        assert!(matches!(read("pipe"), Err(Unopened::NotAFile)));

        let write = |path: &str, bytes| bounds.write(path.into(), bytes, &mut &b"new text"[..]);
        assert_eq!(write("uploads/b", 8).unwrap(), 8);
        assert_eq!(std::fs::read_to_string(data.join("b")).unwrap(), "new text");
        assert_eq!(write("link", 8).unwrap(), 8);
        assert_eq!(std::fs::read_to_string(data.join("a")).unwrap(), "new text");
        assert!(tree.join("link").is_symlink());
        // What was cut leaves nothing.
        assert_eq!(write("sub/cut", 9).unwrap(), 8);
        assert_eq!(std::fs::read_dir(tree.join("sub")).unwrap().count(), 0);
        for path in ["theft", "away/new", "../other/new"] {
            assert!(matches!(write(path, 8), Err(Unopened::Outside)), "{path}");
        }
        assert!(matches!(write("dangling", 8), Err(Unopened::Missing)));
        assert!(matches!(write("none/new", 8), Err(Unopened::Missing)));
        assert!(matches!(write("sub", 8), Err(Unopened::NotAFile)));
        assert_eq!(std::fs::read_to_string(other.join("secret")).unwrap(), "of another");
    }
}
