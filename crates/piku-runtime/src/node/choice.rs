//! What was chosen for a Node.js or Bun app.

use super::package_manager::PackageManager;
use crate::Version;

/// The package manager of an app, and the Node.js that runs it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeChoice {
    /// What installs the packages.
    pub manager: PackageManager,
    /// The version of it that is asked for, such as `9.15.0` or `10`.
    pub asked: Option<AskedManager>,
    /// The lock file to install from.
    pub lock: Option<&'static str>,
    /// Where Node.js comes from.
    pub node: NodeSource,
}

/// The version of a package manager that an app asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AskedManager {
    /// As it was written, such as `9.15.0` or `10`, without a hash.
    pub version: String,
    /// Where: `package.json` or `NODE_PACKAGE_MANAGER`.
    pub origin: &'static str,
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
