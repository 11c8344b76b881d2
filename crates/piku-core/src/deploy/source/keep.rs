//! Links what an app keeps into its new tree, before that is built: what is in its data already, and what it has
//! written in the tree that it is about to leave.
//!
//! Until the old processes have ended, a file stays where they find it, and the new tree has a link to it there. So the
//! `release` command sees the database that is in use.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::belongings::{self, Belongings, Wanted};
use super::inputs::EarlyOptions;
use super::left::{self, LeftTree};
use super::persist::{self, InTheWay, PersistError, Places};
use super::{place, written};
use crate::app::AppName;
use crate::deploy::DeployError;
use crate::deploy::order::{Order, Scene};
use crate::event::{Report, stage, warn};
use crate::host::HostError;
use crate::host::listing::{self, Listing, Sort, Stamp};
use crate::persisted::{Persisted, Place, shown};
use crate::root::Root;
use crate::settings::spelled;

/// How many paths are named in a warning.
const NAMED: usize = 10;

/// What has been found and linked for a release.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// The paths that are links in its tree.
    pub(crate) linked: BTreeSet<PathBuf>,
    /// Where their contents will be.
    pub(crate) places: Persisted,
    /// Files of running processes in the tree that is left.
    pub(crate) passing: BTreeSet<PathBuf>,
}

/// Finds what the app keeps, and links it into the tree of release `owner` if that is fresh. A tree that has run before
/// is left alone until the app goes back to it.
///
/// # Errors
/// [`PersistError::InTheWay`] if the commit has a file where the app has a folder, or the reverse.
pub(crate) fn keep(
    scene: &Scene<'_>,
    order: &Order,
    options: &EarlyOptions,
    (owner, is_fresh): (u32, bool),
    left: Option<&LeftTree>,
    report: &mut Report<'_>,
) -> Result<Kept, DeployError> {
    let (root, app) = (scene.root, &order.app);
    let wanted = Wanted {
        commit: order.commit(),
        persist: &options.persist,
        left_out: &options.left_out,
        passing: &BTreeSet::new(),
    };
    let found = match left {
        Some(left) => belongings::look(scene, app, left, &wanted)?,
        None if is_fresh => unmoved(Persisted::load(root, app)?, &wanted),
        None => return Ok(Kept::default()),
    };
    let is_there = |place: &Place| {
        let at = place.in_data().map(|at| root.data(app).as_std_path().join(at));
        at.is_some_and(|at| at.symlink_metadata().is_ok())
    };
    if let Some(path) = found.missing.first()
        && !found.persisted.0.values().any(is_there)
    {
        // It would go live with empty databases, which a disk that is mounted later hides.
        let (path, data) = (shown(path).into_owned(), root.data(app));
        return Err(PersistError::Missing { app: app.clone(), path, data }.into());
    }
    tell(root, app, &found, left, report);
    if !is_fresh {
        return Ok(Kept { linked: BTreeSet::new(), places: found.persisted, passing: found.passing });
    }
    if let Some((path, other)) = found.conflicts.first() {
        let (path, other) = (shown(path).into_owned(), shown(other).into_owned());
        return Err(PersistError::InTheWay { app: app.clone(), path, other }.into());
    }
    tell_hidden(app, order.commit(), &found, report);
    let (tree, data, release) = (root.tree(app, owner), root.data(app), root.release(app, owner));
    let is_moved = |path: &Path| found.moves.iter().any(|one| one.what.path == path);
    let mut persisted = found.persisted.clone();
    let nested = Persisted(persisted.take_nested());
    let named = options.persist.iter().map(String::as_str).filter(|path| !is_moved(Path::new(path)));
    let begun = named.filter(|path| persisted.0.contains_key(Path::new(path)));
    let begun = begun.map(|path| (path, nested.has_below(Path::new(path))));
    let places = Places { tree: &tree, data: &data, release: &release };
    persist::begin(scene.surroundings, &places, begun)?;
    for (path, kept) in &persisted.0 {
        let target = match left.filter(|_| is_moved(path)) {
            Some(left) => left.tree.as_std_path().join(path),
            None => place::target(kept, &data),
        };
        persist::link(&tree, path, &target, InTheWay::Removed)?;
    }
    let linked = persisted.0.into_keys().collect();
    Ok(Kept { linked, places: found.persisted, passing: found.passing })
}

/// Lists a fresh tree when it is built and nothing runs in it yet. What differs later, the app has written.
pub(crate) fn list(root: &Root, app: &AppName, owner: u32, kept: &Kept) -> Result<(), HostError> {
    let mut listing = Listing::of(&root.tree(app, owner))?;
    // Links to the data that the build or the `release` command makes are not ours to make.
    listing.0.retain(|path, _| !kept.linked.contains(path));
    listing.write(&left::listing_file(root, app, owner))
}

/// Runs the `release` command of a release that shares the tree of a running one. What an earlier command or the build
/// has made, and nobody has changed since, is this command's again: it does not count as written by the app. A database
/// does, since the app may have written to it at the same time.
pub(crate) fn while_made_again<E: From<HostError>>(
    root: &Root,
    app: &AppName,
    owner: u32,
    command: impl FnOnce() -> Result<(), E>,
) -> Result<(), E> {
    let (tree, file) = (root.tree(app, owner), left::listing_file(root, app, owner));
    let Some(mut listing) = Listing::read(&file) else { return command() };
    let now = |path: &Path| Stamp::at(&tree.as_std_path().join(path));
    let mut made = listing.0.clone();
    made.retain(|path, stamp| stamp.sort == Sort::File && now(path) == Some(*stamp));
    command()?;
    let is_database = |path: &Path| listing::is_database(&tree.as_std_path().join(path));
    let again = made.into_keys().filter(|path| !is_database(path));
    let again: Vec<_> = again.filter_map(|path| now(&path).map(|stamp| (path, stamp))).collect();
    if again.iter().any(|(path, stamp)| listing.get(path) != Some(*stamp)) {
        listing.0.extend(again);
        listing.write(&file)?;
    }
    Ok(())
}

/// What is persisted when no tree is left.
fn unmoved(mut persisted: Persisted, wanted: &Wanted<'_>) -> Belongings {
    for path in wanted.persist.iter().filter(|path| !persisted.has(Path::new(path))).collect::<Vec<_>>() {
        persisted.0.insert(path.into(), Place::Data { at: path.into(), moving_from: None });
    }
    persisted.0.retain(|path, _| !written::is_left_out(path, wanted.left_out));
    Belongings { persisted, ..Belongings::default() }
}

fn tell(root: &Root, app: &AppName, found: &Belongings, left: Option<&LeftTree>, report: &mut Report<'_>) {
    for (path, _) in found.unwanted.iter().take(NAMED) {
        let data = root.data(app);
        stage(
            report,
            format!("`{}` is left out from now on; what {app} wrote there stays in `{data}`", shown(path)),
        );
    }
    if !found.missing.is_empty() {
        let data = root.data(app);
        let help = format!("if `{data}` is on a disk of its own, mount that; the links to it stay");
        warn(report, format!("{} of {app} is not in its data any more", named(&found.missing)), Some(&help));
    }
    if let (false, Some(left)) = (found.private.is_empty(), left) {
        let message =
            format!("{app} has written {} in its folder; the commit's counts", named(&found.private));
        let help = format!(
            "the file of {app} is in `{}`, and goes to `{}/rescued` with that release",
            left.tree,
            root.data(app)
        );
        warn(report, message, Some(&help));
    }
}

/// Tells of files that the commit brings and that are not used, since the app has its own.
fn tell_hidden(app: &AppName, commit: &str, found: &Belongings, report: &mut Report<'_>) {
    let Some(first) = found.hidden.first().map(|path| shown(path)) else { return };
    let message =
        format!("this commit changes {}, where {app} has its own; {app}'s is used", named(&found.hidden));
    let short = commit.get(..7).unwrap_or(commit);
    let leave_out = found.hidden.first().and_then(|path| spelled(path));
    let leave_out = leave_out.map(|path| format!("; with PIKU_PERSIST='!{path}' releases use it instead"));
    let help = format!("the commit's is `git show {short}:{first}`{}", leave_out.unwrap_or_default());
    warn(report, message, Some(&help));
}

/// The first of some paths: "`a`, `b`, and 3 more".
fn named(paths: &[PathBuf]) -> String {
    let shown: Vec<String> = paths.iter().take(NAMED).map(|path| format!("`{}`", shown(path))).collect();
    match paths.len().checked_sub(NAMED).filter(|more| *more > 0) {
        Some(more) => format!("{}, and {more} more", shown.join(", ")),
        None => shown.join(", "),
    }
}
