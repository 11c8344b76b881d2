//! The inputs before the build, when some variables are not known yet.

use piku_procfile::Procfile;

use super::procfile;
use crate::settings::{Layers, Options};
use crate::site_claim::SiteClaim;

/// The inputs of the build and of what happens before it. References to variables that are not known yet stay as
/// written.
#[derive(Clone, Debug)]
pub(crate) struct EarlyInputs {
    pub(crate) procfile: Procfile,
    /// The settings for the build.
    pub(crate) layers: Layers,
    pub(crate) options: EarlyOptions,
}

impl EarlyInputs {
    /// Whether the app has a site.
    pub(crate) fn has_site(&self) -> bool {
        procfile::has_site(&self.procfile, &self.options.server_names)
    }
}

/// The options that are used before every variable is known. They must not refer to variables that are known later;
/// [`Written::settle`](super::Written::settle) refuses that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EarlyOptions {
    /// The paths to link into the tree.
    pub(crate) persist: Vec<String>,
    /// The paths not to link, even if the app writes them.
    pub(crate) left_out: Vec<String>,
    /// The server names to answer to, and what to claim.
    pub(crate) server_names: Vec<String>,
    pub(crate) site: SiteClaim,
    /// The port to claim.
    pub(crate) port: Option<u16>,
    pub(crate) bind_address: String,
    /// The options that select the runtime.
    pub(crate) runtime: Option<String>,
    pub(crate) python_version: Option<String>,
}

impl EarlyOptions {
    pub(crate) fn of(options: &Options) -> Self {
        Self {
            persist: options.persist.clone(),
            left_out: options.left_out.clone(),
            server_names: options.nginx.server_names.clone(),
            site: SiteClaim::of(options),
            port: options.port,
            bind_address: options.bind_address.clone(),
            runtime: options.runtime.clone(),
            python_version: options.python_version.clone(),
        }
    }

    /// The key of the first option that differs later.
    pub(super) fn first_that_differs(&self, later: &Self) -> Option<&'static str> {
        let same = [
            ("PIKU_PERSIST", self.persist == later.persist && self.left_out == later.left_out),
            (
                "NGINX_SERVER_NAME",
                self.server_names == later.server_names && self.site.left == later.site.left,
            ),
            ("NGINX_REDIRECT", self.site.names == later.site.names),
            ("NGINX_IPV4_ADDRESS", self.site.ipv4 == later.site.ipv4),
            ("NGINX_IPV6_ADDRESS", self.site.ipv6 == later.site.ipv6),
            ("PORT", self.port == later.port),
            ("BIND_ADDRESS", self.bind_address == later.bind_address),
            ("PIKU_RUNTIME", self.runtime == later.runtime),
            ("PYTHON_VERSION", self.python_version == later.python_version),
        ];
        same.into_iter().find(|(_, same)| !same).map(|(key, _)| key)
    }
}
