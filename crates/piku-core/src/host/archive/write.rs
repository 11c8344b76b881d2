//! Writes the entries of a backup.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use crate::backup::BackupError;

/// A backup that is being written.
pub(crate) struct Writer<W: Write>(Builder<GzEncoder<W>>);

impl<W: Write> Writer<W> {
    /// Begins a backup.
    pub(crate) fn new(out: W) -> Self {
        // The server has other things to do than to save the last percent.
        Self(Builder::new(GzEncoder::new(out, Compression::fast())))
    }

    /// Adds a text.
    pub(crate) fn text(&mut self, name: &str, text: &[u8]) -> Result<(), BackupError> {
        let mut header = header(EntryType::Regular, 0o600, 0);
        header.set_size(text.len() as u64);
        self.0.append_data(&mut header, name, text).map_err(failed)
    }

    /// Adds a file as it is now, with the length that it has at the beginning.
    pub(crate) fn file(&mut self, name: &Path, file: File, mode: u32, time: u64) -> Result<(), BackupError> {
        let length = file.metadata().map_err(failed)?.len();
        let mut header = header(EntryType::Regular, mode, time);
        header.set_size(length);
        // A file that shrinks meanwhile is filled up: what follows has its place.
        let exactly = file.chain(io::repeat(0)).take(length);
        self.0.append_data(&mut header, name, exactly).map_err(failed)
    }

    /// Adds a folder.
    pub(crate) fn folder(&mut self, name: &Path, mode: u32) -> Result<(), BackupError> {
        let mut header = header(EntryType::Directory, mode, 0);
        self.0.append_data(&mut header, name, io::empty()).map_err(failed)
    }

    /// Adds a symbolic link.
    pub(crate) fn link(&mut self, name: &Path, target: &Path) -> Result<(), BackupError> {
        let mut header = header(EntryType::Symlink, 0o777, 0);
        self.0.append_link(&mut header, name, target).map_err(failed)
    }

    /// Ends the backup. Without this, its reader knows that it is cut off.
    pub(crate) fn finish(self) -> Result<(), BackupError> {
        let mut out = self.0.into_inner().and_then(GzEncoder::finish).map_err(failed)?;
        out.flush().map_err(failed)
    }
}

fn header(kind: EntryType, mode: u32, time: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode & 0o777);
    header.set_mtime(time);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    header
}

fn failed(source: io::Error) -> BackupError {
    BackupError::Write { source }
}
