use std::fmt;

use super::package::Package;
use super::{NodeChoice, NodeSource};
use crate::runtime::first_of;
use crate::{DetectError, Detection, RuntimeName, SourceTree, Warning, Wishes};

/// Who installs the packages of a `package.json`.
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
    /// One for each kind of lock file; both Yarns call theirs the same.
    const BY_LOCK: [Self; 4] = [Self::Npm, Self::Pnpm, Self::YarnClassic, Self::Bun];

    /// Gives the lock files by which it is known, the one first that it prefers.
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

    /// Gives the name of its program.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pnpm => "pnpm",
            Self::YarnClassic | Self::YarnBerry => "yarn",
            Self::Bun => "bun",
        }
    }

    /// Reads a name, with a version behind `@`; Yarn is known by its version, or by what is in the tree.
    fn read(text: &str, tree: &dyn SourceTree) -> Option<(Self, bool)> {
        let (name, version) =
            text.split_once('@').map_or((text, None), |(name, version)| (name, Some(version)));
        let first = version.and_then(|version| version.split('.').next()?.parse::<u32>().ok());
        let manager = match (name, first) {
            ("npm", _) => Self::Npm,
            ("pnpm", _) => Self::Pnpm,
            ("bun", _) => Self::Bun,
            ("yarn", Some(0 | 1)) => Self::YarnClassic,
            ("yarn", Some(_)) => Self::YarnBerry,
            ("yarn", None) => yarn(tree),
            _ => return None,
        };
        Some((manager, first.is_some()))
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

/// Chooses who installs: the one that `NODE_PACKAGE_MANAGER` names, then `packageManager`, then the lock file, then npm;
/// or Bun, where the runtime was asked for. `None` where there is nothing to install.
pub(crate) fn choose(
    tree: &dyn SourceTree,
    wishes: &Wishes,
    package: &Package,
    bun: bool,
    found: &mut Detection,
) -> Result<Option<NodeChoice>, DetectError> {
    let locks: Vec<(PackageManager, &'static str)> =
        PackageManager::BY_LOCK.into_iter().filter_map(|it| Some((it, it.lock_in(tree)?))).collect();
    if !package.is_present() {
        return match locks.first() {
            Some((_, lock)) => Err(DetectError::LockAlone { lock, manifest: "package.json" }),
            None => Ok(None),
        };
    }
    let named = named(tree, wishes, package, found)?;
    let (manager, pinned) = match (named, bun, locks.as_slice()) {
        (Some(named), false, _) => named,
        (_, true, _) => (PackageManager::Bun, false),
        (None, false, []) => (PackageManager::Npm, false),
        (None, false, [(PackageManager::YarnClassic, _)]) => (yarn(tree), false),
        (None, false, [(manager, _)]) => (*manager, false),
        (None, false, [(_, first), (_, second), ..]) => {
            return Err(DetectError::TwoLocks { runtime: RuntimeName::Node, first, second });
        }
    };
    let lock = manager.lock_in(tree);
    match lock {
        Some(lock) => found.because(lock, "locks the packages"),
        None => found.because("package.json", "lists the packages"),
    }
    let unused = locks.iter().filter(|(_, other)| Some(*other) != lock).map(|(_, other)| Warning {
        code: "node-lock-unused",
        message: format!("`{other}` is not used: {manager} installs the packages"),
        help: Some(format!("remove it: `git rm {other}`")),
        file: Some((*other).to_owned()),
    });
    found.warnings.extend(unused);
    Ok(Some(NodeChoice { manager, pinned, lock, node: NodeSource::NotNeeded }))
}

/// Reads the setting, of which only the first word counts, and the field.
fn named(
    tree: &dyn SourceTree,
    wishes: &Wishes,
    package: &Package,
    found: &mut Detection,
) -> Result<Option<(PackageManager, bool)>, DetectError> {
    let setting = wishes.setting("NODE_PACKAGE_MANAGER").and_then(|text| {
        let mut words = text.split_whitespace();
        Some(("NODE_PACKAGE_MANAGER", words.next()?, words.next().is_some()))
    });
    let field = package.package_manager().map(|text| ("package.json", text, false));
    let Some((origin, text, more)) = setting.or(field) else { return Ok(None) };
    let unknown = || DetectError::UnknownPackageManager { origin, name: text.to_owned() };
    let named = PackageManager::read(text, tree).ok_or_else(unknown)?;
    // Corepack's hash behind the version is of no interest to a reader.
    found.because(origin, format!("asks for {}", text.split('+').next().unwrap_or(text)));
    if more {
        found.warn(Warning {
            code: "node-options-unused",
            message: format!("only `{text}` of NODE_PACKAGE_MANAGER is used, and none of its options"),
            help: Some("write options into `.npmrc` or the like".to_owned()),
            file: None,
        });
    }
    Ok(Some(named))
}

/// Tells the two Yarns apart: the newer one has a configuration of its own, and its lock file says so.
fn yarn(tree: &dyn SourceTree) -> PackageManager {
    let lock = tree.read("yarn.lock").unwrap_or_default();
    let text = String::from_utf8_lossy(&lock);
    if tree.read(".yarnrc.yml").is_some() || text.lines().any(|line| line.trim_end() == "__metadata:") {
        PackageManager::YarnBerry
    } else {
        PackageManager::YarnClassic
    }
}
