//! What was chosen for a Node.js or Bun app.

use super::package_manager::PackageManager;
use crate::Version;

/// The package manager of an app, and the Node.js that runs it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeChoice {
    /// What installs the packages.
    pub manager: PackageManager,
    /// Whether `packageManager` or `NODE_PACKAGE_MANAGER` asks for an exact version, which corepack can provide.
    pub pinned: bool,
    /// The lock file to install from.
    pub lock: Option<&'static str>,
    /// Where Node.js comes from.
    pub node: NodeSource,
}

/// Where Node.js comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeSource {
    /// The host's.
    Host,
    /// A version that nodeenv installs into the build.
    Nodeenv(Version),
    /// None: Bun needs no Node.js.
    NotNeeded,
}
