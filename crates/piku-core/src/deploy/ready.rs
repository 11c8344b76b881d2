//! Plans a built release and renders all of it, before anything is started or stopped.

use piku_nginx::ErrorPage;

use super::DeployError;
use super::plan::basis::Basis;
use super::plan::render::{self, Rendered};
use super::plan::site::{self, RenderedSite};
use super::plan::statics;
use super::plan::{self, Plan, Serves};
use super::source::served_links;
use crate::host::facts::{self, Nginx};
use crate::host::socket_access::SocketAccess;
use crate::included::Directives;

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
    /// What people wrote for the site.
    pub(crate) directives: Directives,
}

/// The app's own pages for nginx's errors: regular files of its folder. nginx follows no link to them.
fn error_pages(basis: &Basis<'_>) -> Result<Vec<ErrorPage>, DeployError> {
    let mut found = Vec::new();
    let Some(folder) = &basis.inputs.options.nginx.error_pages else { return Ok(found) };
    for page in ErrorPage::all() {
        let path = basis.tree.join(folder).join(page.file_name());
        let is_link = path.ancestors().take_while(|path| *path != basis.tree).any(|path| path.is_symlink());
        if !is_link && path.is_file() {
            found.push(page);
        }
    }
    Ok(found)
}

/// Plans the release and renders all of it.
pub(crate) fn ready(basis: &Basis<'_>, directives: Directives) -> Result<Ready, DeployError> {
    let plan = plan::plan(basis);
    let memory = basis.root.build_cache().join(facts::NGINX);
    let ask = || facts::known_nginx(basis.surroundings, &memory);
    let nginx = basis.inputs.has_site().then(ask).transpose()?;
    let version = nginx.as_ref().and_then(|nginx| nginx.version);
    let served = statics::served(basis.root, basis.app, basis.inputs, &plan.serves);
    let links = served_links::of_tree(basis.root, basis.app, basis.tree, basis.kept, &served)?;
    let error_pages = error_pages(basis)?;
    let spelled = |plan: &Plan| {
        let place =
            site::Place { directives: &directives, links: &links, error_pages: &error_pages, nginx: version };
        site::render(basis.root, basis.app, basis.inputs, plan, &place)
    };
    let site = spelled(&plan)?;
    let stopped = spelled(&Plan { serves: Serves::Unavailable, ..plan.clone() })?;
    let access = SocketAccess::of(basis.root, nginx.as_ref().map(|nginx| &nginx.workers));
    let vassals = plan.processes.iter().map(|process| render::render(basis, process, &access));
    let vassals = vassals.collect::<Result<_, _>>()?;
    Ok(Ready { plan, vassals, site, stopped, nginx, access, directives })
}
