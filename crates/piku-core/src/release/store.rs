//! Stores the records of releases, and knows which release is live.

use camino::{Utf8Path, Utf8PathBuf};

use super::Release;
use crate::app::AppName;
use crate::host::{HostError, files, logs};
use crate::root::Root;

/// The record, in the folder of the release; 600. A folder without one is left over from a deploy that did not finish.
const RECORD: &str = "release.json";
/// Marks a live release whose settings are not completely written yet.
const UNFINISHED: &str = "unfinished";
/// Marks a stopped app, in the folder of its releases.
const STOPPED: &str = "stopped";
/// Lists the paths of an app that were there before its first deploy, in the folder of its releases.
const FOUND: &str = "found";
/// Holds the number of the release that waits for a restart, in the folder of the app's releases.
const WAITING: &str = "waiting";

/// Holds the name that an app has had until now, in the folder of its releases, while it is being renamed.
const FORMERLY: &str = "formerly";

/// The name that the app has had until now, while it is being renamed. Processes, sockets, and a site of that name are
/// its own.
pub(crate) fn formerly(root: &Root, app: &AppName) -> Option<AppName> {
    files::read_text(&root.releases(app).join(FORMERLY)).ok().flatten()?.trim().parse().ok()
}

/// Records what name the app has had until now, or that it is forgotten.
pub(crate) fn set_formerly(root: &Root, app: &AppName, name: Option<&AppName>) -> Result<(), HostError> {
    let path = root.releases(app).join(FORMERLY);
    match name {
        Some(name) => files::write(&path, name.as_str().as_bytes(), 0o600),
        None => files::remove(&path),
    }
}

/// Gives the numbers of an app to another name of it, whose numbers stay higher than any that it had.
pub(crate) fn pass_on_numbers(root: &Root, from: &AppName, to: &AppName) -> Result<(), HostError> {
    files::make_folder(&root.numbers(), 0o700)?;
    for end in ["", "@releases"] {
        let file = |app: &AppName| root.numbers().join(format!("{app}{end}"));
        if let Some(number) = number_in(&file(from))?.max(number_in(&file(to))?) {
            files::write(&file(to), number.to_string().as_bytes(), 0o600)?;
        }
    }
    Ok(())
}

/// Allocates the number of the next release. A number is never reused, even after a refused deploy or for a new app
/// with the name of a destroyed one.
pub(crate) fn next_number(root: &Root, app: &AppName) -> Result<u32, HostError> {
    files::make_folder(&root.numbers(), 0o700)?;
    // No app name contains `@`.
    let highest = numbers(root, app)?.into_iter().max().unwrap_or(0);
    count(&root.numbers().join(format!("{app}@releases")), highest)
}

/// Allocates the number of the next run. A number is never reused, even for a new app with the name of a destroyed
/// one: the emperor throttles crashing vassals by file name, which contains this number.
pub(crate) fn next_run(root: &Root, app: &AppName) -> Result<u32, HostError> {
    files::make_folder(&root.numbers(), 0o700)?;
    // Older versions of piku used the number of the release for its run.
    let has_run = |number: &u32| files::exists(&root.release(app, *number).join(RECORD));
    let highest = numbers(root, app)?.into_iter().filter(has_run).max().unwrap_or(0);
    count(&root.numbers().join(app.as_str()), highest)
}

/// Increments the number in a file, starting from at least `least`.
fn count(file: &Utf8Path, least: u32) -> Result<u32, HostError> {
    let last = number_in(file)?.unwrap_or(0);
    let next = last.max(least) + 1;
    files::write(file, next.to_string().as_bytes(), 0o600)?;
    Ok(next)
}

fn number_in(file: &Utf8Path) -> Result<Option<u32>, HostError> {
    Ok(files::read_text(file)?.and_then(|text| text.trim().parse().ok()))
}

/// The numbers of all release folders, complete or not, in order.
pub(crate) fn numbers(root: &Root, app: &AppName) -> Result<Vec<u32>, HostError> {
    let mut numbers: Vec<u32> =
        files::names(&root.releases(app))?.iter().filter_map(|name| name.parse().ok()).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Writes the record of a release, which makes it complete.
pub(crate) fn save(root: &Root, app: &AppName, release: &Release) -> Result<(), HostError> {
    let path = root.release(app, release.number).join(RECORD);
    let text = serde_json::to_vec_pretty(release)
        .map_err(|source| HostError::Damaged { path: path.clone(), source })?;
    files::write(&path, &text, 0o600)
}

/// Removes the record of a release that is not live, which makes it incomplete.
pub(crate) fn forget(root: &Root, app: &AppName, number: u32) -> Result<(), HostError> {
    files::remove(&root.release(app, number).join(RECORD))?;
    set_unfinished(root, app, number, false)
}

/// The record of release `number`; `None` if there is no such release or it is incomplete.
pub(crate) fn load(root: &Root, app: &AppName, number: u32) -> Result<Option<Release>, HostError> {
    let path = root.release(app, number).join(RECORD);
    let Some(bytes) = files::read(&path)? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|source| HostError::Damaged { path, source })
}

/// Every complete release, oldest first.
pub(crate) fn all(root: &Root, app: &AppName) -> Result<Vec<Release>, HostError> {
    let mut found = Vec::new();
    for number in numbers(root, app)? {
        found.extend(load(root, app, number)?);
    }
    Ok(found)
}

/// The target of the link `apps/<app>` when release `number` is live.
pub(crate) fn live_target(app: &AppName, number: u32) -> Utf8PathBuf {
    Utf8PathBuf::from(format!("../releases/{app}/{number}/tree"))
}

/// The number of the live release.
pub(crate) fn live_number(root: &Root, app: &AppName) -> Option<u32> {
    let target = files::link_target(&root.app(app))?;
    let number = target.parent().and_then(Utf8Path::file_name)?.parse().ok()?;
    (target == live_target(app, number)).then_some(number)
}

/// The live release.
pub(crate) fn live(root: &Root, app: &AppName) -> Result<Option<Release>, HostError> {
    live_number(root, app).map_or(Ok(None), |number| load(root, app, number))
}

/// Whether `apps/<app>` is a clone made by legacy piku.
pub(crate) fn is_foreign_clone(root: &Root, app: &AppName) -> bool {
    root.app(app).symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

/// Whether anything of this app exists.
pub(crate) fn exists(root: &Root, app: &AppName) -> bool {
    // A link at the place of a folder is what a rename leaves while it is under way.
    let is_folder = |path: Utf8PathBuf| files::exists(&path) && files::link_target(&path).is_none();
    files::exists(&root.app(app)) || is_folder(root.repo(app)) || is_folder(root.releases(app))
}

/// How often an app of this name was destroyed. Who has waited for the lock of an app finds out by it that the app is
/// another one now.
pub(crate) fn generation(root: &Root, app: &AppName) -> Result<u32, HostError> {
    Ok(number_in(&generation_file(root, app))?.unwrap_or(0))
}

/// Records that the app was destroyed.
pub(crate) fn end_generation(root: &Root, app: &AppName) -> Result<(), HostError> {
    files::make_folder(&root.numbers(), 0o700)?;
    count(&generation_file(root, app), 0).map(drop)
}

fn generation_file(root: &Root, app: &AppName) -> Utf8PathBuf {
    // No app name contains `@`.
    root.numbers().join(format!("{app}@destroyed"))
}

/// Records what was there before the first deploy of an app, in the folder of its releases.
pub(crate) fn note_found(root: &Root, app: &AppName) -> Result<(), HostError> {
    let found: Vec<String> =
        beside(root, app).into_iter().filter(|path| files::exists(path)).map(String::from).collect();
    files::write(&root.releases(app).join(FOUND), found.join("\n").as_bytes(), 0o600)
}

/// Removes that record: an app that was live keeps all that is its own.
pub(crate) fn forget_found(root: &Root, app: &AppName) -> Result<(), HostError> {
    files::remove(&root.releases(app).join(FOUND))
}

/// What the first deploy of an app has made outside its folders of releases, logs, and settings; nothing if that is not
/// known.
pub(crate) fn made_by_first(root: &Root, app: &AppName) -> Result<Vec<Utf8PathBuf>, HostError> {
    let Some(found) = files::read_text(&root.releases(app).join(FOUND))? else { return Ok(Vec::new()) };
    let is_new = |path: &Utf8PathBuf| !found.lines().any(|line| line == path.as_str());
    Ok(beside(root, app).into_iter().filter(is_new).collect())
}

/// What may outlive an app, or be put there before it: its data, or a certificate of an authority.
fn beside(root: &Root, app: &AppName) -> Vec<Utf8PathBuf> {
    let mut paths = vec![root.data(app), root.cache(app), root.certificate(app), root.certificate_key(app)];
    paths.extend(logs::files(&root.router_log(app)));
    paths.extend(logs::files(&root.scheduler_log(app)));
    paths
}

/// Marks a release that is about to go live: its settings are not written yet. Or removes the mark.
pub(crate) fn set_unfinished(
    root: &Root,
    app: &AppName,
    number: u32,
    unfinished: bool,
) -> Result<(), HostError> {
    mark(&root.release(app, number).join(UNFINISHED), unfinished)
}

/// Whether the settings of a live release are not completely written yet.
pub(crate) fn is_unfinished(root: &Root, app: &AppName, number: u32) -> bool {
    files::exists(&root.release(app, number).join(UNFINISHED))
}

/// Records which release waits for a restart, if any.
pub(crate) fn set_waiting(root: &Root, app: &AppName, number: Option<u32>) -> Result<(), HostError> {
    let path = root.releases(app).join(WAITING);
    match number {
        Some(number) => files::write(&path, number.to_string().as_bytes(), 0o600),
        None => files::remove(&path),
    }
}

/// The release that waits for a restart, if any.
pub(crate) fn waiting(root: &Root, app: &AppName) -> Result<Option<Release>, HostError> {
    let number = number_in(&root.releases(app).join(WAITING))?;
    if let Some(number) = number {
        return load(root, app, number);
    }
    // Older versions of piku had no such file: a release newer than the live one was waiting.
    let live = live(root, app)?.filter(|live| live.run.is_none());
    let newer = |live: Release| {
        let last = all(root, app)?.pop();
        Ok(last.filter(|last| last.run.is_none() && last.number > live.number))
    };
    live.map_or(Ok(None), newer)
}

/// The release to go back to from `release`: the one that was live before it or, if that is gone, the newest one
/// before that.
pub(crate) fn before(all: &[Release], release: &Release) -> Option<Release> {
    let earlier = |one: &&Release| one.number < release.number;
    let found = match release.after {
        Some(after) => all.iter().rev().find(|one| one.number <= after),
        // In older versions of piku a restart was a release, so skip those with the same commit and settings.
        None => all
            .iter()
            .rev()
            .filter(earlier)
            .find(|one| one.commit != release.commit || one.settings != release.settings),
    };
    found.cloned()
}

/// Marks the app as stopped, or removes the mark.
pub(crate) fn set_stopped(root: &Root, app: &AppName, stopped: bool) -> Result<(), HostError> {
    mark(&root.releases(app).join(STOPPED), stopped)
}

/// Whether the app is stopped.
pub(crate) fn is_stopped(root: &Root, app: &AppName) -> bool {
    files::exists(&root.releases(app).join(STOPPED))
}

fn mark(path: &Utf8Path, present: bool) -> Result<(), HostError> {
    if present { files::write(path, b"", 0o600) } else { files::remove(path) }
}
