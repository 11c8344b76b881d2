//! Detects the runtime of a tree, for both a push and `check`.

use std::collections::BTreeMap;

use camino::Utf8Path;
use piku_procfile::Procfile;
use piku_runtime::{DetectError, Detection, FolderTree, Planner, Wishes};

use super::source::inputs::EarlyOptions;
use crate::host::Surroundings;
use crate::host::toolbox;

/// What is known about an app before its runtime. `None` if it has mistakes, which `check` allows.
pub(crate) struct Known<'a> {
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
    wishes.settings = known.settings;
    let mut planner = Planner::new(tree, toolbox::look(surroundings, known.plugin), wishes);
    // If there is no runtime, `detect` reports it.
    if let Ok(runtime) = planner.runtime() {
        planner.toolbox = toolbox::ask(planner.toolbox, runtime, surroundings, answers);
    }
    let detection = planner.detect();
    Detected { planner, detection }
}
