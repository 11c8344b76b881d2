//! What the texts say before the build, when some variables are not known yet.

use std::net::Ipv4Addr;

use piku_procfile::Procfile;

use super::procfile;
use crate::settings::{Layers, Options};

/// The inputs of what happens before the build, and of the build. A reference to a variable that is not known yet stays
/// as it is written.
#[derive(Clone, Debug)]
pub(crate) struct EarlyInputs {
    pub(crate) procfile: Procfile,
    /// What the build is given.
    pub(crate) layers: Layers,
    pub(crate) options: EarlyOptions,
}

impl EarlyInputs {
    /// Whether the app has a site.
    pub(crate) fn has_site(&self) -> bool {
        procfile::has_site(&self.procfile, &self.options.server_names)
    }
}

/// The only options that are used before every variable is known. None of them may refer to one that is known later:
/// [`Written::settle`](super::Written::settle) refuses that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EarlyOptions {
    /// The paths that are linked into the tree.
    pub(crate) persist: Vec<String>,
    /// The names and the address that no other app may have.
    pub(crate) server_names: Vec<String>,
    pub(crate) ipv4: Ipv4Addr,
    /// The port that is claimed.
    pub(crate) port: Option<u16>,
    pub(crate) bind_address: String,
    /// What decides the runtime.
    pub(crate) runtime: Option<String>,
    pub(crate) python_version: Option<String>,
}

impl EarlyOptions {
    pub(crate) fn of(options: &Options) -> Self {
        Self {
            persist: options.persist.clone(),
            server_names: options.nginx.server_names.clone(),
            ipv4: options.nginx.ipv4,
            port: options.port,
            bind_address: options.bind_address.clone(),
            runtime: options.runtime.clone(),
            python_version: options.python_version.clone(),
        }
    }

    /// The key of the first option that is another one later.
    pub(super) fn first_that_differs(&self, later: &Self) -> Option<&'static str> {
        let same = [
            ("PIKU_PERSIST", self.persist == later.persist),
            ("NGINX_SERVER_NAME", self.server_names == later.server_names),
            ("NGINX_IPV4_ADDRESS", self.ipv4 == later.ipv4),
            ("PORT", self.port == later.port),
            ("BIND_ADDRESS", self.bind_address == later.bind_address),
            ("PIKU_RUNTIME", self.runtime == later.runtime),
            ("PYTHON_VERSION", self.python_version == later.python_version),
        ];
        same.into_iter().find(|(_, same)| !same).map(|(key, _)| key)
    }
}
