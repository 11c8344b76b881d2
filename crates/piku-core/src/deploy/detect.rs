//! Detects the runtime of a tree, for both a push and `check`.

use std::collections::BTreeMap;

use camino::Utf8Path;
use piku_procfile::Procfile;
use piku_runtime::{DetectError, Detection, Toolbox, Wishes};

use super::source::inputs::EarlyOptions;
use crate::host::Surroundings;
use crate::host::toolbox::{self, CheckedOut};

/// What is known about an app before its runtime. `None` if it has mistakes, which `check` allows.
pub(crate) struct Known<'a> {
    pub(crate) procfile: Option<&'a Procfile>,
    pub(crate) options: Option<&'a EarlyOptions>,
    pub(crate) settings: BTreeMap<String, String>,
    /// The version of Python in uWSGI's plugin, the default for apps.
    pub(crate) plugin: Option<(u32, u32)>,
}

/// The input for planning a build.
pub(crate) struct Detected {
    pub(crate) toolbox: Toolbox,
    pub(crate) wishes: Wishes,
    pub(crate) detection: Result<Detection, DetectError>,
}

/// Examines the tree and finds tools; `answers` is the file that caches the versions of tools.
pub(crate) fn detect(
    surroundings: &Surroundings,
    tree: &CheckedOut<'_>,
    known: Known<'_>,
    answers: Option<&Utf8Path>,
) -> Detected {
    let mut toolbox = toolbox::look(surroundings, known.plugin);
    let wishes = Wishes {
        runtime: known.options.and_then(|options| options.runtime.clone()),
        python_version: known.options.and_then(|options| options.python_version.clone()),
        extra_packages: Vec::new(),
        needs: known.procfile.and_then(toolbox::needed),
        only_static: known.procfile.is_some_and(toolbox::is_static),
        settings: known.settings,
    };
    // If there is no runtime, `detect` reports it.
    if let Ok(runtime) = piku_runtime::runtime(tree, &wishes) {
        toolbox = toolbox::ask(toolbox, runtime, surroundings, answers);
    }
    let detection = piku_runtime::detect(tree, &toolbox, &wishes);
    Detected { toolbox, wishes, detection }
}
