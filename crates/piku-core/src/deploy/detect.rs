//! Detects the runtime of a tree, for a push and for `check` alike.

use std::collections::BTreeMap;

use camino::Utf8Path;
use piku_procfile::Procfile;
use piku_runtime::{DetectError, Detection, Toolbox, Wishes};

use super::source::inputs::EarlyOptions;
use crate::host::Surroundings;
use crate::host::toolbox::{self, CheckedOut};

/// What is known of an app before its runtime is; a folder that is checked may have mistakes in any of it.
pub(crate) struct Known<'a> {
    pub(crate) procfile: Option<&'a Procfile>,
    pub(crate) options: Option<&'a EarlyOptions>,
    pub(crate) settings: BTreeMap<String, String>,
    /// The Python of uWSGI's plugin, which is the one of apps that name none.
    pub(crate) plugin: Option<(u32, u32)>,
}

/// What a build is planned from.
pub(crate) struct Detected {
    pub(crate) toolbox: Toolbox,
    pub(crate) wishes: Wishes,
    pub(crate) detection: Result<Detection, DetectError>,
}

/// Looks at the tree and for the tools; `answers` is the file that remembers the versions of tools.
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
    // Where there is no runtime, `detect` says so, and why.
    if let Ok(runtime) = piku_runtime::runtime(tree, &wishes) {
        toolbox = toolbox::ask(toolbox, runtime, surroundings, answers);
    }
    let detection = piku_runtime::detect(tree, &toolbox, &wishes);
    Detected { toolbox, wishes, detection }
}
