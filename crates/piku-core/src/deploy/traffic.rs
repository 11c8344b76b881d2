//! Routes requests to the processes: the site and the links to sockets. All of this can be undone.

use super::DeployError;
use super::plan::site::RenderedSite;
use crate::app::AppName;
use crate::certificates::served::{self, Visit};
use crate::host::nginx::Question;
use crate::host::{HostError, Step, Surroundings, access_log, apply, files, nginx, nginx_trial};
use crate::release::store;
use crate::root::Root;

/// Writes the new site and the links to the sockets behind it, and waits until nginx serves it.
///
/// The links move the traffic of `wsgi`. Existing links are changed last, so that the old processes serve while nginx
/// reloads. The site is only written if it differs, since waiting for nginx takes longer than everything else.
pub(crate) fn site(
    root: &Root,
    surroundings: &Surroundings,
    app: &AppName,
    site: Option<&RenderedSite>,
    links: &[(camino::Utf8PathBuf, camino::Utf8PathBuf)],
    server_names: &[String],
) -> Result<(), DeployError> {
    let link = |(path, target): &(camino::Utf8PathBuf, camino::Utf8PathBuf)| Step::Link {
        path: path.clone(),
        target: target.clone(),
    };
    let (moved, new): (Vec<_>, Vec<_>) = links.iter().partition(|(path, _)| files::exists(path));
    apply(&new.into_iter().map(link).collect::<Vec<_>>())?;
    let path = root.site(app);
    match site {
        Some(site) => {
            access_log::prepare(root)?;
            access_log::rotate(root, surroundings, app)?;
            let certificate = served::settle(root, app, server_names)?;
            if let Some(cache) = &site.cache {
                // nginx makes no parents, and would follow a link.
                files::make_folder_below(&root.all_caches(), cache, 0o700)?;
            }
            if certificate.is_some() || files::read_text(&path)?.as_deref() != Some(&site.text) {
                nginx_trial::check(surroundings, &path, &site.text)?;
                Step::Write { path: path.clone(), mode: 0o644, text: site.text.clone() }.carry_out()?;
                if let Some(old) = store::formerly(root, app) {
                    // Whoever reloads nginx in between finds both, and one of them serves.
                    Step::Remove(root.site(&old)).carry_out()?;
                }
                let outcome = nginx::reload_and_wait(root, surroundings, &site.question);
                outcome.map_err(|error| error.at_its_line(&path, &site.text))?;
            }
            if let Some(kept) = certificate {
                let Question { address, host, .. } = &site.question;
                Visit::of(*address, host).iter().for_each(|visit| visit.await_sight(&kept.pair));
            }
        }
        None if files::exists(&path) => {
            Step::Remove(path).carry_out()?;
            nginx::reload(root, surroundings)?;
        }
        None => {}
    }
    Ok(apply(&moved.into_iter().map(link).collect::<Vec<_>>())?)
}

/// Gives nginx, which may be another user, access to the tree of a release and the app's data if the site serves files
/// from them, and to nothing otherwise.
pub(crate) fn open_to_nginx(
    root: &Root,
    app: &AppName,
    numbers: [u32; 2],
    site: Option<&RenderedSite>,
    persists: bool,
) -> Result<(), HostError> {
    let serves_files = site.is_some_and(|site| site.serves_files);
    // A release that shares a tree is reached through its own folder too.
    for number in numbers {
        files::set_mode(&root.release(app, number), if serves_files { 0o711 } else { 0o700 })?;
    }
    if site.is_some_and(|site| site.serves_data || site.serves_files && persists) {
        files::set_mode(&root.data(app), 0o711)?;
    }
    Ok(())
}
