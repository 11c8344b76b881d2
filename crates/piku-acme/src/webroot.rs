//! A folder that a web server answers challenges from.

use std::io::{self, Write};
use std::os::fd::OwnedFd;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use crate::challenge::{Challenges, is_token};

/// A folder in which answers become files, `.well-known/acme-challenge/TOKEN`.
///
/// Folders and files are made readable to everyone, whatever the umask: the web server may be another user. Below the
/// folder no link is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webroot {
    folder: Utf8PathBuf,
}

const READABLE: Mode = Mode::from_raw_mode(0o644);
const OPEN_FOLDER: Mode = Mode::from_raw_mode(0o755);

impl Webroot {
    /// A web root at `folder`, which exists.
    #[must_use]
    pub fn new(folder: impl Into<Utf8PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Utf8Path {
        &self.folder
    }

    /// Opens the folder of answers; makes it if `make`.
    fn challenges(&self, make: bool) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut folder = rustix::fs::open(self.folder.as_str(), flags, Mode::empty())?;
        for name in [".well-known", "acme-challenge"] {
            let made = if make { rustix::fs::mkdirat(&folder, name, OPEN_FOLDER) } else { Err(Errno::EXIST) };
            let inner = rustix::fs::openat(&folder, name, flags | OFlags::NOFOLLOW, Mode::empty())?;
            match made {
                Ok(()) => rustix::fs::fchmod(&inner, OPEN_FOLDER)?,
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            folder = inner;
        }
        Ok(folder)
    }
}

impl Challenges for Webroot {
    fn put(&mut self, token: &str, answer: &str) -> io::Result<()> {
        if !is_token(token) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let folder = self.challenges(true)?;
        match rustix::fs::unlinkat(&folder, token, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&folder, token, flags, READABLE)?;
        rustix::fs::fchmod(&file, READABLE)?;
        std::fs::File::from(file).write_all(answer.as_bytes())
    }

    fn remove(&mut self, token: &str) {
        if is_token(token)
            && let Ok(folder) = self.challenges(false)
        {
            // One that stays does no harm: it answers an order that is over.
            let _ = rustix::fs::unlinkat(&folder, token, AtFlags::empty());
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test looks at what was written")]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        (folder, path)
    }

    #[test]
    fn an_answer_is_a_file_that_everyone_may_read() {
        let (_folder, path) = folder();
        let mut webroot = Webroot::new(&path);
        webroot.put("to-ken_1", "first").unwrap();
        webroot.put("to-ken_1", "answer").unwrap();
        let challenges = path.join(".well-known/acme-challenge");
        assert_eq!(fs::read_to_string(challenges.join("to-ken_1")).unwrap(), "answer");
        let mode = |path: &Utf8Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&challenges.join("to-ken_1")), 0o644);
        assert_eq!((mode(&challenges), mode(&path.join(".well-known"))), (0o755, 0o755));
        webroot.remove("to-ken_1");
        webroot.remove("to-ken_1");
        assert_eq!(fs::read_dir(&challenges).unwrap().count(), 0);
    }

    #[test]
    fn nothing_is_written_through_a_link_or_past_the_folder() {
        let (_folder, path) = folder();
        let (_other, elsewhere) = folder();
        fs::write(elsewhere.join("secret"), "kept").unwrap();
        for linked in [".well-known", ".well-known/acme-challenge"] {
            let link = path.join(linked);
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            symlink(&elsewhere, &link).unwrap();
            assert!(Webroot::new(&path).put("token", "x").is_err(), "{linked}");
            Webroot::new(&path).remove("secret");
            fs::remove_file(&link).unwrap();
        }
        fs::create_dir_all(path.join(".well-known/acme-challenge")).unwrap();
        symlink(elsewhere.join("secret"), path.join(".well-known/acme-challenge/token")).unwrap();
        Webroot::new(&path).put("token", "answer").unwrap();
        assert!(Webroot::new(&path).put("../../escaped", "x").is_err());
        assert_eq!(fs::read_to_string(elsewhere.join("secret")).unwrap(), "kept");
        assert!(!elsewhere.join("token").exists() && !path.join("escaped").exists());
    }

    #[test]
    fn a_web_root_that_is_not_there_is_an_error() {
        let (_folder, path) = folder();
        assert_eq!(
            Webroot::new(path.join("none")).put("t", "a").unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
    }
}
