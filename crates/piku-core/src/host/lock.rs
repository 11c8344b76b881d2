//! Locks, so that each app has one operation at a time.

use std::fs::{File, TryLockError};
use std::io::Read;

use camino::Utf8Path;

use super::{HostError, files};

/// The lock of an app. It is released when dropped or when the process ends in any way.
#[derive(Debug)]
pub(crate) struct AppLock {
    _file: File,
}

impl AppLock {
    /// Takes the lock. If it is held, calls `waiting` with what the holder is doing, then waits.
    ///
    /// `doing` tells others who wait what this operation is, such as "alice is pushing `blog`".
    pub(crate) fn take(
        path: &Utf8Path,
        doing: &str,
        waiting: &mut dyn FnMut(&str),
    ) -> Result<Self, HostError> {
        let failed = || HostError::file("lock", path);
        if let Some(folder) = path.parent() {
            files::make_folder(folder, 0o700)?;
        }
        let mut file = files::open_to_lock(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                drop(file.read_to_string(&mut holder));
                waiting(holder.trim());
                file.lock().map_err(failed())?;
            }
            Err(TryLockError::Error(error)) => return Err(failed()(error)),
        }
        files::sign(&file, doing).map_err(failed())?;
        Ok(Self { _file: file })
    }
}

/// A shared lock, which any number of processes may hold at once.
#[derive(Debug)]
pub(crate) struct SharedLock(File);

impl SharedLock {
    /// Takes the lock; `None` if the folder of its file is gone.
    pub(crate) fn take(path: &Utf8Path) -> Result<Option<Self>, HostError> {
        match files::open_to_lock(path) {
            Ok(file) => file.lock_shared().map(|()| Some(Self(file))).map_err(HostError::file("lock", path)),
            Err(HostError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes the lock exclusive. If others hold it, releases it and returns false.
    pub(crate) fn alone(&self) -> bool {
        self.0.unlock().is_ok() && self.0.try_lock().is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use camino::Utf8PathBuf;

    #[test]
    fn the_second_waits_and_hears_for_whom() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("blog")).unwrap();
        let first =
            AppLock::take(&path, "alice is pushing `blog`", &mut |_| panic!("nobody holds it")).unwrap();
        let (heard, hear) = std::sync::mpsc::channel();
        let second = std::thread::spawn(move || {
            AppLock::take(&path, "bob is restarting `blog`", &mut |holder| {
                heard.send(holder.to_owned()).unwrap()
            })
            .unwrap();
        });
        assert_eq!(hear.recv().unwrap(), "alice is pushing `blog`");
        drop(first);
        second.join().unwrap();
    }

    #[test]
    fn a_shared_lock_is_ones_own_when_the_others_are_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("pushing")).unwrap();
        let take = || SharedLock::take(&path).unwrap().unwrap();
        let (first, second) = (take(), take());
        assert!(!first.alone());
        assert!(second.alone());
        drop(second);
        assert!(take().alone());
        assert!(SharedLock::take(&path.join("x/y")).is_err());
        assert!(SharedLock::take(&path.with_file_name("gone").join("x")).unwrap().is_none());
    }
}
