//! Starts the processes of a new release next to those of the old one. They get no traffic yet.

use crate::deploy::DeployError;
use crate::deploy::plan::render::Rendered;
use crate::host::launch::{hold_marker, record_path};
use crate::host::{Step, apply};
use crate::root::Root;
use crate::vassal::VassalName;

/// Writes the vassals and enables them. The launchers of `held` start as well, but start nothing before
/// [`release`](super::end::release).
pub(crate) fn start<'a>(
    root: &Root,
    vassals: impl IntoIterator<Item = &'a Rendered>,
    held: impl IntoIterator<Item = &'a Rendered>,
) -> Result<(), DeployError> {
    let held: Vec<&Rendered> = held.into_iter().collect();
    let mut steps: Vec<Step> = held.iter().map(|vassal| hold(root, &vassal.name)).collect();
    for vassal in vassals.into_iter().chain(held) {
        steps.extend(vassal.written(&root.uwsgi_available()));
        steps.push(enable(root, &vassal.name));
    }
    if !steps.is_empty() {
        steps.push(wake(root));
    }
    Ok(apply(&steps)?)
}

fn hold(root: &Root, name: &VassalName) -> Step {
    let path = hold_marker(&record_path(&root.uwsgi_available(), &name.to_string()));
    Step::Write { path, mode: 0o600, text: String::new() }
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
