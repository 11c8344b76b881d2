//! Ends processes, and starts those that replace them.

use super::enabled::Enabled;
use super::{legacy, start};
use crate::app::AppName;
use crate::deploy::DeployError;
use crate::deploy::plan::Process;
use crate::deploy::plan::render::Rendered;
use crate::host::launch::{drain_marker, hold_marker, record_path};
use crate::host::legacy::emperor;
use crate::host::{HostError, Step, apply, files};
use crate::root::Root;

/// The steps that disable vassals. With `drain`, they keep serving for a moment first. Those of legacy piku are kept
/// aside, since only their files start them again.
pub(crate) fn disable(root: &Root, vassals: &[Enabled], drain: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    for vassal in vassals {
        let name = vassal.to_string();
        if let Some(legacy) = vassal.legacy() {
            // Its text, since its file may be a link.
            let text = files::read_text(&legacy.path()).ok().flatten();
            let path = root.legacy_ended().join(&name);
            steps.extend(text.map(|text| Step::Write { path, mode: 0o600, text }));
            steps.push(Step::Remove(legacy.path()));
            continue;
        }
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
    if vassals.iter().any(|vassal| vassal.legacy().is_some()) {
        files::make_folder(&root.legacy_ended(), 0o700)?;
        steps.push(Step::WakeLegacyEmperor(root.clone()));
    }
    apply(&steps)
}

/// Starts vassals of legacy piku again that a deploy has ended.
pub(crate) fn bring_back(root: &Root, app: &AppName) -> Result<(), HostError> {
    let ended = legacy::ended(root, app)?;
    // With its emperor, or else with ours.
    let folder = match files::exists(&root.legacy_enabled()) && emperor(root).is_some() {
        true => root.legacy_enabled(),
        false => root.uwsgi_enabled(),
    };
    for vassal in &ended {
        let path = folder.join(vassal.to_string());
        apply(&[Step::Enable { path, of: vassal.path() }, Step::Remove(vassal.path())])?;
    }
    match ended.is_empty() {
        true => Ok(()),
        false => apply(&[start::wake(root), Step::WakeLegacyEmperor(root.clone())]),
    }
}

/// Forgets the vassals of legacy piku that were ended, now that a release is live or the app is gone.
pub(crate) fn forget_legacy(root: &Root, app: &AppName) -> Result<(), HostError> {
    legacy::ended(root, app)?.iter().try_for_each(|vassal| files::remove(&vassal.path()))
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
