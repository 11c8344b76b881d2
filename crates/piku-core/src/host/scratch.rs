//! A folder of our own for a while.

use std::fs::File;

use camino::{Utf8Path, Utf8PathBuf};

use super::{HostError, files};

/// A folder that is removed when this is dropped, or by [`files::sweep`] after a crash; 700.
#[derive(Debug)]
pub(crate) struct Scratch(Utf8PathBuf);

impl Scratch {
    /// Makes one in `folder`, on the file system of what will be moved out of it, and removes those of others that a
    /// crash has left there.
    pub(crate) fn make(folder: &Utf8Path) -> Result<Self, HostError> {
        if !folder.is_dir() {
            files::make_folder(folder, 0o700)?;
        }
        files::sweep(folder)?;
        let path = folder.join(format!("{}{}-scratch", files::UNNAMED, std::process::id()));
        files::remove_folder(&path)?;
        files::make_folder(&path, 0o700)?;
        Ok(Self(path))
    }

    /// A path in it.
    pub(crate) fn at(&self, name: &str) -> Utf8PathBuf {
        self.0.join(name)
    }

    /// Makes a folder in it.
    pub(crate) fn folder(&self, name: &str) -> Result<Utf8PathBuf, HostError> {
        let path = self.at(name);
        files::make_folder(&path, 0o700)?;
        Ok(path)
    }

    /// Makes a file in it.
    pub(crate) fn create(&self, name: &str) -> Result<File, HostError> {
        let path = self.at(name);
        File::create_new(&path).map_err(HostError::file("write", &path))
    }

    /// Opens a file in it.
    pub(crate) fn open(&self, name: &str) -> Result<File, HostError> {
        let path = self.at(name);
        File::open(&path).map_err(HostError::file("read", &path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // The next one sweeps what can't be removed now.
        drop(files::remove_folder(&self.0));
    }
}
