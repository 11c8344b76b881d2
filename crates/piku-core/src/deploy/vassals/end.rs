//! Ends processes, and starts those that replace them.

use super::enabled::Enabled;
use super::start;
use crate::deploy::DeployError;
use crate::deploy::plan::Process;
use crate::deploy::plan::render::Rendered;
use crate::host::launch::{drain_marker, hold_marker, record_path};
use crate::host::{HostError, Step, apply};
use crate::root::Root;

/// The steps that disable vassals. With `drain`, they keep serving for a moment first.
pub(crate) fn disable(root: &Root, vassals: &[Enabled], drain: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    for vassal in vassals {
        let name = vassal.to_string();
        if drain {
            let path = drain_marker(&record_path(&root.uwsgi_available(), &name));
            steps.push(Step::Write { path, mode: 0o600, text: String::new() });
        }
        steps.push(Step::Remove(root.uwsgi_enabled().join(name)));
    }
    steps
}

/// Disables vassals and wakes the emperor.
pub(crate) fn retire(root: &Root, vassals: &[Enabled], drain: bool) -> Result<(), HostError> {
    if vassals.is_empty() {
        return Ok(());
    }
    let mut steps = disable(root, vassals, drain);
    steps.push(start::wake(root));
    apply(&steps)
}

/// Lets processes start whose launchers are held, and disables their predecessors, for which they wait.
pub(crate) fn release(root: &Root, old: &[Enabled], held: &[&Process]) -> Result<(), DeployError> {
    let record = |process: &&Process| record_path(&root.uwsgi_available(), &process.name.to_string());
    let steps: Vec<Step> = held.iter().map(|process| Step::Remove(hold_marker(&record(process)))).collect();
    apply(&steps)?;
    Ok(retire(root, old, false)?)
}

/// Starts processes that replace their predecessors. The old ones are disabled at the same time, and the launchers of
/// the new ones wait for them to end.
pub(crate) fn replace<'a>(
    root: &Root,
    old: &[Enabled],
    new: impl IntoIterator<Item = &'a Rendered>,
) -> Result<(), DeployError> {
    let mut steps: Vec<Step> = disable(root, old, false);
    for vassal in new {
        steps.extend(vassal.written(&root.uwsgi_available()));
        steps.push(start::enable(root, &vassal.name));
    }
    if !steps.is_empty() {
        steps.push(start::wake(root));
    }
    Ok(apply(&steps)?)
}
