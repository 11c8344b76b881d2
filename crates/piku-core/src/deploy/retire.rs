//! Lets the processes of an old release go, and removes what no release needs any more.

use camino::{Utf8Path, Utf8PathBuf};

use super::{build, checkout, stage};
use crate::app::AppName;
use crate::event::{Report, warn};
use crate::host::launch::{drain_marker, record_path};
use crate::host::{Host, HostError, Step, Surroundings, apply, copy, files, git};
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

/// The enabled vassals of an app, by exact name. Those of the Python original are recognised by their contents.
pub(crate) fn enabled(root: &Root, app: &AppName) -> Result<Vec<String>, HostError> {
    let mut found = Vec::new();
    for name in files::names(&root.uwsgi_enabled())? {
        let ours = match name.parse::<VassalName>() {
            Ok(vassal) => vassal.app == *app,
            Err(_) => super::adopt::is_foreign_vassal(root, app, &name)?,
        };
        if ours {
            found.push(name);
        }
    }
    Ok(found)
}

/// Removes old releases but the last `keep`, the live one, and those whose tree another one runs from.
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
    let live = store::live_number(root, app);
    let first_kept = releases.len().saturating_sub(keep as usize);
    let kept: Vec<&Release> = releases
        .iter()
        .enumerate()
        .filter(|(at, release)| *at >= first_kept || Some(release.number) == live)
        .map(|(_, release)| release)
        .collect();
    let needed =
        |number: u32| kept.iter().any(|release| release.number == number || release.tree_of == number);
    let mut used: Vec<String> = kept.iter().filter_map(|release| release.build.clone()).collect();
    for release in &releases {
        if needed(release.number) {
            used.extend(release.build.clone());
        } else {
            rescue(root, surroundings, app, release.number, report)?;
            checkout::keep_for_the_next(root, app, release.number)?;
        }
    }
    build::prune(root, app, &used)
}

/// Moves what the app itself wrote into a tree to a place where nothing is ever deleted.
pub(crate) fn rescue(
    root: &Root,
    surroundings: &Surroundings,
    app: &AppName,
    number: u32,
    report: &mut Report<'_>,
) -> Result<(), HostError> {
    let tree = root.tree(app, number);
    if tree.is_symlink() || !tree.join(".git").exists() {
        return Ok(());
    }
    let written = git::untracked(surroundings, &tree)?;
    let data = root.data(app);
    let persists =
        |path: &Utf8Path| files::link_target(&tree.join(path)).is_some_and(|to| to.starts_with(&data));
    let is_elsewhere =
        |path: &Utf8Path| persists(path) || is_copied(&tree, &data, path) || files::is_lent(&tree.join(path));
    let written: Vec<_> =
        written.into_iter().filter(|path| !is_by_product(path) && !is_elsewhere(path)).collect();
    if written.is_empty() {
        return Ok(());
    }
    // An app of this name may have had a release of this number before it was destroyed.
    let folder = data.join("rescued");
    let names =
        std::iter::once(number.to_string()).chain((2..).map(|again: u32| format!("{number}-{again}")));
    let free = names.map(|name| folder.join(name)).find(|path| !files::exists(path));
    let rescued = free.unwrap_or_else(|| folder.join(number.to_string()));
    for path in &written {
        let target = rescued.join(path);
        if let Some(folder) = target.parent() {
            files::make_folder(folder, 0o700)?;
        }
        copy::move_to(surroundings, &tree.join(path), &target)?;
    }
    let count = written.len();
    let files = if count == 1 { "a file".to_owned() } else { format!("{count} files") };
    warn(
        report,
        format!("release {number} was removed; {files} that the app had written there moved to `{rescued}`"),
        Some("let the app write to $DATA_ROOT instead"),
    );
    Ok(())
}

/// Whether this very file is in the app's data too, since `PIKU_PERSIST` began with a copy of it.
fn is_copied(tree: &Utf8Path, data: &Utf8Path, path: &Utf8Path) -> bool {
    let seen = |path: Utf8PathBuf| {
        let found = path.symlink_metadata().ok()?;
        Some((found.len(), found.modified().ok()?, found.file_type()))
    };
    seen(tree.join(path)).is_some_and(|file| seen(data.join(path)) == Some(file))
}

/// What interpreters leave beside the sources; nobody misses it.
fn is_by_product(path: &Utf8Path) -> bool {
    path.components().any(|part| matches!(part.as_str(), "__pycache__" | "node_modules" | ".pytest_cache"))
        || path.extension() == Some("pyc")
}
