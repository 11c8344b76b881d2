//! The files that a site serves.

use camino::Utf8PathBuf;
use piku_nginx::{InvalidSite, Led, Servable, StaticPath};

use super::decide::Serves;
use crate::app::AppName;
use crate::deploy::source::inputs::Inputs;
use crate::root::Root;

/// A link, as nginx reaches it, and where it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServedLink {
    pub(crate) path: Utf8PathBuf,
    pub(crate) target: Utf8PathBuf,
}

/// What nginx serves itself, with what links lead to. Paths go through the link to the live release, so that the text does
/// not change with each release.
pub(super) fn of(
    root: &Root,
    app: &AppName,
    inputs: &Inputs,
    serves: &Serves,
    links: &[ServedLink],
) -> Result<Vec<StaticPath>, InvalidSite> {
    let (live, data) = (root.app(app), root.data(app));
    let from = Servable::tree(&live).with_data(&data).with_others(&inputs.options.nginx.allowed_paths);
    Ok(followed(mapped(inputs, serves, &from)?, links, &from))
}

/// What nginx serves itself, links aside.
fn mapped(inputs: &Inputs, serves: &Serves, from: &Servable<'_>) -> Result<Vec<StaticPath>, InvalidSite> {
    let list = inputs.options.nginx.static_paths.as_deref().unwrap_or_default();
    let mut statics = StaticPath::parse_list(list, from)?;
    if let Serves::Static(folder) = serves {
        statics.push(StaticPath::root(folder.as_str(), from)?);
    }
    Ok(statics)
}

/// The paths in the app's tree that its site serves.
pub(crate) fn served(root: &Root, app: &AppName, inputs: &Inputs, serves: &Serves) -> Vec<Utf8PathBuf> {
    let (live, data) = (root.app(app), root.data(app));
    let others = &inputs.options.nginx.allowed_paths;
    let from = Servable::tree(&live).with_data(&data).with_others(others);
    let statics = mapped(inputs, serves, &from).unwrap_or_default();
    let paths = statics.iter().filter_map(|mapped| mapped.path().as_path().strip_prefix(&live).ok());
    paths.map(Into::into).filter(|_| inputs.has_site()).collect()
}

/// Serves what links lead to, since nginx follows none.
fn followed(statics: Vec<StaticPath>, links: &[ServedLink], from: &Servable<'_>) -> Vec<StaticPath> {
    let mut parts = Vec::new();
    let follow = |mut mapped: StaticPath| {
        for link in links {
            match mapped.led(&link.path, &link.target, from) {
                Some(Led::Whole(led)) => mapped = led,
                Some(Led::Part(led)) => parts.push(led),
                None => {}
            }
        }
        mapped
    };
    let mut all: Vec<StaticPath> = statics.into_iter().map(follow).collect();
    all.extend(parts);
    all
}
