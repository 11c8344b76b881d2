//! Read-only commands: `apps`, `events`, `ps`, `releases`.

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use piku_core::{AppName, AppStatus};
use serde::Serialize;

use crate::error::CliError;
use crate::json::{self, Versioned};
use crate::session::Session;
use crate::table;

pub(super) fn print_json(value: &impl Serialize, session: &Session) {
    json::print(value, &session.ui);
}

pub(super) fn apps(session: &Session) -> Result<ExitCode, CliError> {
    let apps = session.piku.apps()?;
    if session.json {
        print_json(&Versioned::all(&apps), session);
    } else {
        // One write: there may be a thousand.
        let line = |app: AppStatus| {
            let waits = if app.running || app.release.is_some() { "" } else { "  (no release yet)" };
            let waits = if app.maintenance { "  (under maintenance)" } else { waits };
            let locked =
                app.lock.as_ref().map_or_else(String::new, |lock| format!("  (locked {})", lock.described()));
            format!("{}{}{waits}{locked}", if app.running { '*' } else { ' ' }, app.name)
        };
        let lines: Vec<String> = apps.into_iter().map(line).collect();
        if !lines.is_empty() {
            session.ui.data(format_args!("{}", lines.join("\n")));
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn ps(app: &AppName, session: &Session) -> Result<ExitCode, CliError> {
    let kinds = session.piku.processes(app)?;
    if session.json {
        print_json(&Versioned::all(&kinds), session);
        return Ok(ExitCode::SUCCESS);
    }
    if session.piku.maintenance(app)?.is_some() {
        session.ui.done(format_args!("{app} is under maintenance; `maintenance:off {app}` ends it"));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    for kind in kinds {
        session.ui.data(format_args!("{}:{}", kind.kind, kind.count));
        let rows: Vec<Vec<String>> = kind
            .processes
            .iter()
            .map(|process| {
                vec![
                    format!("  {}.{}", kind.kind, process.index),
                    process.state.to_string(),
                    process.since.map_or_else(String::new, |since| duration(now.saturating_sub(since))),
                    process.pid.map_or_else(String::new, |pid| format!("pid {pid}")),
                    process
                        .last_ending
                        .as_ref()
                        .map_or_else(String::new, |how| format!("last ended with {how}")),
                ]
            })
            .collect();
        for line in table::lines(&rows) {
            session.ui.line(format_args!("{line}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Formats seconds in the largest unit that fits.
fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

pub(super) fn releases(app: &AppName, session: &Session) -> Result<ExitCode, CliError> {
    let releases = session.piku.releases(app)?;
    if session.json {
        print_json(&Versioned::all(&releases), session);
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = releases
        .into_iter()
        .map(|release| {
            vec![
                format!("{}{}", if release.live { '*' } else { ' ' }, release.number),
                to_the_second(&release.created),
                release.commit.chars().take(7).collect(),
                release.cause,
                release.by.map_or_else(String::new, |by| format!("by {by}")),
            ]
        })
        .collect();
    for line in table::lines(&rows) {
        session.ui.line(format_args!("{line}"));
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn events(app: Option<&AppName>, session: &Session) -> Result<ExitCode, CliError> {
    let events = session.piku.events(app)?;
    if session.json {
        print_json(&Versioned::all(&events), session);
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = events
        .into_iter()
        .map(|event| {
            let mut row = vec![
                to_the_second(&event.time),
                event.what.to_string(),
                event.release.map_or_else(String::new, |number| format!("release {number}")),
                event.commit.unwrap_or_default().chars().take(7).collect(),
                event.cause,
                event.by.map_or_else(String::new, |by| format!("by {by}")),
                event.reason.unwrap_or_default(),
            ];
            if app.is_none() {
                row.insert(1, event.app);
            }
            row
        })
        .collect();
    for line in table::lines(&rows) {
        session.ui.line(format_args!("{line}"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Formats as `2026-11-25 08:30:00`, in UTC.
fn to_the_second(time: &impl ToString) -> String {
    time.to_string().chars().take(19).collect::<String>().replace('T', " ")
}
