//! The source of a release: its tree, and what the user wrote in it.

pub(crate) mod adopt;
pub(crate) mod belongings;
pub(crate) mod checkout;
pub(crate) mod included;
pub(crate) mod inputs;
pub(crate) mod keep;
pub(crate) mod left;
pub(crate) mod persist;
pub(crate) mod place;
pub(crate) mod procfile_path;
pub(crate) mod rescue;
pub(crate) mod served_links;
pub(crate) mod settle;
pub(crate) mod written;

use camino::{Utf8Path, Utf8PathBuf};
use piku_procfile::{Kind, Procfile};
use piku_runtime::{DecidingSettings, FolderTree};

use self::inputs::{EarlyInputs, Inputs, Instead, Seen, Texts, Written};
use self::keep::Kept;
use self::left::LeftTree;
use super::DeployError;
use super::order::{NewRelease, Order, Scene, What};
use super::plan::environment;
use crate::app::AppName;
use crate::diagnostic::{self, FileDiagnostic};
use crate::event::{Event, Report};
use crate::formation::Formation;
use crate::host::{HostError, files, script_file};
use crate::release::{Release, store};
use crate::root::Root;
use crate::settings::{self, Layers, StoredSettings};

/// The tree of a release and its contents.
#[derive(Debug)]
pub(crate) struct SourceOfRelease {
    /// The number of the release.
    pub(crate) number: u32,
    /// The release whose folder holds the tree.
    pub(crate) owner: u32,
    pub(crate) tree: Utf8PathBuf,
    /// Procfile and settings, to be expanded again once every variable is known.
    pub(crate) written: Written,
    /// The inputs until then.
    pub(crate) early: EarlyInputs,
    pub(crate) formation: Formation,
    /// The live release.
    pub(crate) live: Option<Release>,
    /// The tree that is left for this one, if it is another.
    pub(crate) left: Option<LeftTree>,
    /// What the app keeps of that tree.
    pub(crate) kept: Kept,
}

/// Creates or finds the tree of an order, and reads it.
pub(crate) fn of_order(
    scene: &Scene<'_>,
    order: &Order,
    report: &mut Report<'_>,
) -> Result<SourceOfRelease, DeployError> {
    let (root, app) = (scene.root, &order.app);
    prepare_folders(root, app)?;
    let live = store::live(root, app)?;
    let (number, mut owner) = match &order.what {
        What::New(new) => numbered_tree(scene, app, new, report)?,
        What::Kept(kept) => (kept.number, kept.tree_of),
    };
    let tree = root.tree(app, owner);
    let texts = texts(&tree, order.settings().to_vec(), order.defaults().to_vec());
    let known = environment::own(root, scene.surroundings, app, &root.tree(app, number));
    let mut written = Written::parse(Some(app), &texts);
    if order.kept().is_some() {
        written.accepted = true;
    } else {
        written.check_scripts(&texts, &script_file::all(&tree, &written.scripts())?);
    }
    let mut reading = written.expand(&known);
    if order.kept().is_none() {
        included::check(&tree, &mut reading);
    }
    let seen = live.as_ref().filter(|_| inputs::may_be_seen(&reading)).map(|live| {
        let settings = (live.settings.clone().into_bytes(), live.defaults.clone().into_bytes());
        let texts = self::texts(&root.tree(app, live.tree_of), settings.0, settings.1);
        Seen::of(&Written::parse(Some(app), &texts).expand(&known))
    });
    let early = accept(reading, &seen.unwrap_or_default(), report)?;
    if order.kept().is_none() {
        ported(root, app, (&tree, live.as_ref()), &early, report);
    }
    if order.kept().is_none() {
        owner = own_tree(scene, order, (number, owner), &early, report)?;
    }
    let left = LeftTree::of(root, app, live.as_ref(), owner);
    let is_fresh = order.kept().is_none() && owner == number;
    let kept = keep::keep(scene, order, &early.options, (owner, is_fresh), left.as_ref(), report)?;
    let formation = order.formation.for_procfile(&early.procfile);
    let tree = root.tree(app, owner);
    Ok(SourceOfRelease { number, owner, tree, written, early, formation, live, left, kept })
}

/// Reads what the user wrote, in the tree of a release or in a folder to check.
pub(crate) fn texts(folder: &Utf8Path, stored: Vec<u8>, defaults: Vec<u8>) -> Texts {
    let tree = FolderTree::new(folder, "");
    let read = |name: &str| tree.read_at_most(name, inputs::LARGEST as u64);
    let (procfile, env) = (read("Procfile"), read("ENV"));
    let unread = tree.unread();
    let instead = if procfile.is_none() { Instead::of(&tree) } else { Instead::default() };
    Texts { procfile, instead, env, stored, defaults, unread }
}

/// Whether a release of the same commit with these settings needs another build than `like`: a setting that affects the
/// build has changed, or it is not known which ones do.
pub(crate) fn builds_anew(
    scene: &Scene<'_>,
    app: &AppName,
    like: &Release,
    settings: &[u8],
    defaults: &[u8],
) -> Result<bool, HostError> {
    let Some(made) = &like.made else { return Ok(true) };
    let tree = scene.root.tree(app, like.tree_of);
    let texts = texts(&tree, Vec::new(), Vec::new());
    let env = texts.env.unwrap_or_default();
    let known = environment::own(scene.root, scene.surroundings, app, &tree);
    let in_file = settings::parse_env(&env, &known).values.filter(|_| !texts.unread.contains_key("ENV"));
    let values = |stored: &[u8], defaults: &[u8]| {
        let (stored, defaults) = (StoredSettings::parse(stored).0?, StoredSettings::parse(defaults).0?);
        Some(Layers::new(in_file.clone()?, &stored).with_defaults(&defaults).values())
    };
    let before = values(like.settings.as_bytes(), like.defaults.as_bytes());
    let (Some(before), Some(now)) = (before, values(settings, defaults)) else {
        return Ok(true);
    };
    let deciding = DecidingSettings::beginning_with(&made.settings);
    let mut names = before.keys().chain(now.keys());
    Ok(names.any(|name| deciding.include(name) && before.get(name) != now.get(name)))
}

/// Allocates the number of the release and creates its tree.
fn numbered_tree(
    scene: &Scene<'_>,
    app: &AppName,
    new: &NewRelease,
    report: &mut Report<'_>,
) -> Result<(u32, u32), DeployError> {
    let number = store::next_number(scene.root, app)?;
    files::make_folder(&scene.root.release(app, number), 0o700)?;
    let owner = new.tree_from().map(|like| like.tree_of);
    match owner {
        Some(owner) => checkout::shared(scene.root, app, number, owner)?,
        None => checkout::fresh(scene.root, scene.surroundings, app, number, &new.commit, report)?,
    }
    Ok((number, owner.unwrap_or(number)))
}

/// Gives the release a tree of its own, if it can't share the one that it should share because that has other links.
/// Returns the release whose folder holds the tree.
fn own_tree(
    scene: &Scene<'_>,
    order: &Order,
    (number, owner): (u32, u32),
    early: &EarlyInputs,
    report: &mut Report<'_>,
) -> Result<u32, DeployError> {
    let (root, app, options) = (scene.root, &order.app, &early.options);
    let same = |owner: &Release| owner.persist == options.persist && owner.left_out == options.left_out;
    if owner == number || store::load(root, app, owner)?.is_some_and(|owner| same(&owner)) {
        return Ok(owner);
    }
    // Do not change a tree that may be running.
    files::remove(&root.tree(app, number))?;
    checkout::fresh(root, scene.surroundings, app, number, order.commit(), report)?;
    Ok(number)
}

/// Creates the folders that every deploy needs, with modes that protect secrets but give nginx access to sockets.
fn prepare_folders(root: &Root, app: &AppName) -> Result<(), DeployError> {
    if !files::exists(&root.releases(app)) {
        files::make_folder(&root.releases(app), 0o711)?;
        store::note_found(root, app)?;
    }
    for (path, mode) in
        [(root.releases(app), 0o711), (root.env(app), 0o700), (root.logs(app), 0o700), (root.run(), 0o711)]
    {
        files::make_folder(&path, mode)?;
    }
    // This folder belongs to the app, so do not change the mode of an existing one.
    if !root.data(app).is_dir() {
        files::make_folder(&root.data(app), 0o700)?;
    }
    Ok(())
}

/// Reports all diagnostics but those that were seen, and fails if any is an error. If the only error is a missing Procfile, it is not reported
/// but becomes the error itself, since it has no line to show.
fn accept(
    reading: inputs::Reading,
    seen: &Seen,
    report: &mut Report<'_>,
) -> Result<EarlyInputs, DeployError> {
    let is_alone = reading.diagnostics.iter().filter(|found| found.is_error()).count() == 1;
    let is_the_error = |found: &FileDiagnostic| is_alone && found.diagnostic.code == diagnostic::NO_PROCFILE;
    let news = |found: &&FileDiagnostic| !is_the_error(found) && !seen.has(found);
    for diagnostic in reading.diagnostics.iter().filter(news) {
        report(Event::Diagnostic(diagnostic));
    }
    let errors = || reading.diagnostics.iter().filter(|found| found.is_error()).cloned().collect();
    reading.inputs.map(Inputs::early).ok_or_else(|| DeployError::Inputs { diagnostics: errors() })
}

/// Tells what is written for another platform and has no effect, unless the live release has the same.
fn ported(
    root: &Root,
    app: &AppName,
    (tree, live): (&Utf8Path, Option<&Release>),
    early: &EarlyInputs,
    report: &mut Report<'_>,
) {
    let has_healthcheck = early.layers.values().contains_key("PIKU_HEALTHCHECK");
    let hints = |tree: &Utf8Path| inputs::hints(&FolderTree::new(tree, ""), &early.procfile, has_healthcheck);
    let known = live.map(|live| hints(&root.tree(app, live.number))).unwrap_or_default();
    for hint in hints(tree).into_iter().filter(|hint| !known.contains(hint)) {
        report(Event::Diagnostic(&FileDiagnostic::of_whole("", hint)));
    }
}

/// Whether a Procfile has no process for the emperor to run.
pub(crate) fn needs_no_emperor(procfile: &Procfile) -> bool {
    let needs_none = |kind: &Kind| matches!(kind, Kind::Static | Kind::Preflight | Kind::Release);
    procfile.entries().iter().all(|entry| needs_none(&entry.kind))
}
