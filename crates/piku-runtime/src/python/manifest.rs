//! The files that name the packages of a Python app.

use std::fmt;

use crate::python::pyproject::Pyproject;
use crate::{DetectError, RuntimeName, SourceTree};

/// The file that names the packages of a Python app, in the order of preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PythonManifest {
    /// `uv.lock`, beside `pyproject.toml`.
    UvLock,
    /// `poetry.lock`, beside `pyproject.toml`.
    PoetryLock,
    /// `pdm.lock`, beside `pyproject.toml`.
    PdmLock,
    /// `Pipfile.lock`, beside `Pipfile`.
    PipfileLock,
    /// `requirements.txt`.
    Requirements,
    /// `Pipfile` without its lock file.
    Pipfile,
    /// `pyproject.toml` without a lock file, if it holds more than tool settings.
    Pyproject,
    /// `setup.py`.
    SetupPy,
    /// None: an environment without packages.
    Nothing,
}

impl PythonManifest {
    const FILES: [Self; 8] = [
        Self::UvLock,
        Self::PoetryLock,
        Self::PdmLock,
        Self::PipfileLock,
        Self::Requirements,
        Self::Pipfile,
        Self::Pyproject,
        Self::SetupPy,
    ];

    /// Returns the name of the file; empty for [`PythonManifest::Nothing`].
    pub fn file(self) -> &'static str {
        match self {
            Self::UvLock => "uv.lock",
            Self::PoetryLock => "poetry.lock",
            Self::PdmLock => "pdm.lock",
            Self::PipfileLock => "Pipfile.lock",
            Self::Requirements => "requirements.txt",
            Self::Pipfile => "Pipfile",
            Self::Pyproject => "pyproject.toml",
            Self::SetupPy => "setup.py",
            Self::Nothing => "",
        }
    }

    /// Finds the manifest of the tree.
    pub(crate) fn of(tree: &dyn SourceTree) -> Result<Self, DetectError> {
        let found: Vec<Self> = Self::FILES.into_iter().filter(|manifest| manifest.is_in(tree)).collect();
        let locks: Vec<Self> =
            found.iter().copied().filter(|manifest| manifest.belongs_to().is_some()).collect();
        if let [first, second, ..] = locks.as_slice() {
            return Err(DetectError::TwoLocks {
                runtime: RuntimeName::Python,
                first: first.file(),
                second: second.file(),
            });
        }
        let Some(&first) = found.first() else { return Ok(Self::Nothing) };
        match first.belongs_to() {
            Some(manifest) if tree.read(manifest).is_none() => {
                Err(DetectError::LockAlone { lock: first.file(), manifest })
            }
            _ if first == Self::Pyproject && Pyproject::of(tree).only_poetry_reads_it() => {
                Err(DetectError::PoetryWithoutLock)
            }
            _ => Ok(first),
        }
    }

    /// Returns the file that a lock file was made from.
    fn belongs_to(self) -> Option<&'static str> {
        match self {
            Self::UvLock | Self::PoetryLock | Self::PdmLock => Some("pyproject.toml"),
            Self::PipfileLock => Some("Pipfile"),
            _ => None,
        }
    }

    fn is_in(self, tree: &dyn SourceTree) -> bool {
        tree.read(self.file()).is_some() && (self != Self::Pyproject || Pyproject::of(tree).is_a_project())
    }

    /// Returns what the file does for the app, phrased to follow its name.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::UvLock | Self::PoetryLock | Self::PdmLock | Self::PipfileLock => "locks the packages",
            Self::Requirements | Self::Pipfile => "lists the packages",
            Self::Pyproject | Self::SetupPy => "describes the project",
            Self::Nothing => "",
        }
    }
}

impl fmt::Display for PythonManifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.file())
    }
}

/// Finds the file that marks a Python app.
pub(crate) fn speaks(tree: &dyn SourceTree) -> Option<&'static str> {
    PythonManifest::FILES.into_iter().find(|manifest| manifest.is_in(tree)).map(PythonManifest::file)
}

/// Finds a file that suggests Python without naming packages: `.python-version`, or a `pyproject.toml` with only tool
/// settings. It counts only if no other language is detected.
pub(crate) fn hint(tree: &dyn SourceTree) -> Option<&'static str> {
    [".python-version", "pyproject.toml"].into_iter().find(|file| tree.read(file).is_some())
}
