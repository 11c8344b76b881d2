//! Inspects virtual environments: the Python one was made for, and the Python it uses now.

use camino::Utf8Path;

use super::files;

/// A Python virtual environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Environment {
    /// The version its packages are installed for.
    pub(crate) made_for: (u32, u32),
    /// The version of the interpreter that `bin/python` points to; `None` if that is gone.
    pub(crate) interpreter: Option<(u32, u32)>,
}

/// Inspects a folder; `None` if it is not a virtual environment.
pub(crate) fn look(folder: &Utf8Path) -> Option<Environment> {
    folder.join("pyvenv.cfg").is_file().then_some(())?;
    let libraries = files::names(&folder.join("lib")).ok()?;
    let made_for = libraries.iter().find_map(|name| version(name))?;
    // The target of the link has the version in its name: `/usr/bin/python3` is a link to `python3.11`.
    let program = folder.join("bin/python").canonicalize_utf8().ok();
    let interpreter = program.map(|program| program.file_name().and_then(version).unwrap_or(made_for));
    Some(Environment { made_for, interpreter })
}

/// Parses the version in a name such as `python3.11`.
fn version(name: &str) -> Option<(u32, u32)> {
    let (major, minor) = name.strip_prefix("python")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_is_what_it_was_made_for_and_what_it_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| camino::Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        assert_eq!(look(&at("venv")), None);
        std::fs::create_dir_all(at("venv/lib/python3.11")).unwrap();
        std::fs::create_dir_all(at("venv/bin")).unwrap();
        std::fs::write(at("venv/pyvenv.cfg"), "home = /usr/bin\n").unwrap();
        std::os::unix::fs::symlink(at("python3"), at("venv/bin/python")).unwrap();
        assert_eq!(look(&at("venv")), Some(Environment { made_for: (3, 11), interpreter: None }));

        std::fs::write(at("python3.13"), "").unwrap();
        std::os::unix::fs::symlink("python3.13", at("python3")).unwrap();
        assert_eq!(look(&at("venv")), Some(Environment { made_for: (3, 11), interpreter: Some((3, 13)) }));
    }
}
