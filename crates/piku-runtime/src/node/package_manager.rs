//! The package managers of Node.js, and how to tell them apart.

use std::fmt;

use crate::SourceTree;
use crate::tree::first_of;

/// What installs the packages of a `package.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PackageManager {
    /// npm.
    Npm,
    /// pnpm.
    Pnpm,
    /// Yarn 1.
    YarnClassic,
    /// Yarn 2 and newer.
    YarnBerry,
    /// Bun.
    Bun,
}

impl PackageManager {
    /// One for each kind of lock file; both Yarns use the same name.
    pub(crate) const BY_LOCK: [Self; 4] = [Self::Npm, Self::Pnpm, Self::YarnClassic, Self::Bun];

    /// Returns its lock files, the preferred one first.
    pub fn locks(self) -> &'static [&'static str] {
        match self {
            Self::Npm => &["npm-shrinkwrap.json", "package-lock.json"],
            Self::Pnpm => &["pnpm-lock.yaml"],
            Self::YarnClassic | Self::YarnBerry => &["yarn.lock"],
            Self::Bun => &["bun.lock", "bun.lockb"],
        }
    }

    /// Finds its lock file.
    pub(crate) fn lock_in(self, tree: &dyn SourceTree) -> Option<&'static str> {
        first_of(tree, self.locks())
    }

    /// Returns the names of its program.
    pub(crate) fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Npm => &["npm"],
            Self::Pnpm => &["pnpm"],
            Self::YarnClassic | Self::YarnBerry => &["yarn", "yarnpkg"],
            Self::Bun => &["bun"],
        }
    }

    /// Returns the name of its program.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pnpm => "pnpm",
            Self::YarnClassic | Self::YarnBerry => "yarn",
            Self::Bun => "bun",
        }
    }

    /// Parses a name with an optional version after `@`, which is returned without the hash that corepack adds. Which
    /// Yarn it is, the version decides, or else the tree.
    pub(crate) fn read(text: &str, tree: &dyn SourceTree) -> Option<(Self, Option<String>)> {
        let (name, version) =
            text.split_once('@').map_or((text, None), |(name, version)| (name, Some(version)));
        let first = version.and_then(|version| version.split('.').next()?.parse::<u32>().ok());
        let manager = match (name, first) {
            ("npm", _) => Self::Npm,
            ("pnpm", _) => Self::Pnpm,
            ("bun", _) => Self::Bun,
            ("yarn", Some(0 | 1)) => Self::YarnClassic,
            ("yarn", Some(_)) => Self::YarnBerry,
            ("yarn", None) => Self::yarn(tree),
            _ => return None,
        };
        let version = version.map(|version| version.split('+').next().unwrap_or(version).to_owned());
        Some((manager, version.filter(|_| first.is_some())))
    }

    /// Distinguishes the two Yarns: the newer one has its own configuration file, and its lock file says so.
    pub(crate) fn yarn(tree: &dyn SourceTree) -> Self {
        let lock = tree.read("yarn.lock").unwrap_or_default();
        let text = String::from_utf8_lossy(&lock);
        if tree.read(".yarnrc.yml").is_some() || text.lines().any(|line| line.trim_end() == "__metadata:") {
            Self::YarnBerry
        } else {
            Self::YarnClassic
        }
    }
}

impl fmt::Display for PackageManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Npm => "npm",
            Self::Pnpm => "pnpm",
            Self::YarnClassic | Self::YarnBerry => "Yarn",
            Self::Bun => "Bun",
        })
    }
}
