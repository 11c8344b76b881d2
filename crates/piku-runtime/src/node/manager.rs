//! Chooses the package manager of a Node.js app.

use super::choice::{AskedManager, NodeChoice, NodeSource};
use super::package::Package;
use super::package_manager::PackageManager;
use crate::{DetectError, Detection, RuntimeName, SourceTree, Warning, Wishes};

/// Chooses the package manager: from `NODE_PACKAGE_MANAGER`, then `packageManager`, then the lock file, then npm; or
/// Bun, if that runtime was asked for. `None` if there is nothing to install.
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
    let (manager, asked) = match (named, bun, locks.as_slice()) {
        (Some(named), false, _) => named,
        (_, true, _) => (PackageManager::Bun, None),
        (None, false, []) => (PackageManager::Npm, None),
        (None, false, [(PackageManager::YarnClassic, _)]) => (PackageManager::yarn(tree), None),
        (None, false, [(manager, _)]) => (*manager, None),
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
        code: "node::lock-unused",
        message: format!("`{other}` is not used: {manager} installs the packages"),
        help: Some(format!("remove it: `git rm {other}`")),
        file: Some((*other).to_owned()),
    });
    found.warnings.extend(unused);
    Ok(Some(NodeChoice { manager, asked, lock, node: NodeSource::NotNeeded }))
}

/// Returns what names the package manager: the setting's first word, or the field; and whether more words follow.
fn name<'a>(wishes: &'a Wishes, package: &'a Package) -> Option<(&'static str, &'a str, bool)> {
    let setting = wishes.setting("NODE_PACKAGE_MANAGER").and_then(|text| {
        let mut words = text.split_whitespace();
        Some(("NODE_PACKAGE_MANAGER", words.next()?, words.next().is_some()))
    });
    setting.or_else(|| package.package_manager().map(|text| ("package.json", text, false)))
}

/// Returns the package manager of which a version is asked for.
pub(crate) fn asked_for(tree: &dyn SourceTree, wishes: &Wishes, package: &Package) -> Option<PackageManager> {
    let (_, text, _) = name(wishes, package)?;
    let (manager, version) = PackageManager::read(text, tree)?;
    version.map(|_| manager)
}

/// Reads the first word of the setting, and the field.
fn named(
    tree: &dyn SourceTree,
    wishes: &Wishes,
    package: &Package,
    found: &mut Detection,
) -> Result<Option<(PackageManager, Option<AskedManager>)>, DetectError> {
    let Some((origin, text, more)) = name(wishes, package) else { return Ok(None) };
    let unknown = || DetectError::UnknownPackageManager { origin, name: text.to_owned() };
    let (manager, version) = PackageManager::read(text, tree).ok_or_else(unknown)?;
    let named = (manager, version.map(|version| AskedManager { version, origin }));
    // Leave out corepack's hash after the version.
    found.because(origin, format!("asks for {}", text.split('+').next().unwrap_or(text)));
    if more {
        found.warn(Warning {
            code: "node::options-unused",
            message: format!("only `{text}` of NODE_PACKAGE_MANAGER is used, and none of its options"),
            help: Some("write options into `.npmrc` or the like".to_owned()),
            file: None,
        });
    }
    Ok(Some(named))
}
