//! Detects the runtime of a tree, for a push and for `check` alike.

use std::collections::BTreeMap;

use camino::Utf8Path;
use piku_procfile::Procfile;
use piku_runtime::{DetectError, Detection, FolderTree, Planner, Wishes};

use super::source::inputs::EarlyOptions;
use crate::host::Surroundings;
use crate::host::toolbox;

/// What is known of an app before its runtime is; a folder that is checked may have mistakes in any of it.
pub(crate) struct Known<'a> {
    pub(crate) procfile: Option<&'a Procfile>,
    pub(crate) options: Option<&'a EarlyOptions>,
    pub(crate) settings: BTreeMap<String, String>,
    /// The Python of uWSGI's plugin, which is the one of apps that name none.
    pub(crate) plugin: Option<(u32, u32)>,
}

/// What a build is planned from.
pub(crate) struct Detected<'a> {
    pub(crate) planner: Planner<'a>,
    pub(crate) detection: Result<Detection, DetectError>,
}

/// Looks at the tree and for the tools; `answers` is the file that remembers the versions of tools.
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
    // Where there is no runtime, `detect` says so, and why.
    if let Ok(runtime) = planner.runtime() {
        planner.toolbox = toolbox::ask(planner.toolbox, runtime, surroundings, answers);
    }
    let detection = planner.detect();
    Detected { planner, detection }
}
