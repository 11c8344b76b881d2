//! Waits until new workers have started and keep running.

use std::time::Duration;

use super::{Watched, not_started, screenful, seconds};
use crate::deploy::DeployError;
use crate::deploy::order::Scene;
use crate::deploy::vassals::predecessor::END;
use crate::event::{Report, stage as tell};
use crate::host::launch::{endings, record_path, slot_holder};
use crate::host::processes::ProcessTree;
use crate::host::wait::Since;
use crate::host::{emperor, files, logs, wait};
use crate::root::Root;

/// A worker that has been running this long counts as started.
const STAYS: Duration = Duration::from_secs(1);

/// A worker that has been idle this long counts as started.
const RESTS: Duration = Duration::from_millis(50);

/// How long to wait for a second exit after the first. The launcher restarts a daemon after two seconds.
const SECOND_ENDING: Duration = Duration::from_secs(5);

/// How long to wait before reporting what the deploy is waiting for.
const SILENCE: Duration = Duration::from_secs(1);

/// A worker, and since when it has been in its current state.
struct Worker<'a, 'p> {
    watched: &'a Watched<'p>,
    turn: Option<Since>,
    /// Its launcher, once the emperor knows it.
    vassal: Option<i32>,
    /// Since when its processes have been idle, with their ids and CPU time at that moment.
    at_rest: Option<(Since, (Vec<i32>, u64))>,
    ended: Option<Since>,
    told: bool,
}

/// The state of a worker.
enum Look {
    Stays,
    NotYet,
    Failed(String),
}

/// Waits until every worker has replaced its predecessor and has run for a second or is idle.
///
/// The launcher restarts a worker that exits. A worker that soon exits a second time is not healthy.
pub(crate) fn all_stay(
    scene: &Scene<'_>,
    watched: &[Watched<'_>],
    report: &mut Report<'_>,
) -> Result<(), DeployError> {
    let begin = Since::now();
    let start =
        |watched| Worker { watched, turn: None, vassal: None, at_rest: None, ended: None, told: false };
    let mut left: Vec<Worker<'_, '_>> = watched.iter().map(start).collect();
    let limit = END + STAYS + SECOND_ENDING;
    let outcome = wait::until(limit, || {
        for worker in &mut left {
            if worker.turn.is_none() && !worker.told && begin.elapsed() > SILENCE {
                worker.told = true;
                tell(
                    report,
                    format!("{} waits until its predecessor has ended", worker.watched.process.shown()),
                );
            }
        }
        if let Err(cancelled) = scene.go_on() {
            return Some(Err(cancelled));
        }
        let mut failed = None;
        left.retain_mut(|worker| match worker.look(scene.root, begin) {
            Look::Stays => false,
            Look::NotYet => true,
            Look::Failed(reason) => {
                failed.get_or_insert_with(|| worker.error(reason));
                true
            }
        });
        failed.map(Err).or_else(|| left.is_empty().then_some(Ok(())))
    });
    outcome.unwrap_or_else(|| {
        left.first()
            .map_or(Ok(()), |worker| Err(worker.error(format!("did not start within {}", seconds(limit)))))
    })
}

impl Worker<'_, '_> {
    fn look(&mut self, root: &Root, begin: Since) -> Look {
        let name = &self.watched.process.name;
        let record = record_path(&root.uwsgi_available(), &name.to_string());
        let slot = root.slot(&name.app, &name.kind, name.index);
        if slot_holder(&slot).as_ref() != Some(&record) {
            if begin.elapsed() > END {
                return Look::Failed("did not start, because its predecessor did not end".to_owned());
            }
            return Look::NotYet;
        }
        let turn = *self.turn.get_or_insert_with(Since::now);
        let ended = files::read_text(&endings(&record)).ok().flatten().unwrap_or_default();
        match (ended.lines().count(), ended.lines().last()) {
            (0, _) | (_, None) if turn.elapsed() >= STAYS || self.rests(root) => Look::Stays,
            (0, _) | (_, None) => Look::NotYet,
            (1, _) if self.ended.get_or_insert_with(Since::now).elapsed() >= SECOND_ENDING => Look::Stays,
            (1, _) => Look::NotYet,
            (_, Some(how)) => Look::Failed(format!("exits right after it starts ({how})")),
        }
    }

    /// Whether its processes have been idle for a while.
    fn rests(&mut self, root: &Root) -> bool {
        let name = &self.watched.process.name;
        let ask = || Some(emperor::ask(&root.emperor_stats())?.vassal(&name.to_string())?.pid);
        self.vassal = self.vassal.or_else(ask);
        let now = self
            .vassal
            .and_then(|vassal| ProcessTree::read_below(vassal).at_rest(vassal))
            .filter(|(processes, _)| !processes.is_empty());
        let same = self.at_rest.take().filter(|(_, before)| Some(before) == now.as_ref());
        self.at_rest = same.or_else(|| now.map(|now| (Since::now(), now)));
        self.at_rest.as_ref().is_some_and(|(since, _)| since.elapsed() >= RESTS)
    }

    fn error(&self, reason: String) -> DeployError {
        let keep_running = || {
            "its last lines are above; a worker has to keep running; use `release:` or `piku run` for a command that runs once"
                .to_owned()
        };
        DeployError::Unhealthy {
            process: self.watched.process.shown(),
            help: Some(not_started(&reason).unwrap_or_else(keep_running)),
            reason,
            output: screenful(logs::own_lines_since(&self.watched.log, self.watched.from)),
        }
    }
}
