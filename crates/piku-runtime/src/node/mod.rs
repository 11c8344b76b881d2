//! Node.js and Bun: which package manager installs, which Node.js runs, and how the packages reach the tree.
//!
//! [`package`] reads `package.json`, [`manager`] chooses who installs (a
//! [`package_manager`]), [`version`] chooses the Node.js,
//! [`program`] finds the package manager, [`scripts`] the install scripts, [`yarnrc`] reads the configuration of a newer
//! Yarn, [`install`] writes the steps out of [`commands`].

mod choice;
mod commands;
mod install;
mod manager;
mod package;
mod package_manager;
mod program;
mod scripts;
mod version;
mod yarnrc;

use crate::tree::first_of;
use crate::{DetectError, Detection, RuntimeName, SourceTree, Toolbox, Wishes};

pub use choice::{AskedManager, NodeChoice, NodeSource};
pub use package_manager::PackageManager;

pub(crate) use install::plan;

/// Finds the file that marks a Node.js app.
pub(crate) fn manifest(tree: &dyn SourceTree) -> Option<&'static str> {
    first_of(tree, &["package.json"]).or_else(|| PackageManager::Npm.lock_in(tree))
}

/// Finds the file that marks a Bun app.
pub(crate) fn bun_manifest(tree: &dyn SourceTree) -> Option<&'static str> {
    PackageManager::Bun.lock_in(tree)
}

/// Returns the package manager whose version matters, because the app asks for one.
pub(crate) fn asked_for(tree: &dyn SourceTree, wishes: &Wishes) -> Option<PackageManager> {
    manager::asked_for(tree, wishes, &package::Package::of(tree).ok()?)
}

/// Whether `package.json` is there for the tools of its authors alone, such as linters: no program needs it.
pub(crate) fn has_only_tools(tree: &dyn SourceTree) -> bool {
    package::Package::of(tree).is_ok_and(|package| package.has_only_tools())
}

/// Detects a Node.js or Bun app: Bun if it installs the packages, unless Node.js is asked for.
pub(crate) fn detect(
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    wishes: &Wishes,
    mut found: Detection,
) -> Result<Detection, DetectError> {
    let named = found.evidence.first().is_some_and(|evidence| evidence.file == "PIKU_RUNTIME");
    let package = package::Package::of(tree)?;
    let bun = named && found.runtime == RuntimeName::Bun;
    let Some(chosen) = manager::choose(tree, wishes, &package, bun, &mut found)? else { return Ok(found) };
    if !named {
        let bun = chosen.manager == PackageManager::Bun;
        found.runtime = if bun { RuntimeName::Bun } else { RuntimeName::Node };
    }
    let node = if found.runtime == RuntimeName::Bun {
        found.version = toolbox.version("bun");
        NodeSource::NotNeeded
    } else {
        version::choose(tree, toolbox, wishes, &package, &mut found)?
    };
    found.node = Some(NodeChoice { node, ..chosen });
    Ok(found)
}
