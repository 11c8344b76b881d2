//! Finds programs in the folders of a `PATH`.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{Access, access};

/// The folders of a `PATH` and what is in them, read once for many programs.
#[derive(Debug)]
pub(super) struct SearchPath {
    folders: Vec<Folder>,
}

#[derive(Debug)]
struct Folder {
    path: Utf8PathBuf,
    /// `None` where the folder may be used and not be listed.
    names: Option<BTreeSet<String>>,
}

impl SearchPath {
    /// Lists every folder that is there, each once.
    pub(super) fn read(path: &str) -> Self {
        let mut folders: Vec<Folder> = Vec::new();
        for path in path.split(':').map(Utf8Path::new) {
            if path.is_dir() && folders.iter().all(|known| known.path != path) {
                folders.push(Folder { path: path.to_owned(), names: names(path) });
            }
        }
        Self { folders }
    }

    /// The first program of that name.
    pub(super) fn program(&self, name: &str) -> Option<Utf8PathBuf> {
        self.all(name).find(|candidate| is_program(candidate))
    }

    /// Everything of that name, program or not.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = Utf8PathBuf> {
        let has = |folder: &&Folder| folder.names.as_ref().is_none_or(|names| names.contains(name));
        self.folders.iter().filter(has).map(move |folder| folder.path.join(name))
    }
}

/// The names in a folder, sorted, those left out that are not UTF-8; `None` when it can't be listed.
pub(super) fn names(folder: &Utf8Path) -> Option<BTreeSet<String>> {
    let entries = std::fs::read_dir(folder).ok()?;
    Some(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect())
}

fn is_program(candidate: &Utf8Path) -> bool {
    candidate.is_file() && access(candidate.as_std_path(), Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_first_file_that_can_be_run_is_the_program() {
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
        let all: Vec<Utf8PathBuf> = read.all("git").collect();
        assert_eq!(all, ["notes/git", "folder/git", "bin/git", "late/git"].map(at));
        assert_eq!(read.program("hg"), None);
    }
}
