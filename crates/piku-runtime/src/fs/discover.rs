//! Looks for the tools and interpreters that builds need, without starting any of them.

use camino::{Utf8Path, Utf8PathBuf};

use super::search_path::{SearchPath, names};
use crate::{Interpreter, Source, Toolbox, Version};

impl Toolbox {
    /// Finds the tools and Python interpreters in the folders of `path`, which are divided by colons as in `PATH`.
    ///
    /// Runs none of them. The version of an interpreter is read from the name of its file behind all links. Left out are
    /// files whose names have none, and the `shims` of a version manager such as pyenv: which interpreter they run, if
    /// any, is decided when they are run. Versions of other tools are missing: the caller asks the
    /// [`version_questions`](crate::RuntimeName::version_questions) of the runtime and adds the answers. The first
    /// interpreter, `python3` before the others, is the one of apps that ask for none.
    ///
    /// Needs the feature `fs`.
    ///
    /// ```
    /// use piku_runtime::Toolbox;
    ///
    /// let toolbox = Toolbox::discover("/usr/local/bin:/usr/bin:/bin");
    /// assert!(toolbox.versions.is_empty());
    /// ```
    #[must_use]
    pub fn discover(path: &str) -> Self {
        let path = SearchPath::read(path);
        let mut toolbox = Self::new(platform());
        for tool in Self::TOOLS {
            if let Some(found) = path.program(tool) {
                toolbox = toolbox.with_tool(tool, found);
            }
        }
        toolbox.interpreters = interpreters(&path);
        toolbox.default_python = toolbox.interpreters.first().map(|found| found.version);
        toolbox
    }

    /// Adds the interpreters that a version manager keeps in `folder`, each in a folder named for its version: `3.12.1`,
    /// or with [`Source::Uv`] `cpython-3.12.1-linux-x86_64-gnu`.
    ///
    /// Needs the feature `fs`.
    #[must_use]
    pub fn with_interpreters_in(mut self, folder: &Utf8Path, source: Source) -> Self {
        for name in names(folder).unwrap_or_default() {
            let version = match source {
                Source::Uv => name.strip_prefix("cpython-").and_then(|rest| rest.split('-').next()),
                Source::System | Source::Pyenv => Some(name.as_str()),
            };
            let Some(Ok(version)) = version.map(str::parse::<Version>) else { continue };
            let path = folder.join(&name).join("bin/python3");
            let Ok(real) = path.canonicalize_utf8() else { continue };
            let has_venv = has_venv(&real, &version);
            self.interpreters.push(Interpreter { version, path, source, has_venv });
        }
        self.default_python = self.default_python.or(self.interpreters.first().map(|found| found.version));
        self
    }
}

/// What compiled packages depend on besides the interpreter.
fn platform() -> String {
    let libc = if cfg!(target_env = "musl") { "musl" } else { "glibc" };
    format!("{}-{}-{libc}", std::env::consts::OS, std::env::consts::ARCH)
}

/// Interpreters in the folders, `python3` first.
fn interpreters(path: &SearchPath) -> Vec<Interpreter> {
    let mut found: Vec<Interpreter> = Vec::new();
    let names =
        ["python3".to_owned()].into_iter().chain((6..40).rev().map(|minor| format!("python3.{minor}")));
    for program in names.flat_map(|name| path.all(&name).collect::<Vec<Utf8PathBuf>>()) {
        let Ok(real) = program.canonicalize_utf8() else { continue };
        if real.parent().and_then(Utf8Path::file_name) == Some("shims") {
            continue;
        }
        let version = real.file_name().and_then(|name| name.strip_prefix("python")?.parse::<Version>().ok());
        let Some(version) = version.filter(|version| version.to_string().contains('.')) else { continue };
        if found.iter().all(|known| known.path != real) {
            let has_venv = has_venv(&real, &version);
            found.push(Interpreter { version, path: real, source: Source::System, has_venv });
        }
    }
    found
}

/// Whether `-m venv` works: Debian ships ensurepip in a package of its own.
fn has_venv(interpreter: &Utf8Path, version: &Version) -> bool {
    let text = version.to_string();
    let minor: Vec<&str> = text.split('.').take(2).collect();
    let prefix = interpreter.parent().and_then(Utf8Path::parent).unwrap_or(Utf8Path::new("/"));
    prefix.join(format!("lib/python{}/ensurepip/__init__.py", minor.join("."))).exists()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// A folder with these files, all of which can be run.
    fn machine(files: &[&str]) -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let top = Utf8Path::from_path(folder.path()).unwrap().canonicalize_utf8().unwrap();
        for file in files {
            let path = top.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "#!/bin/sh\n").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        (folder, top)
    }

    #[test]
    fn a_shim_is_not_an_interpreter_and_a_version_comes_from_the_name() {
        let (_folder, top) =
            machine(&["usr/bin/python3.11", "usr/lib/python3.11/ensurepip/__init__.py", "shims/python3.13"]);
        std::fs::copy(top.join("shims/python3.13"), top.join("shims/python3")).unwrap();
        symlink("python3.11", top.join("usr/bin/python3")).unwrap();
        let found = Toolbox::discover(&format!("{top}/shims:{top}/usr/bin"));
        let [python] = found.interpreters.as_slice() else { panic!("{:?}", found.interpreters) };
        assert_eq!(python.path, top.join("usr/bin/python3.11"));
        assert_eq!((python.version.to_string().as_str(), python.has_venv), ("3.11", true));
        assert_eq!(found.default_python, Some(python.version));
    }

    #[test]
    fn tools_are_found_where_they_come_first_and_others_are_left_out() {
        let (_folder, top) = machine(&["a/npm", "b/npm", "b/node", "b/cowsay"]);
        let found = Toolbox::discover(&format!("{top}/none:{top}/a:{top}/b"));
        let tools: Vec<_> = found.tools.iter().map(|(name, path)| format!("{name} {path}")).collect();
        assert_eq!(tools, [format!("node {top}/b/node"), format!("npm {top}/a/npm")]);
        assert!(found.versions.is_empty() && found.interpreters.is_empty());
    }

    #[test]
    fn what_version_managers_keep_is_named_for_its_version() {
        let uv = "uv/cpython-3.13.1-linux-x86_64-gnu/bin/python3";
        let (_folder, top) =
            machine(&["pyenv/3.12.4/bin/python3", "pyenv/shims/bin/python3", uv, "uv/pypy-3.10/bin/python3"]);
        let found = Toolbox::discover("")
            .with_interpreters_in(&top.join("pyenv"), Source::Pyenv)
            .with_interpreters_in(&top.join("uv"), Source::Uv)
            .with_interpreters_in(&top.join("none"), Source::Uv);
        let all: Vec<String> = found.interpreters.iter().map(ToString::to_string).collect();
        assert_eq!(all, ["3.12.4 (pyenv)", "3.13.1 (uv)"]);
        assert_eq!(found.default_python.map(|version| version.to_string()).as_deref(), Some("3.12.4"));
    }
}
