//! What was chosen for an app of Node.js or Bun.

use super::package_manager::PackageManager;
use crate::Version;

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

/// Where Node.js comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeSource {
    /// The one of this host.
    Host,
    /// A version that nodeenv fetches into the build.
    Nodeenv(Version),
    /// Bun does without.
    NotNeeded,
}
