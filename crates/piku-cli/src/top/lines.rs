//! Tables of a snapshot, row by row.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use piku_core::{AppUsage, MinuteTraffic, ProcessUsage, Snapshot, State, Traffic};

use super::figures;
use crate::times::length;

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its head.
    pub(crate) head: &'static str,
    /// Whether it is left out where there is little room.
    pub(crate) spare: bool,
    /// Whether its cells end below each other, as numbers do.
    pub(crate) right: bool,
}

const fn left(head: &'static str) -> Column {
    Column { head, spare: false, right: false }
}

const fn right(head: &'static str) -> Column {
    Column { head, spare: false, right: true }
}

const fn spare(head: &'static str) -> Column {
    Column { head, spare: true, right: true }
}

/// The columns of processes.
pub(crate) const PROCESSES: [Column; 8] = [
    left("APP"),
    left("PROCESS"),
    left("STATE"),
    spare("PID"),
    right("MEMORY"),
    right("CPU"),
    spare("UP"),
    spare("RESTARTS"),
];

/// The columns of sites; requests, errors, and times are those of two minutes.
pub(crate) const SITES: [Column; 7] =
    [left("SITE"), right("REQ/S"), right("2 MIN"), spare("4XX"), right("5XX"), spare("P50"), right("P95")];

/// The columns of the minutes of one site.
pub(crate) const MINUTES: [Column; 6] =
    [left("MINUTE"), right("REQUESTS"), right("4XX"), right("5XX"), right("P50"), right("P95")];

/// The cells of a process, as of `now`.
pub(crate) fn process(app: &AppUsage, process: &ProcessUsage, now: Timestamp) -> Vec<String> {
    let or_none = |cell: Option<String>| cell.unwrap_or_else(|| "-".to_owned());
    let now = u64::try_from(now.as_second()).unwrap_or_default();
    vec![
        app.app.to_string(),
        process.process.clone(),
        state(app, process),
        or_none(process.pid.map(|pid| pid.to_string())),
        or_none(process.memory.map(figures::bytes)),
        or_none(process.cpu.map(figures::percent)),
        or_none(process.since.map(|since| length(now.saturating_sub(since)))),
        process.restarts.to_string(),
    ]
}

fn state(app: &AppUsage, process: &ProcessUsage) -> String {
    match process.state {
        State::Down if app.stopped => "stopped".to_owned(),
        state => state.to_string(),
    }
}

/// The cells of a site.
pub(crate) fn site(app: &AppUsage, traffic: &Traffic) -> Vec<String> {
    let lately = &traffic.lately;
    let time = |time| if lately.requests == 0 { "-".to_owned() } else { figures::milliseconds(time) };
    vec![
        app.app.to_string(),
        figures::rate(traffic.per_second),
        lately.requests.to_string(),
        lately.refused.to_string(),
        lately.failed.to_string(),
        time(lately.p50_ms),
        time(lately.p95_ms),
    ]
}

/// The cells of one minute, which is told in this time zone.
pub(crate) fn minute(minute: &MinuteTraffic, zone: &TimeZone) -> Vec<String> {
    vec![
        minute.begin.to_zoned(zone.clone()).strftime("%H:%M").to_string(),
        minute.requests.to_string(),
        minute.refused.to_string(),
        minute.failed.to_string(),
        figures::milliseconds(minute.p50_ms),
        figures::milliseconds(minute.p95_ms),
    ]
}

/// All of a snapshot as plain tables: processes, then sites, or the minutes of the only one.
pub(crate) fn all(snapshot: &Snapshot, one: bool, zone: &TimeZone) -> Vec<String> {
    let now = snapshot.time;
    let processes: Vec<_> = snapshot.processes().map(|(app, one)| process(app, one, now)).collect();
    let mut sections = Vec::new();
    if !processes.is_empty() {
        sections.push(table(&PROCESSES, &processes));
    }
    let sites = || snapshot.apps.iter().filter_map(|app| Some((app, app.traffic.as_ref()?)));
    let rows: Vec<_> = sites().map(|(app, traffic)| site(app, traffic)).collect();
    if !rows.is_empty() {
        sections.push(table(&SITES, &rows));
    }
    for (_, traffic) in sites().filter(|(_, traffic)| one && !traffic.minutes.is_empty()) {
        let rows: Vec<_> = traffic.minutes.iter().map(|it| minute(it, zone)).collect();
        sections.push(table(&MINUTES, &rows));
    }
    sections.join(&[String::new()][..])
}

/// A head and rows, with columns that stand below each other.
fn table(columns: &[Column], rows: &[Vec<String>]) -> Vec<String> {
    let widths = widths(columns, rows);
    let heads: Vec<String> = columns.iter().map(|column| column.head.to_owned()).collect();
    [&heads].into_iter().chain(rows).map(|row| line(columns, row, &widths)).collect()
}

/// The width of each column.
pub(crate) fn widths(columns: &[Column], rows: &[Vec<String>]) -> Vec<usize> {
    let cells = |at: usize| rows.iter().filter_map(move |row| row.get(at)).map(|cell| cell.chars().count());
    let width = |(at, column): (usize, &Column)| cells(at).max().unwrap_or(0).max(column.head.len());
    columns.iter().enumerate().map(width).collect()
}

/// The cells of a row, padded, with two spaces between them.
pub(crate) fn line(columns: &[Column], row: &[String], widths: &[usize]) -> String {
    let padded = columns.iter().zip(row).zip(widths).map(|((column, cell), width)| {
        if column.right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
    });
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}
