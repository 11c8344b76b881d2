//! The contents of a release: every file, where it goes, and whether it is executable.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

use super::libraries::Libraries;
use super::pages::Pages;
use super::target::Target;
use super::{changelog, control};

/// A file of a package or an archive.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct File {
    /// Its path, relative to the top.
    pub(super) path: Utf8PathBuf,
    /// Mode 755 instead of 644.
    pub(super) executable: bool,
    pub(super) bytes: Vec<u8>,
    /// Compressed in the package, with `.gz` added to its name.
    pub(super) gzip: bool,
}

fn file(path: impl Into<Utf8PathBuf>, bytes: &[u8]) -> File {
    File { path: path.into(), executable: false, bytes: bytes.to_owned(), gzip: false }
}

fn program(path: &str, bytes: &[u8]) -> File {
    File { executable: true, ..file(path, bytes) }
}

fn compressed(path: impl Into<Utf8PathBuf>, bytes: &[u8]) -> File {
    File { gzip: true, ..file(path, bytes) }
}

/// Files from the repository.
#[derive(Debug)]
pub(super) struct Sources {
    /// README.md and the pages of `docs`, with their paths.
    pub(super) documents: Vec<(String, Vec<u8>)>,
    pub(super) changelog: String,
    pub(super) mit: Vec<u8>,
    pub(super) apache: Vec<u8>,
}

impl Sources {
    pub(super) fn read(workspace: &Utf8Path) -> Result<Self, String> {
        let read = |name: &str| {
            fs::read(workspace.join(name)).map_err(|error| format!("could not read {name}: {error}"))
        };
        let mut documents = vec![("README.md".to_owned(), read("README.md")?)];
        for folder in ["docs", "docs/runtimes"] {
            let pages = workspace
                .join(folder)
                .read_dir_utf8()
                .map_err(|error| format!("could not read {folder}: {error}"))?;
            // The table of contents is for mdBook alone.
            let is_page = |name: &str| name.ends_with(".md") && name != "SUMMARY.md";
            for page in pages.flatten().filter(|page| is_page(page.file_name())) {
                let name = format!("{folder}/{}", page.file_name());
                documents.push((name.clone(), read(&name)?));
            }
        }
        documents.sort();
        let changelog = String::from_utf8_lossy(&read("CHANGELOG.md")?).into_owned();
        Ok(Self { documents, changelog, mit: read("LICENSE-MIT")?, apache: read("LICENSE-APACHE")? })
    }
}

/// Everything in a package or an archive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Release<'a> {
    /// The version, as Cargo writes it.
    pub(super) version: &'a str,
    pub(super) target: &'a Target,
    /// The maintainer of the package.
    pub(super) maintainer: &'a str,
    pub(super) program: &'a [u8],
    /// The launcher beside it.
    pub(super) launcher: &'a [u8],
    pub(super) pages: &'a Pages,
    pub(super) sources: &'a Sources,
}

impl Release<'_> {
    /// The files that dpkg installs. `date` is the changelog's.
    pub(super) fn package(&self, date: &str) -> Vec<File> {
        let [bash, zsh, fish] = &self.pages.completions;
        let doc = Utf8Path::new("usr/share/doc/piku");
        let mut files = vec![
            program("usr/bin/piku", self.program),
            program("usr/bin/piku-launch", self.launcher),
            file("usr/share/bash-completion/completions/piku", bash),
            file("usr/share/zsh/vendor-completions/_piku", zsh),
            file("usr/share/fish/vendor_completions.d/piku.fish", fish),
            file(doc.join("copyright"), control::copyright(&self.sources.mit).as_bytes()),
            compressed(
                doc.join("changelog"),
                changelog::debian(
                    &self.sources.changelog,
                    &control::version(self.version),
                    self.maintainer,
                    date,
                )
                .as_bytes(),
            ),
        ];
        let units = Utf8Path::new("usr/lib/systemd/system");
        files.extend(self.pages.units.iter().map(|(name, text)| file(units.join(name), text)));
        let manual = Utf8Path::new("usr/share/man/man1");
        files.extend(self.pages.manual.iter().map(|(name, text)| compressed(manual.join(name), text)));
        files.extend(self.sources.documents.iter().map(|(name, text)| file(doc.join(name), text)));
        files
    }

    /// The files that dpkg reads and runs.
    pub(super) fn control(&self, installed_kilobytes: u64) -> Vec<File> {
        let version = control::version(self.version);
        let architecture = self.target.debian.unwrap_or("all");
        let libraries = Libraries::read(self.program);
        let text = control::control(&version, architecture, self.maintainer, libraries, installed_kilobytes);
        let scripts = control::scripts(&version);
        let scripts = scripts.iter().map(|(name, text)| program(&format!("DEBIAN/{name}"), text.as_bytes()));
        [file("DEBIAN/control", text.as_bytes())].into_iter().chain(scripts).collect()
    }

    /// The name of the archive, and of the folder in it.
    pub(super) fn name(&self) -> String {
        format!("piku-{}-{}", self.version, self.target.triple)
    }

    /// The files in the archive. It has no units: `piku setup --system` writes them with the path of the program.
    pub(super) fn archive(&self) -> Vec<File> {
        let top = Utf8PathBuf::from(self.name());
        let [bash, zsh, fish] = &self.pages.completions;
        let mut files = vec![
            file("INSTALL", include_str!("INSTALL").as_bytes()),
            file("CHANGELOG.md", self.sources.changelog.as_bytes()),
            file("LICENSE-MIT", &self.sources.mit),
            file("LICENSE-APACHE", &self.sources.apache),
            program("piku", self.program),
            program("piku-launch", self.launcher),
            file("completions/piku.bash", bash),
            file("completions/_piku", zsh),
            file("completions/piku.fish", fish),
        ];
        files.extend(self.pages.manual.iter().map(|(name, text)| file(format!("man/man1/{name}"), text)));
        files.extend(self.sources.documents.iter().map(|(name, text)| file(name.as_str(), text)));
        files.into_iter().map(|file| File { path: top.join(&file.path), ..file }).collect()
    }
}
