//! How requests get to the processes: the site and the links to sockets. All of it can be taken back.

use super::DeployError;
use super::plan::site::RenderedSite;
use crate::app::AppName;
use crate::host::{Host, HostError, Step, Surroundings, apply, certificate, files, nginx};
use crate::root::Root;

/// Gives nginx the new site, and the sockets behind it. Waits until nginx answers with it.
///
/// A link to a socket is where the traffic of `wsgi` moves over. Links that exist already are moved last:
/// while nginx is asked to take the new site, the old processes serve. The site itself is only written
/// when it differs, since waiting for nginx takes longer than everything else.
pub(crate) fn site(
    root: &Root,
    surroundings: &Surroundings,
    host: &dyn Host,
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
    apply(host, &new.into_iter().map(link).collect::<Vec<_>>())?;
    let path = root.site(app);
    match site {
        Some(site) => {
            certificate::ensure(&root.certificate(app), &root.certificate_key(app), server_names)?;
            if files::read_text(&path)?.as_deref() != Some(&site.text) {
                host.carry_out(&Step::Write { path, mode: 0o644, text: site.text.clone() })?;
                nginx::reload_and_wait(root, surroundings, &site.question)?;
            }
        }
        None if files::exists(&path) => {
            host.carry_out(&Step::Remove(path))?;
            nginx::reload(root, surroundings)?;
        }
        None => {}
    }
    Ok(apply(host, &moved.into_iter().map(link).collect::<Vec<_>>())?)
}

/// Lets nginx, another user, into the tree of a release and the app's data where the site serves files from
/// them; into nothing otherwise.
pub(crate) fn open_to_nginx(
    root: &Root,
    app: &AppName,
    numbers: [u32; 2],
    site: Option<&RenderedSite>,
    persists: bool,
) -> Result<(), HostError> {
    let serves_files = site.is_some_and(|site| site.serves_files);
    // A release that shares its tree leads there by way of its own folder.
    for number in numbers {
        files::set_mode(&root.release(app, number), if serves_files { 0o711 } else { 0o700 })?;
    }
    if site.is_some_and(|site| site.serves_data || site.serves_files && persists) {
        files::set_mode(&root.data(app), 0o711)?;
    }
    Ok(())
}
