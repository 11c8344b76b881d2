//! Node.js and Bun: which package manager installs, which Node.js runs, and how the packages reach the tree.
//!
//! [`package`] reads `package.json`, [`manager`] chooses who installs, [`version`] chooses the Node.js,
//! [`program`] finds the package manager, [`yarnrc`] reads the configuration of a newer Yarn, [`install`] writes the steps.

mod install;
mod manager;
mod package;
mod program;
mod version;
mod yarnrc;

use crate::runtime::first_of;
use crate::{DetectError, Detection, RuntimeName, SourceTree, Toolbox, Wishes};

pub use manager::PackageManager;
pub use version::NodeSource;

pub(crate) use install::plan;

/// Who installs the packages of an app, and which Node.js runs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeChoice {
    /// Who installs.
    pub manager: PackageManager,
    /// Whether `packageManager` or `NODE_PACKAGE_MANAGER` asks for one version of it, which corepack can provide.
    pub pinned: bool,
    /// The lock file to install from.
    pub lock: Option<&'static str>,
    /// Where Node.js comes from.
    pub node: NodeSource,
}

/// Finds the file that speaks for Node.js.
pub(crate) fn manifest(tree: &dyn SourceTree) -> Option<&'static str> {
    first_of(tree, &["package.json"]).or_else(|| PackageManager::Npm.lock_in(tree))
}

/// Finds the file that speaks for Bun.
pub(crate) fn bun_manifest(tree: &dyn SourceTree) -> Option<&'static str> {
    PackageManager::Bun.lock_in(tree)
}

/// Reads the tree as one of Node.js or Bun: an app whose packages Bun installs is Bun's, unless Node.js is asked for.
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
