//! `ps`.

use std::process::ExitCode;

use piku_core::{AppName, KindStatus, ProcessStatus, State};

use crate::error::CliError;
use crate::json::{self, Versioned};
use crate::session::Session;
use crate::table::{Table, number, text};
use crate::times::{Clock, length};
use crate::top::figures;

pub(super) fn ps(app: &AppName, session: &Session) -> Result<ExitCode, CliError> {
    let kinds = session.piku.processes(app)?;
    if session.json {
        json::print(&Versioned::all(&kinds), &session.ui);
        return Ok(ExitCode::SUCCESS);
    }
    if session.piku.maintenance(app)?.is_some() {
        session.ui.done(format_args!("{app} is under maintenance; `maintenance:off {app}` ends it"));
    }
    let stopped = |kind: &KindStatus| kind.processes.iter().any(|process| process.state == State::Stopped);
    if kinds.iter().any(stopped) {
        session.ui.done(format_args!("{app} is stopped; `start {app}` starts it"));
    }
    session.ui.table(&listed(&kinds, &Clock::here()));
    Ok(ExitCode::SUCCESS)
}

/// A line `KIND:COUNT` for each kind, and a row below for each of its processes.
fn listed(kinds: &[KindStatus], clock: &Clock) -> Table {
    let mut table = Table::new(&[
        text("PROCESS"),
        text("STATE"),
        number("UP"),
        number("PID"),
        number("PORT"),
        number("MEMORY"),
        number("CPU"),
        number("RESTARTS"),
        text("LAST ENDED WITH").at_least(8),
    ]);
    for kind in kinds {
        table.line(format!("{}:{}", kind.kind, kind.count));
        for process in &kind.processes {
            table.row(row(&kind.kind, process, clock));
        }
        if let Some(next) = kind.next {
            table.note(&format!("next run {}", clock.minute(next)));
        }
        if let Some(last) = kind.last {
            let how = kind
                .last_result
                .as_ref()
                .map_or("still running".to_owned(), |how| format!("ended with {how}"));
            table.note(&format!("last run {}, {how}", clock.minute(last)));
        }
    }
    table
}

fn row(kind: &str, process: &ProcessStatus, clock: &Clock) -> [String; 9] {
    fn some<T: ToString>(value: Option<T>) -> String {
        value.map_or_else(String::new, |value| value.to_string())
    }
    let ProcessStatus { index, state, pid, since, restarts, last_ending, memory, cpu_ms, port, .. } = process;
    let up = since.map(|since| clock.seconds().saturating_sub(since));
    [
        format!("  {kind}.{index}"),
        state.to_string(),
        some(up.map(length)),
        some(*pid),
        some(*port),
        some(memory.map(figures::bytes)),
        some(cpu_ms.zip(up).map(|(spent, up)| share(spent, up))),
        some(Some(*restarts).filter(|restarts| *restarts > 0)),
        last_ending.clone().unwrap_or_default(),
    ]
}

/// The share of a processor since the start, as ps(1) has it.
fn share(spent_ms: u64, up: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let percent = spent_ms as f64 / 10.0 / up.max(1) as f64;
    figures::percent(percent)
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn the_share_of_a_processor_is_that_since_the_start() {
        assert_eq!(share(500, 1), "50.0%");
        assert_eq!(share(10, 0), "1.0%");
        assert_eq!(share(86_400_000, 86_400), "100%");
    }
}
