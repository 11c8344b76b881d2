//! Python packages made for a test, so that no build needs the network.

use std::fs;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use crate::namespace::Namespace;

/// A package that the server's pip and uv find without an index.
///
/// It is a source package with its own build backend. While the file [`hold`](Self::hold) exists, its build waits, so
/// that a test can observe, and end, a build in progress.
#[derive(Debug)]
pub struct Package {
    folder: Utf8PathBuf,
    name: String,
    version: String,
}

/// Makes the archive; arguments: folder, name, version, and the source of the only module.
const MAKE: &str = r#"
import io, sys, tarfile
folder, name, version, source = sys.argv[1:]
backend = f'''
import base64, hashlib, os, time, zipfile
def build_wheel(wheels, config=None, metadata=None):
    open({folder!r} + "/{name}.building", "w").close()
    while os.path.exists({folder!r} + "/{name}.hold"):
        time.sleep(0.05)
    info = "{name}-{version}.dist-info"
    file = "{name}-{version}-py3-none-any.whl"
    members = {{
        "{name}.py": open("{name}.py").read(),
        info + "/METADATA": "Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n",
        info + "/WHEEL": "Wheel-Version: 1.0\\nGenerator: tests\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }}
    record = "".join(f"{{member}},,\\n" for member in members) + info + "/RECORD,,\\n"
    with zipfile.ZipFile(os.path.join(wheels, file), "w") as wheel:
        for member, text in {{**members, info + "/RECORD": record}}.items():
            wheel.writestr(member, text)
    return file
def build_sdist(folder, config=None):
    raise NotImplementedError
'''
project = f'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n[project]\nname = "{name}"\nversion = "{version}"\n'
info = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
with tarfile.open(f"{folder}/{name}-{version}.tar.gz", "w:gz") as archive:
    for member, text in {f"{name}.py": source, "backend.py": backend, "pyproject.toml": project, "PKG-INFO": info}.items():
        entry = tarfile.TarInfo(f"{name}-{version}/{member}")
        entry.size = len(text.encode())
        archive.addfile(entry, io.BytesIO(text.encode()))
"#;

impl Package {
    /// Makes version `version` of a package with one module, `source`.
    ///
    /// # Panics
    ///
    /// When Python can't make it.
    #[must_use]
    pub(crate) fn new(
        home: &Utf8Path,
        namespace: &Namespace,
        name: &str,
        version: &str,
        source: &str,
    ) -> Self {
        let folder = home.join("packages");
        let write = |path: Utf8PathBuf, text: String| {
            fs::create_dir_all(path.parent().expect("a file is in a folder"))
                .and_then(|()| fs::write(path, text))
        };
        fs::create_dir_all(&folder)
            .and_then(|()| {
                write(
                    home.join(".config/pip/pip.conf"),
                    format!("[global]\nno-index = true\nfind-links = {folder}\n"),
                )
            })
            .and_then(|()| {
                write(
                    home.join(".config/uv/uv.toml"),
                    format!("no-index = true\nfind-links = [\"{folder}\"]\n"),
                )
            })
            .expect("a new home can be written to");
        let python = Command::new(crate::machine::require("python3"))
            .args(["-c", MAKE, folder.as_str(), name, version, source])
            .output();
        let python = python.expect("python3 starts");
        assert!(
            python.status.success(),
            "a package can be made: {}",
            String::from_utf8_lossy(&python.stderr)
        );
        // Its build writes a file beside it.
        namespace.own(&folder);
        namespace.own(&home.join(".config"));
        Self { folder, name: name.to_owned(), version: version.to_owned() }
    }

    /// The text of a `requirements.txt` that names only this package.
    #[must_use]
    pub fn requirements(&self) -> String {
        format!("{}=={}\n", self.name, self.version)
    }

    /// Makes every build of it wait until [`Self::release`].
    ///
    /// # Panics
    ///
    /// When its folder is gone.
    pub fn hold(&self) {
        fs::write(self.folder.join(format!("{}.hold", self.name)), "")
            .expect("the package's folder is there");
    }

    /// Lets waiting builds continue.
    pub fn release(&self) {
        drop(fs::remove_file(self.folder.join(format!("{}.hold", self.name))));
    }

    /// Whether a build of it has begun.
    #[must_use]
    pub fn is_being_built(&self) -> bool {
        self.folder.join(format!("{}.building", self.name)).exists()
    }

    /// Makes it impossible to install: every build that needs it now fails.
    ///
    /// # Panics
    ///
    /// When it has already vanished.
    pub fn vanish(&self) {
        let archive = self.folder.join(format!("{}-{}.tar.gz", self.name, self.version));
        fs::remove_file(archive).expect("the package is there");
    }
}
