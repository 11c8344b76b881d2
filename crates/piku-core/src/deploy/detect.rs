//! Detects the runtime of a tree, for both a push and `check`.

use std::collections::BTreeMap;

use camino::Utf8Path;
use piku_procfile::{Kind, Procfile};
use piku_runtime::{DetectError, Detection, FolderTree, Planner, RuntimeName, Wishes};

use super::source::inputs::EarlyOptions;
use crate::diagnostic::{self, FileDiagnostic};
use crate::host::{Surroundings, files, toolbox};

/// What is known about an app before its runtime. `None` if it has mistakes, which `check` allows.
pub(crate) struct Known<'a> {
    /// The folder of its files.
    pub(crate) folder: &'a Utf8Path,
    pub(crate) procfile: Option<&'a Procfile>,
    pub(crate) options: Option<&'a EarlyOptions>,
    pub(crate) settings: BTreeMap<String, String>,
    /// The version of Python in uWSGI's plugin, the default for apps.
    pub(crate) plugin: Option<(u32, u32)>,
}

/// The input for planning a build.
pub(crate) struct Detected<'a> {
    pub(crate) planner: Planner<'a>,
    pub(crate) detection: Result<Detection, DetectError>,
}

/// What to say of the manifests that are there and were not read so far, for both a push and `check`.
pub(crate) fn unread(tree: &FolderTree) -> Vec<FileDiagnostic> {
    tree.unread().iter().filter_map(|(file, why)| diagnostic::of_unread(file, why)).collect()
}

/// Examines the tree and finds tools; `answers` is the file that caches the versions of tools.
pub(crate) fn detect<'a>(
    surroundings: &Surroundings,
    tree: &'a FolderTree,
    known: Known<'_>,
    answers: Option<&Utf8Path>,
) -> Detected<'a> {
    let mut wishes = Wishes::default();
    wishes.runtime = known.options.and_then(|options| options.runtime.clone());
    wishes.python_version = known.options.and_then(|options| options.python_version.clone());
    wishes.needs = known.procfile.and_then(toolbox::needed);
    wishes.only_static = known.procfile.is_some_and(toolbox::is_static);
    wishes.files_are_there = known.procfile.is_some_and(|procfile| are_there(procfile, known.folder));
    wishes.settings = known.settings;
    let mut planner = Planner::new(tree, toolbox::look(surroundings, known.plugin), wishes);
    // If there is no runtime, `detect` reports it.
    if let Ok(questions) = planner.version_questions() {
        let pythons = planner.runtime().is_ok_and(|runtime| runtime == RuntimeName::Python);
        planner.toolbox = toolbox::ask(planner.toolbox, &questions, pythons, surroundings, answers);
    }
    let detection = planner.detect();
    Detected { planner, detection }
}

/// Whether every folder that the Procfile serves files from is in the app's and has files. One that a build makes may
/// be in the commit, to hold a `.gitkeep`.
fn are_there(procfile: &Procfile, app: &Utf8Path) -> bool {
    let folders = procfile.entries().iter().filter(|entry| entry.kind == Kind::Static);
    folders.map(|entry| app.join(&entry.command)).all(|folder| files::has_visible(&folder))
}
