//! Removes old releases and builds.

use super::build;
use super::source::{checkout, rescue};
use crate::app::AppName;
use crate::event::Report;
use crate::host::{HostError, Surroundings};
use crate::release::{Release, store};
use crate::root::Root;

/// The number of releases to keep in addition to the newest one of each commit: a commit may have many, with different
/// settings.
const BESIDE: usize = 20;

/// Removes old releases, except for those of the last `keep` commits, the live one, a waiting one, and those whose tree
/// another one shares.
///
/// First moves files that the app wrote to a tree to `data/<app>/rescued/<n>`.
pub(crate) fn prune(
    root: &Root,
    surroundings: &Surroundings,
    app: &AppName,
    keep: u32,
    report: &mut Report<'_>,
) -> Result<(), HostError> {
    let releases = store::all(root, app)?;
    let pinned = [store::live_number(root, app), store::waiting(root, app)?.map(|waiting| waiting.number)];
    let kept = kept(&releases, keep as usize, &pinned);
    let needed =
        |number: u32| kept.iter().any(|release| release.number == number || release.tree_of == number);
    let mut used: Vec<String> = kept.iter().filter_map(|release| release.build.clone()).collect();
    for release in &releases {
        if needed(release.number) {
            used.extend(release.build.clone());
        } else {
            rescue::rescue(root, surroundings, app, release.number, report)?;
            checkout::keep_for_the_next(root, app, release.number)?;
        }
    }
    build::prune(root, app, &used)
}

/// The releases to keep, newest first.
fn kept<'a>(releases: &'a [Release], commits: usize, pinned: &[Option<u32>]) -> Vec<&'a Release> {
    let mut known: Vec<&str> = Vec::new();
    let mut beside = 0;
    let mut kept = Vec::new();
    for release in releases.iter().rev() {
        let another = known.contains(&release.commit.as_str());
        let keep = if another { beside < BESIDE } else { known.len() < commits };
        if keep && another {
            beside += 1;
        } else if keep {
            known.push(&release.commit);
        }
        if keep || pinned.contains(&Some(release.number)) {
            kept.push(release);
        }
    }
    kept
}
