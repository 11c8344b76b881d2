//! Compares the running processes of an app with those of its live release.

use std::time::Duration;

use piku_procfile::runs_in_uwsgi;
use piku_uwsgi::stats::{EmperorStats, VassalStats};

use crate::app::AppName;
use crate::deploy::vassals::enabled::{self, Enabled};
use crate::deploy::vassals::start;
use crate::event::{Report, warn};
use crate::host::launch::{drain_marker, has_slot, hold_marker, record_path};
use crate::host::{HostError, Step, emperor, files, wait};
use crate::release::{Release, store};
use crate::root::Root;
use crate::vassal::{FRONT, VassalName};

/// The age at which a process has certainly started its threads, in seconds.
const YOUNG: u64 = 3;

/// How long to wait for a younger process to start them.
const THREADS: Duration = Duration::from_millis(400);

/// What differs from the live release.
#[derive(Debug, Default)]
pub(super) struct Difference {
    /// Processes that end before any of the live release starts: workers, and those with a port that it needs.
    pub(super) ending: Vec<Enabled>,
    /// Processes that may have the traffic, and end when the live release has it again. Empty if processes of the live
    /// release that serve have ended, since there may be no room for both.
    pub(super) serving: Vec<Enabled>,
    /// What starts processes of the live release.
    pub(super) start: Vec<Step>,
}

/// Finds what enables exactly the vassals of the live release. Tells of those whose files are gone.
pub(super) fn difference(
    root: &Root,
    app: &AppName,
    live: Option<&Release>,
    report: &mut Report<'_>,
) -> Result<Difference, HostError> {
    let wanted = match live {
        Some(release) if !store::is_stopped(root, app) => release.vassals.as_slice(),
        _ => &[],
    };
    let mut leaving = Vec::new();
    let mut running = Vec::new();
    for one in enabled::of_app(root, app)? {
        match one.ours().map(VassalName::first_start) {
            Some(first) if wanted.contains(&first) && !running.contains(&first) => running.push(first),
            // Until the first release, the vassals of legacy piku serve.
            None if live.is_none() => {}
            _ => leaving.push(one),
        }
    }
    let stopped = wanted.iter().filter(|name| !running.contains(name));
    let (names, lost): (Vec<_>, Vec<_>) = stopped.partition(|name| can_start(root, name));
    for name in lost {
        let (process, file) = (format!("{}.{}", name.kind, name.index), root.uwsgi_available());
        warn(
            report,
            format!(
                "{process} of `{app}` is not running and can't be started: its files `{file}/{name}*` are gone"
            ),
            Some(&format!("`piku deploy {app}` creates them again")),
        );
    }
    let all_serve = !names.iter().any(|name| serves(root, name));
    let stays = |one: &Enabled| all_serve && one.ours().is_some_and(|name| serves(root, name));
    let (serving, ending) = leaving.into_iter().partition(stays);
    Ok(Difference { ending, serving, start: starting(root, &names)? })
}

/// The steps that start processes of the live release.
fn starting(root: &Root, names: &[&VassalName]) -> Result<Vec<Step>, HostError> {
    let mut steps = Vec::new();
    if names.is_empty() {
        return Ok(steps);
    }
    let stats = emperor::must_tell(&root.emperor_stats())?;
    for name in names {
        let of = root.uwsgi_available().join(name.to_string());
        let record = record_path(&root.uwsgi_available(), &name.to_string());
        steps.extend([drain_marker(&record), hold_marker(&record)].map(Step::Remove));
        let path = root.uwsgi_enabled().join(next_start(&stats, name).to_string());
        steps.push(Step::Enable { path, of });
    }
    steps.push(start::wake(root));
    Ok(steps)
}

/// Whether a process serves requests, and another one of its kind may run next to it.
fn serves(root: &Root, name: &VassalName) -> bool {
    let record = || record_path(&root.uwsgi_available(), &name.first_start().to_string());
    runs_in_uwsgi(&name.kind) || name.kind == FRONT || name.kind == "web" && !has_slot(&record())
}

/// Gives processes time to start their threads before they are ended.
///
/// A uWSGI 2.0 process that is ended while it starts its threads may wait forever for a lock that one of the cancelled
/// threads holds. Its master kills it eventually ([`AppVassal::mercy`](piku_uwsgi::AppVassal)), but not if the master
/// ends first. A process that has served a request, or is a few seconds old, is safe to end.
pub(super) fn await_threads(root: &Root, leaving: &[Enabled]) {
    let ours = leaving.iter().filter_map(Enabled::ours);
    let names: Vec<String> =
        ours.filter(|name| runs_in_uwsgi(&name.kind)).map(VassalName::to_string).collect();
    if names.is_empty() {
        return;
    }
    let now = u64::try_from(wait::now().as_second()).unwrap_or(0);
    let starts = |vassal: &VassalStats| !vassal.loyal && now.saturating_sub(vassal.last_run) < YOUNG;
    let stats = emperor::ask(&root.emperor_stats()).unwrap_or_default();
    if names.iter().any(|name| stats.vassal(name).is_some_and(starts)) {
        wait::pause(THREADS);
    }
}

/// Whether the files to start a process exist.
fn can_start(root: &Root, name: &VassalName) -> bool {
    let (available, name) = (root.uwsgi_available(), name.to_string());
    files::exists(&available.join(&name)) && files::exists(&record_path(&available, &name))
}

/// A name for the next start of a process that the emperor does not know yet: under an old name, it may still be
/// stopping the process or throttling it after crashes.
fn next_start(stats: &EmperorStats, name: &VassalName) -> VassalName {
    let ids = stats.vassals.iter().map(|one| &one.id).chain(stats.blacklist.iter().map(|one| &one.id));
    let same =
        ids.filter_map(|id| id.parse::<VassalName>().ok()).filter(|known| known.first_start() == *name);
    let last = same.map(|known| known.start).max();
    VassalName { start: last.map_or(1, |last| last + 1), ..name.clone() }
}
