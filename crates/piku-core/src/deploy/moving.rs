//! Moves what an app wrote in its folder to its data, before its next tree takes over.
//!
//! Every step leaves each file readable at its path: the paths are stored first, then each file or folder changes
//! places with a link to it. [`settle`](super::source::settle) completes what a crash has interrupted.

pub(super) mod catching_up;
mod site;
mod told;

use std::path::{Path, PathBuf};
use std::time::Duration;

use camino::Utf8Path;

pub(super) use self::told::why_they_end;
use super::DeployError;
use super::prepare::Prepared;
use super::source::belongings::{self, Belongings, Wanted};
use super::source::left::LeftTree;
use super::source::persist::{self, InTheWay, PersistError};
use super::source::place::{self, Move};
use super::source::written;
use crate::app::AppName;
use crate::event::{Report, warn};
use crate::host::journals::journals;
use crate::host::listing::Sort;
use crate::host::{HostError, files, git, processes, relocate, wait};
use crate::persisted::{Persisted, Place, shown};
use crate::root::Root;
use crate::settings::spelled;

/// How long a process that still has a file open may take to close it.
const CLOSES: Duration = Duration::from_secs(3);

/// Looks again at the tree that is left: the app has written since the release was prepared.
pub(crate) fn look(prepared: &Prepared<'_>, left: &LeftTree) -> Result<Belongings, DeployError> {
    let (source, options) = (&prepared.built.source, &prepared.built.inputs.options);
    let wanted = Wanted {
        commit: prepared.order.commit(),
        persist: &options.persist,
        left_out: &options.left_out,
        passing: &source.kept.passing,
    };
    belongings::look(&prepared.scene, &prepared.order.app, left, &wanted)
}

/// Refuses to move what would not fit on the file system of the data. Call it before any process ends.
pub(crate) fn require_room(
    prepared: &Prepared<'_>,
    left: &LeftTree,
    found: &Belongings,
) -> Result<(), DeployError> {
    let app = &prepared.order.app;
    let data = prepared.scene.root.data(app);
    if !relocate::are_apart(left.tree.as_std_path(), data.as_std_path()) {
        return Ok(());
    }
    let needed = found.moves.iter().map(|one| one.what.size).sum();
    let Some(free) = relocate::room(data.as_std_path()).filter(|free| *free < needed) else { return Ok(()) };
    let largest = found.moves.iter().max_by_key(|one| one.what.size);
    let largest = largest.and_then(|one| spelled(&one.what.path));
    let [needed, free] = [needed, free].map(told::in_units);
    let sizes = format!("{needed}, and there is room for {free}");
    Err(PersistError::NoRoom { app: app.clone(), sizes, data, largest }.into())
}

/// Moves everything, and links the tree of the release to it. Says what it does before it does it.
pub(crate) fn carry_out(
    prepared: &Prepared<'_>,
    left: &LeftTree,
    found: &Belongings,
    report: &mut Report<'_>,
) -> Result<(), DeployError> {
    let (root, app) = (prepared.scene.root, &prepared.order.app);
    let data = root.data(app);
    let mut persisted = found.persisted.clone();
    if !found.moves.is_empty() {
        told::tell(&data, app, prepared.order.commit(), &found.moves, report);
        await_closed(left, found)?;
        let is_moved = |path: &Path| found.moves.iter().any(|one| one.what.path == path);
        for (path, place) in &mut persisted.0 {
            if let Place::Data { moving_from, .. } = place
                && is_moved(path)
            {
                *moving_from = Some(left.number);
            }
        }
        persisted.save(root, app)?;
        open_data(root, app, left)?;
        for one in &found.moves {
            move_one(left, &data, &rescued(&data, left.number), one)?;
        }
    }
    let mut persisted = persisted.settled();
    gather(&mut persisted, &data, &root.app(app))?;
    let mut stored = persisted.clone();
    if prepared.order.kept().is_some() {
        // Later releases than the one that the app goes back to have them.
        stored.0.extend(found.unwanted.iter().cloned());
    }
    stored.save(root, app)?;
    serve(prepared, found, &persisted)?;
    link(prepared, &persisted, found, report)
}

/// A path below another one becomes a part of that: a link, unless it is there already. `live` is the link to the tree.
fn gather(persisted: &mut Persisted, data: &Utf8Path, live: &Utf8Path) -> Result<(), HostError> {
    for (path, place) in persisted.take_nested() {
        let above =
            path.ancestors().skip(1).find_map(|above| Some((above, persisted.0.get(above)?.in_data()?)));
        let Some((folder, at)) = above else { continue };
        let within = at.join(path.strip_prefix(folder).unwrap_or(&path));
        let here = data.as_std_path().join(&within);
        if here.symlink_metadata().is_err() && relocate::make_way(data.as_std_path(), &within)? {
            let target = match &place {
                Place::Link(target) => place::from_elsewhere(target, &path, live),
                Place::Data { .. } => place::target(&place, data),
            };
            relocate::link(&here, &target)?;
        }
    }
    Ok(())
}

/// Has the site that still serves show what has moved.
fn serve(prepared: &Prepared<'_>, found: &Belongings, persisted: &Persisted) -> Result<(), HostError> {
    let Some(live) = prepared.built.source.live.as_ref().filter(|_| !found.moves.is_empty()) else {
        return Ok(());
    };
    let paths = found.moves.iter().filter_map(|one| {
        let at = persisted.0.get(&one.what.path).and_then(Place::in_data).unwrap_or(&one.at);
        Some((Utf8Path::from_path(&one.what.path)?, Utf8Path::from_path(at)?))
    });
    site::follow(prepared.scene.root, prepared.scene.surroundings, &prepared.order.app, live, paths)
}

fn move_one(left: &LeftTree, data: &Utf8Path, rescued: &Path, one: &Move) -> Result<(), DeployError> {
    let from = left.tree.as_std_path().join(&one.what.path);
    let at = data.as_std_path().join(&one.at);
    persist::make_way(data, &one.at)?;
    if one.what.sort == Sort::Folder && at.is_dir() && !at.is_symlink() {
        // The app has replaced the link by a folder of its own.
        relocate::move_away(&at, &rescued.join(&one.at))?;
    }
    if one.what.sort == Sort::File {
        for (journal, its_place) in journals(&from).iter().zip(&journals(&at)) {
            if journal.is_file() {
                relocate::second_name(journal, its_place)?;
            } else {
                relocate::remove(its_place)?;
            }
        }
    }
    match relocate::move_and_link(&from, &at) {
        // The app has removed it meanwhile.
        Err(_) if from.symlink_metadata().is_err() && at.symlink_metadata().is_err() => {}
        outcome => outcome?,
    }
    if one.what.sort == Sort::File {
        relocate::remove_all(&journals(&from))?;
    }
    Ok(())
}

/// A folder in the data for what a link replaces in the tree of release `number`.
fn rescued(data: &Utf8Path, number: u32) -> PathBuf {
    let names =
        std::iter::once(number.to_string()).chain((2..).map(|again: u32| format!("{number}-{again}")));
    let mut folders = names.map(|name| data.join("rescued").join(name));
    let free = folders.find(|folder| !files::exists(folder));
    free.unwrap_or_else(|| data.join("rescued")).into_std_path_buf()
}

/// nginx reads the files of the release that still serves through links to the data from now on.
fn open_data(root: &Root, app: &AppName, left: &LeftTree) -> Result<(), HostError> {
    let is_open = |mode: Option<u32>| mode.is_some_and(|mode| mode & 0o001 != 0);
    let served = if left.tree == root.app(app) {
        files::exists(&root.site(app))
    } else {
        is_open(files::mode(&root.release(app, left.number)))
    };
    if served { files::set_mode(&root.data(app), 0o711) } else { Ok(()) }
}

/// Waits until no process has a file open that is about to be moved: one that is not the app's, such as a shell of
/// `run`.
fn await_closed(left: &LeftTree, found: &Belongings) -> Result<(), DeployError> {
    let files = found.moves.iter().filter(|one| one.what.sort == Sort::File);
    let files: Vec<PathBuf> = files.map(|one| left.tree.as_std_path().join(&one.what.path)).collect();
    if files.is_empty() {
        return Ok(());
    }
    let open = || processes::writer_of(&files);
    match wait::until(CLOSES, || open().is_none().then_some(())).map_or_else(open, |()| None) {
        Some(pid) => Err(DeployError::StillRunning { process: processes::name(pid) }),
        None => Ok(()),
    }
}

/// Links the tree of the release to everything that is persisted.
fn link(
    prepared: &Prepared<'_>,
    persisted: &Persisted,
    found: &Belongings,
    report: &mut Report<'_>,
) -> Result<(), DeployError> {
    let (root, app, source) = (prepared.scene.root, &prepared.order.app, &prepared.built.source);
    let data = root.data(app);
    let is_fresh = prepared.order.kept().is_none();
    let of_commit = git::blobs(&root.repo(app), prepared.order.commit()).map_err(HostError::from)?;
    let rescued = rescued(&data, source.owner);
    for (path, kept) in &persisted.0 {
        if let Some((_, other)) = found.conflicts.iter().find(|(one, _)| one == path) {
            if !is_fresh {
                let message =
                    format!("`{}` stays out of this release: its commit has `{}`", shown(path), shown(other));
                warn(report, message, None);
            }
            continue;
        }
        let here = source.tree.as_std_path().join(path);
        let id = of_commit.get(path);
        let is_of_commit = id.is_some_and(|id| !git::differs(&root.repo(app), id, &here))
            || here.is_dir() && written::differing(path, &of_commit, &written::Files::new()).next().is_some();
        let in_the_way = match () {
            // The build or the `release` command has replaced the link.
            () if is_fresh && source.kept.linked.contains(path) => InTheWay::Kept,
            () if is_fresh && is_of_commit => InTheWay::Removed,
            () if id.is_some() && is_of_commit => InTheWay::Removed,
            () => InTheWay::MovedTo(&rescued),
        };
        persist::link(&source.tree, path, &place::target(kept, &data), in_the_way)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
