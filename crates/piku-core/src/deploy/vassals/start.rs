//! Starts the processes of a new release next to those of the old one. They get no traffic yet.

use crate::deploy::DeployError;
use crate::deploy::plan::render::Rendered;
use crate::host::{Step, apply};
use crate::root::Root;
use crate::vassal::VassalName;

/// Writes the vassals and enables them.
pub(crate) fn start<'a>(
    root: &Root,
    vassals: impl IntoIterator<Item = &'a Rendered>,
) -> Result<(), DeployError> {
    let mut steps = Vec::new();
    for vassal in vassals {
        steps.extend(vassal.written(&root.uwsgi_available()));
        steps.push(enable(root, &vassal.name));
    }
    if !steps.is_empty() {
        steps.push(wake(root));
    }
    Ok(apply(&steps)?)
}

/// The step that enables a vassal.
pub(crate) fn enable(root: &Root, name: &VassalName) -> Step {
    let name = name.to_string();
    Step::Enable { path: root.uwsgi_enabled().join(&name), of: root.uwsgi_available().join(name) }
}

/// The step that makes the emperor scan for changes.
pub(crate) fn wake(root: &Root) -> Step {
    Step::WakeEmperor { pidfile: root.emperor_pid() }
}
