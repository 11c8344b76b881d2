//! Finds a program in the folders of a `PATH`.

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{Access, access};

/// The first program with this name in the colon-separated folders of `path`.
pub(crate) fn program(path: &str, name: &str) -> Option<Utf8PathBuf> {
    path.split(':').map(|folder| Utf8Path::new(folder).join(name)).find(|candidate| is_program(candidate))
}

fn is_program(candidate: &Utf8Path) -> bool {
    candidate.is_file() && access(candidate.as_std_path(), Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use piku_runtime::Toolbox;

    use super::*;

    #[test]
    fn the_first_file_that_can_be_run_is_the_program_whoever_looks() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        for (file, mode) in [("notes/npm", 0o644), ("bin/npm", 0o755), ("late/npm", 0o755)] {
            std::fs::create_dir_all(at(file).parent().unwrap()).unwrap();
            std::fs::write(at(file), "").unwrap();
            std::fs::set_permissions(at(file), std::fs::Permissions::from_mode(mode)).unwrap();
        }
        std::fs::create_dir_all(at("folder/npm")).unwrap();
        let path =
            ["nowhere", "notes", "folder", "bin", "bin", "late"].map(|name| at(name).into_string()).join(":");
        assert_eq!(program(&path, "npm"), Some(at("bin/npm")));
        assert_eq!(Toolbox::discover(&path).tool("npm"), Some(at("bin/npm").as_path()));
        assert_eq!(program(&path, "hg"), None);
    }
}
