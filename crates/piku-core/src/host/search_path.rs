//! Finds programs in the folders of a `PATH`.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{Access, access};

use super::files;

/// The first program with this name in the colon-separated folders of `path`.
pub(crate) fn program(path: &str, name: &str) -> Option<Utf8PathBuf> {
    path.split(':').map(|folder| Utf8Path::new(folder).join(name)).find(|candidate| is_program(candidate))
}

/// The folders of a `PATH` and their contents, read once to look up many programs.
#[derive(Debug)]
pub(crate) struct SearchPath {
    folders: Vec<Folder>,
}

#[derive(Debug)]
struct Folder {
    path: Utf8PathBuf,
    /// `None` if the folder can't be listed. Programs in it may still be usable.
    names: Option<BTreeSet<String>>,
}

impl SearchPath {
    /// Lists each existing folder once.
    pub(crate) fn read(path: &str) -> Self {
        let mut folders: Vec<Folder> = Vec::new();
        for path in path.split(':').map(Utf8Path::new) {
            if path.is_dir() && folders.iter().all(|known| known.path != path) {
                let names = files::names(path).ok().map(|names| names.into_iter().collect());
                folders.push(Folder { path: path.to_owned(), names });
            }
        }
        Self { folders }
    }

    /// The first program with this name.
    pub(crate) fn program(&self, name: &str) -> Option<Utf8PathBuf> {
        self.candidates(name).find(|candidate| is_program(candidate))
    }

    /// Everything with this name, whether it is a program or not.
    pub(crate) fn all(&self, name: &str) -> Vec<Utf8PathBuf> {
        self.candidates(name).collect()
    }

    fn candidates(&self, name: &str) -> impl Iterator<Item = Utf8PathBuf> {
        let has = |folder: &&Folder| folder.names.as_ref().is_none_or(|names| names.contains(name));
        self.folders.iter().filter(has).map(move |folder| folder.path.join(name))
    }
}

fn is_program(candidate: &Utf8Path) -> bool {
    candidate.is_file() && access(candidate.as_std_path(), Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_first_file_that_can_be_run_is_the_program_whoever_looks() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        for (file, mode) in [("notes/git", 0o644), ("bin/git", 0o755), ("late/git", 0o755)] {
            std::fs::create_dir_all(at(file).parent().unwrap()).unwrap();
            std::fs::write(at(file), "").unwrap();
            std::fs::set_permissions(at(file), std::fs::Permissions::from_mode(mode)).unwrap();
        }
        std::fs::create_dir_all(at("folder/git")).unwrap();
        let path =
            ["nowhere", "notes", "folder", "bin", "bin", "late"].map(|name| at(name).into_string()).join(":");
        let read = SearchPath::read(&path);
        assert_eq!(read.program("git"), Some(at("bin/git")));
        assert_eq!(program(&path, "git"), Some(at("bin/git")));
        assert_eq!(read.all("git"), ["notes/git", "folder/git", "bin/git", "late/git"].map(at));
        assert_eq!((read.program("hg"), program(&path, "hg")), (None, None));
    }
}
