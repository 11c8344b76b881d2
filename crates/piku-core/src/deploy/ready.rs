//! Plans a built release and renders all of it, before anything is started or stopped.

use super::DeployError;
use super::plan::basis::Basis;
use super::plan::render::{self, Rendered};
use super::plan::site::{self, RenderedSite};
use super::plan::{self, Plan, Serves};
use crate::host::facts::{self, Nginx};
use crate::host::files;
use crate::host::socket_access::SocketAccess;

/// Everything that a release writes to the machine, rendered but not written yet.
pub(crate) struct Ready {
    pub(crate) plan: Plan,
    /// Every process of the plan.
    pub(crate) vassals: Vec<Rendered>,
    pub(crate) site: Option<RenderedSite>,
    /// The site while the app is stopped.
    pub(crate) stopped: Option<RenderedSite>,
    pub(crate) nginx: Option<Nginx>,
    pub(crate) access: SocketAccess,
}

/// The text of the app's own file for nginx, if it has one.
fn include(basis: &Basis<'_>) -> Result<Option<String>, DeployError> {
    let file = basis.inputs.options.nginx.include_file.as_ref();
    Ok(file.map(|file| files::read_text(&basis.tree.join(file))).transpose()?.flatten())
}

/// Plans the release and renders all of it.
pub(crate) fn ready(basis: &Basis<'_>) -> Result<Ready, DeployError> {
    let plan = plan::plan(basis);
    let memory = basis.root.build_cache().join(facts::NGINX);
    let ask = || facts::known_nginx(basis.surroundings, &memory);
    let nginx = basis.inputs.has_site().then(ask).transpose()?;
    let version = nginx.as_ref().and_then(|nginx| nginx.version);
    let include = include(basis)?;
    let spelled = |plan: &Plan| {
        let place = site::Place { tree: basis.tree, include: include.as_deref(), nginx: version };
        site::render(basis.root, basis.app, basis.inputs, plan, &place)
    };
    let site = spelled(&plan)?;
    let stopped = spelled(&Plan { serves: Serves::Unavailable, ..plan.clone() })?;
    let access = SocketAccess::of(basis.root, nginx.as_ref().map(|nginx| &nginx.workers));
    let vassals = plan.processes.iter().map(|process| render::render(basis, process, &access));
    let vassals = vassals.collect::<Result<_, _>>()?;
    Ok(Ready { plan, vassals, site, stopped, nginx, access })
}
