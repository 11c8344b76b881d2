//! Unpacks a backup into a new folder, and trusts nothing in it.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use camino::Utf8Path;
use flate2::read::GzDecoder;
use tar::{Archive, Entry, EntryType};

use crate::backup::{BackupError, Inside, MANIFEST, Manifest, Part, leads_within};
use crate::host::relocate;
use crate::persisted::shown;

/// The largest part that is read into memory elsewhere.
const LARGEST_PART: u64 = 16 * 1024 * 1024;

/// The largest manifest, and the longest name.
const LARGEST_TEXT: u64 = 16 * 1024;

/// What remains free on the disk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// In bytes.
    pub(crate) reserve: u64,
    /// How many bytes are written between two looks at the disk.
    pub(crate) step: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { reserve: 256 * 1024 * 1024, step: 8 * 1024 * 1024 }
    }
}

/// Unpacks the backup into `folder`, which is empty: each [`Part`] by its name, and `data`. Returns what it says about
/// itself.
///
/// Nothing outside of the folder is touched, whatever the stream says. If it fails, the folder holds half of it.
pub(crate) fn unpack(input: impl Read, folder: &Utf8Path, limits: Limits) -> Result<Manifest, BackupError> {
    let mut archive = Archive::new(GzDecoder::new(input));
    let mut unpacking =
        Unpacking { folder: folder.as_std_path(), limits, since: 0, links: Vec::new(), folders: Vec::new() };
    unpacking.make_folder(Path::new("data"))?;
    let manifest = unpacking.entries(&mut archive)?;
    unpacking.settle()?;
    read_to_the_end(archive.into_inner())?;
    Ok(manifest)
}

/// Reads what is left, which has the checksum at its end.
fn read_to_the_end(mut rest: GzDecoder<impl Read>) -> Result<(), BackupError> {
    let mut left = Vec::new();
    rest.by_ref().take(LARGEST_TEXT * 4).read_to_end(&mut left).map_err(damaged)?;
    let mut more = [0];
    if left.iter().any(|byte| *byte != 0) || rest.read(&mut more).map_err(damaged)? > 0 {
        let source = io::Error::other("something follows its end");
        return Err(BackupError::Damaged { source });
    }
    Ok(())
}

struct Unpacking<'a> {
    folder: &'a Path,
    limits: Limits,
    /// The bytes written since the disk was looked at.
    since: u64,
    /// Links to make when everything else is there.
    links: Vec<(PathBuf, PathBuf)>,
    /// Folders with their modes, set at the end: they may be closed to us.
    folders: Vec<(PathBuf, u32)>,
}

/// The name and the target that an entry of GNU tar gives to the next one, since they are too long for its head.
#[derive(Default)]
struct Long {
    name: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
}

impl Unpacking<'_> {
    fn entries(&mut self, archive: &mut Archive<impl Read>) -> Result<Manifest, BackupError> {
        let mut manifest = None;
        let mut long = Long::default();
        // Raw: the crate would read names of any length into memory.
        for entry in archive.entries().map_err(damaged)?.raw(true) {
            let mut entry = entry.map_err(|source| match manifest {
                Some(_) => BackupError::Damaged { source },
                None => BackupError::NotABackup { why: source.to_string() },
            })?;
            match entry.header().entry_type() {
                EntryType::GNULongName => long.name = Some(long_text(&mut entry)?),
                EntryType::GNULongLink => long.target = Some(long_text(&mut entry)?),
                kind => {
                    let Long { name, target } = std::mem::take(&mut long);
                    let name = name.unwrap_or_else(|| entry.header().path_bytes().into_owned());
                    if manifest.is_some() {
                        self.entry(&mut entry, kind, &name, target)?;
                    } else if name == MANIFEST.as_bytes() && kind == EntryType::Regular {
                        manifest = Some(Manifest::read(&long_text(&mut entry)?)?);
                    } else {
                        let why = format!("it does not begin with `{MANIFEST}`");
                        return Err(BackupError::NotABackup { why });
                    }
                }
            }
        }
        manifest.ok_or_else(|| BackupError::NotABackup { why: "it is empty".to_owned() })
    }

    fn entry(
        &mut self,
        entry: &mut Entry<'_, impl Read>,
        kind: EntryType,
        name: &[u8],
        target: Option<Vec<u8>>,
    ) -> Result<(), BackupError> {
        let hostile =
            |why| BackupError::Hostile { path: shown(Path::new(OsStr::from_bytes(name))).into(), why };
        if let Some(part) = Part::named(name) {
            let size = entry.header().entry_size().map_err(damaged)?;
            if kind != EntryType::Regular || part != Part::Repository && size > LARGEST_PART {
                return Err(hostile("is not a file of its size"));
            }
            return self.file(entry, Path::new(part.name()), 0o600, None);
        }
        let Some(inside) = Inside::read(name)? else { return Ok(()) };
        let path = Path::new("data").join(inside.as_path());
        let mode = entry.header().mode().map_err(damaged)? & 0o777;
        match kind {
            EntryType::Regular => {
                let time = entry.header().mtime().map_err(damaged)?;
                self.make_parents(&path, hostile)?;
                self.file(entry, &path, mode, Some(time))
            }
            EntryType::Directory => {
                self.make_parents(&path, hostile)?;
                self.make_folder(&path)?;
                self.folders.push((path, mode));
                Ok(())
            }
            EntryType::Symlink => {
                let target = target.or_else(|| entry.header().link_name_bytes().map(Into::into));
                let target = PathBuf::from(OsStr::from_bytes(&target.unwrap_or_default()));
                if !leads_within(inside.as_path(), &target) {
                    return Err(hostile("is a link out of the app's data"));
                }
                self.make_parents(&path, hostile)?;
                self.links.push((path, target));
                Ok(())
            }
            _ => Err(hostile("is neither a file, a folder, nor a link")),
        }
    }

    /// Makes the folders above a path, of which the archive need not have entries. There are no links yet.
    fn make_parents(
        &self,
        path: &Path,
        hostile: impl Fn(&'static str) -> BackupError,
    ) -> Result<(), BackupError> {
        let parent = self.folder.join(path.parent().unwrap_or(path));
        match fs::create_dir_all(&parent) {
            Err(error)
                if matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory) =>
            {
                Err(hostile("is below a file"))
            }
            made => made.map_err(self.not_written()),
        }
    }

    fn make_folder(&self, path: &Path) -> Result<(), BackupError> {
        match fs::create_dir(self.folder.join(path)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && self.folder.join(path).is_dir() => {
                Ok(())
            }
            made => made.map_err(self.not_written()),
        }
    }

    fn file(
        &mut self,
        entry: &mut Entry<'_, impl Read>,
        path: &Path,
        mode: u32,
        time: Option<u64>,
    ) -> Result<(), BackupError> {
        let place = self.folder.join(path);
        let twice = |_: io::Error| BackupError::Hostile { path: shown(path).into(), why: "is there twice" };
        let mut file = match File::create_new(&place) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(twice(error)),
            made => made.map_err(self.not_written())?,
        };
        let mut buffer = vec![0; 64 * 1024];
        self.look_at_the_disk(1)?;
        loop {
            let count = match entry.read(&mut buffer).map_err(damaged)? {
                0 => break,
                count => count,
            };
            self.look_at_the_disk(count as u64)?;
            file.write_all(&buffer[..count]).map_err(self.not_written())?;
        }
        if let Some(time) = time {
            // A time that the file system can't hold is no reason to refuse.
            drop(file.set_modified(UNIX_EPOCH + Duration::from_secs(time.min(1 << 40))));
        }
        file.set_permissions(Permissions::from_mode(mode)).map_err(self.not_written())
    }

    /// Refuses to go on when the disk gets full, so that others can still write.
    fn look_at_the_disk(&mut self, more: u64) -> Result<(), BackupError> {
        // A file takes a block at least, and the room for its name.
        self.since += more.max(512);
        if self.since < self.limits.step {
            return Ok(());
        }
        self.since = 0;
        match relocate::room(self.folder) {
            Some(room) if room < self.limits.reserve => Err(self.no_room()),
            _ => Ok(()),
        }
    }

    /// Makes the links, and closes the folders.
    fn settle(&mut self) -> Result<(), BackupError> {
        for (path, target) in &self.links {
            let place = self.folder.join(path);
            symlink(target, &place).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    BackupError::Hostile { path: shown(path).into(), why: "is there twice" }
                }
                _ => self.not_written()(error),
            })?;
        }
        for (path, mode) in self.folders.iter().rev() {
            let place = self.folder.join(path);
            fs::set_permissions(&place, Permissions::from_mode(*mode)).map_err(self.not_written())?;
        }
        Ok(())
    }

    fn no_room(&self) -> BackupError {
        let folder = self.folder.parent().unwrap_or(self.folder);
        BackupError::NoRoom { folder: folder.to_string_lossy().into_owned().into() }
    }

    fn not_written(&self) -> impl FnOnce(io::Error) -> BackupError + use<> {
        let no_room = self.no_room();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => no_room,
            _ => BackupError::NotUnpacked { source },
        }
    }
}

/// A name, a target, or the manifest.
fn long_text(entry: &mut Entry<'_, impl Read>) -> Result<Vec<u8>, BackupError> {
    let mut text = Vec::new();
    entry.take(LARGEST_TEXT + 1).read_to_end(&mut text).map_err(damaged)?;
    if text.len() as u64 > LARGEST_TEXT {
        let why = "is longer than anything that piku writes";
        return Err(BackupError::Hostile { path: "a name".to_owned(), why });
    }
    if text.last() == Some(&0) {
        text.pop();
    }
    Ok(text)
}

fn damaged(source: io::Error) -> BackupError {
    BackupError::Damaged { source }
}

#[cfg(test)]
mod tests;
