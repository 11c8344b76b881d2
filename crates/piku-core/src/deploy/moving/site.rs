//! The site that is served while files of its app move: nginx follows no link, so it has to know where they are.

use camino::{Utf8Path, Utf8PathBuf};
use piku_nginx::{FilePath, moved};

use crate::app::AppName;
use crate::host::{HostError, Step, Surroundings, files, nginx};
use crate::release::{Release, store};
use crate::root::Root;

/// Serves what has moved from its new place: in the site of the live release, and in its record, so that this stays if
/// the next release is refused. Each path is relative to the tree, and comes with its path in the data.
pub(super) fn follow<'a>(
    root: &Root,
    surroundings: &Surroundings,
    app: &AppName,
    live: &Release,
    paths: impl Iterator<Item = (&'a Utf8Path, &'a Utf8Path)> + Clone,
) -> Result<(), HostError> {
    let (tree, data) = (root.app(app), root.data(app));
    let led = |text: &String| {
        paths.clone().fold(text.clone(), |text, (path, at)| {
            let known = |path: Utf8PathBuf| FilePath::new(path).ok();
            let both = known(tree.join(path)).zip(known(data.join(at)));
            match both.zip(FilePath::new(root.all_data()).ok()) {
                Some(((path, target), top)) => moved(&text, &path, &target, &top),
                None => text,
            }
        })
    };
    let (site, site_stopped) = (live.site.as_ref().map(led), live.site_stopped.as_ref().map(led));
    if site == live.site && site_stopped == live.site_stopped {
        return Ok(());
    }
    let path = root.site(app);
    let now = files::read_text(&path)?;
    let changed = [(&live.site, &site), (&live.site_stopped, &site_stopped)]
        .into_iter()
        .find_map(|(before, after)| after.clone().filter(|_| *before == now));
    store::save(
        root,
        app,
        &Release { site: site.clone(), site_stopped: site_stopped.clone(), ..live.clone() },
    )?;
    if let Some(text) = changed {
        Step::Write { path, mode: 0o644, text }.carry_out()?;
        // Whatever keeps nginx from it shows when the traffic moves.
        drop(nginx::reload(root, surroundings));
    }
    Ok(())
}
