//! The links to the sockets of serving processes. Moving the links moves the traffic.

use camino::Utf8PathBuf;
use piku_procfile::runs_in_uwsgi;

use crate::app::AppName;
use crate::deploy::plan::{Plan, Work};
use crate::host::files;
use crate::release::Release;
use crate::root::Root;

/// The links through which nginx and the router reach the sockets of a release: pairs of link and socket.
///
/// There may be more links than sockets: existing ones, which an old worker of nginx may still use, and those of a
/// router. Links are assigned round robin, so no link dangles.
pub(crate) fn of_plan(root: &Root, plan: &Plan) -> Vec<(Utf8PathBuf, Utf8PathBuf)> {
    let mut sockets = Vec::new();
    let mut routed = 0;
    let mut app = None;
    for process in &plan.processes {
        match &process.work {
            Work::Hosted { socket, .. } => {
                app = Some(&process.name.app);
                sockets.push(socket.clone());
            }
            Work::Front { backends, .. } => routed = backends.len(),
            _ => {}
        }
    }
    app.map_or_else(Vec::new, |app| by_turns(root, app, &sockets, routed))
}

/// The same links, derived from the names of the vassals of a release.
pub(crate) fn of_release(root: &Root, app: &AppName, release: &Release) -> Vec<(Utf8PathBuf, Utf8PathBuf)> {
    let served =
        release.vassals.iter().filter(|name| runs_in_uwsgi(&name.kind) && name.run == release.run_number());
    let sockets: Vec<_> = served.map(|name| root.socket(&name.app, name.run, name.index)).collect();
    by_turns(root, app, &sockets, 0)
}

fn by_turns(
    root: &Root,
    app: &AppName,
    sockets: &[Utf8PathBuf],
    least: usize,
) -> Vec<(Utf8PathBuf, Utf8PathBuf)> {
    if sockets.is_empty() {
        return Vec::new();
    }
    let count = sockets.len().max(least).max(present(root, app).len());
    let links = (1..).map(|index| root.site_socket(app, index));
    links.zip(sockets.iter().cycle().cloned()).take(count).collect()
}

/// The existing links with their targets.
pub(crate) fn present(root: &Root, app: &AppName) -> Vec<(Utf8PathBuf, Utf8PathBuf)> {
    let links = (1..).map(|index| root.site_socket(app, index));
    links.map_while(|link| Some((link.clone(), files::link_target(&link)?))).collect()
}
