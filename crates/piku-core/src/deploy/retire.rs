//! Lets the processes of an old release go, and removes what no release needs any more.

use super::source::{adopt, checkout, rescue};
use super::{build, stage};
use crate::app::AppName;
use crate::event::Report;
use crate::host::launch::{drain_marker, record_path};
use crate::host::{Host, HostError, Step, Surroundings, apply, files};
use crate::release::{Release, store};
use crate::root::Root;
use crate::vassal::VassalName;

/// The steps that take vassals away from the emperor. With `drain` they go on serving for a moment first.
pub(crate) fn disable(root: &Root, names: &[String], drain: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    for name in names {
        if drain {
            let path = drain_marker(&record_path(&root.uwsgi_available(), name));
            steps.push(Step::Write { path, mode: 0o600, text: String::new() });
        }
        steps.push(Step::Remove(root.uwsgi_enabled().join(name)));
    }
    steps
}

/// Takes vassals away and wakes the emperor.
pub(crate) fn retire(root: &Root, host: &dyn Host, names: &[String], drain: bool) -> Result<(), HostError> {
    if names.is_empty() {
        return Ok(());
    }
    let mut steps = disable(root, names, drain);
    steps.push(stage::wake(root));
    apply(host, &steps)
}

/// The enabled vassals of an app, by exact name. Those of legacy piku are recognised by their contents.
pub(crate) fn enabled(root: &Root, app: &AppName) -> Result<Vec<String>, HostError> {
    let mut found = Vec::new();
    for name in files::names(&root.uwsgi_enabled())? {
        let ours = match name.parse::<VassalName>() {
            Ok(vassal) => vassal.app == *app,
            Err(_) => adopt::is_foreign_vassal(root, app, &name)?,
        };
        if ours {
            found.push(name);
        }
    }
    Ok(found)
}

/// Releases of the last commits that are kept beside the newest of each: of one commit there may be many, each with other
/// settings.
const BESIDE: usize = 20;

/// Removes old releases but those of the last `keep` commits, the live one, one that waits, and those whose tree another
/// one runs from.
///
/// What the app wrote into a tree is moved to `data/<app>/rescued/<n>` first.
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
