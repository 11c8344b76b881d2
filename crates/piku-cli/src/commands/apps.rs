//! `apps`, and `apps APP`.

use std::io::IsTerminal;
use std::process::ExitCode;

use piku_core::{AppDetails, AppName, AppStatus, AppSummary, CertificateStatus, KindStatus};

use super::releases::short;
use crate::error::CliError;
use crate::json::{self, Versioned};
use crate::session::Session;
use crate::table::{self, Table, number, text};
use crate::times::Clock;

pub(super) fn apps(app: Option<&AppName>, session: &Session) -> Result<ExitCode, CliError> {
    match app {
        Some(app) => one(app, session)?,
        None if session.json => {
            json::print(&Versioned::all(&session.piku.app_summaries()?), &session.ui);
        }
        None if std::io::stdout().is_terminal() => {
            session.ui.table(&summaries(&session.piku.app_summaries()?, &Clock::here()));
        }
        // Scripts read the names, and completions of shells: nothing else is looked up.
        None => {
            let lines: Vec<String> = session.piku.apps()?.iter().map(line).collect();
            if !lines.is_empty() {
                session.ui.data(format_args!("{}", lines.join("\n")));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The name, with `*` before that of a running app.
fn starred(app: &AppStatus) -> String {
    format!("{}{}", if app.running { '*' } else { ' ' }, app.name)
}

fn line(app: &AppStatus) -> String {
    let waits = if app.running || app.release.is_some() { "" } else { "  (no release yet)" };
    let waits = if app.maintenance { "  (under maintenance)" } else { waits };
    let locked =
        app.lock.as_ref().map_or_else(String::new, |lock| format!("  (locked {})", lock.described()));
    format!("{}{waits}{locked}", starred(app))
}

fn summaries(apps: &[AppSummary], clock: &Clock) -> Table {
    let mut table = Table::new(&[
        text(" APP"),
        text("STATE"),
        number("RELEASE"),
        text("COMMIT"),
        number("AGE"),
        text("ADDRESS").at_least(16),
    ]);
    for summary in apps {
        table.row([
            starred(&summary.app),
            state(summary),
            summary.app.release.map_or_else(String::new, |number| number.to_string()),
            short(summary.commit.as_deref().unwrap_or_default()),
            summary.created.map_or_else(String::new, |created| clock.age(created)),
            summary.addresses.join(" "),
        ]);
    }
    table
}

/// The state, and what else keeps visitors or deploys away.
fn state(summary: &AppSummary) -> String {
    let maintenance = summary.app.maintenance.then_some("maintenance");
    let locked = summary.app.lock.as_ref().map(|_| "locked");
    let others = maintenance.into_iter().chain(locked).map(str::to_owned);
    [summary.state.to_string()].into_iter().chain(others).collect::<Vec<_>>().join(", ")
}

fn one(app: &AppName, session: &Session) -> Result<(), CliError> {
    let details = session.piku.app_details(app)?;
    if session.json {
        json::print(&Versioned::new(&details), &session.ui);
        return Ok(());
    }
    for line in table::fields(&fields(&details, &Clock::here())) {
        session.ui.data(format_args!("{line}"));
    }
    Ok(())
}

fn fields(details: &AppDetails, clock: &Clock) -> Vec<(&'static str, String)> {
    let summary = &details.summary;
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    let release = summary.app.release.map(|number| {
        let live = details.live_since.map(|since| format!(", live since {}", clock.minute(since)));
        format!("{number}{}", live.unwrap_or_default())
    });
    let made = summary.created.map(|created| {
        let by = details.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        format!("{} ({} ago), {}{by}", clock.minute(created), clock.age(created), said(&details.cause))
    });
    let waiting = details.waiting.map(|number| format!("release {number}, until `start` or `restart`"));
    let commit =
        summary.commit.as_ref().map(|commit| format!("{} {}", short(commit), said(&details.subject)));
    let maintenance = details.maintenance_since.map(|since| {
        let by = details.maintenance_by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        format!("since {}{by}; `maintenance:off {}` ends it", clock.minute(since), summary.app.name)
    });
    vec![
        ("app", summary.app.name.to_string()),
        ("state", summary.state.to_string()),
        ("address", summary.addresses.join(" ")),
        ("release", release.unwrap_or_default()),
        ("commit", commit.unwrap_or_default()),
        ("made", made.unwrap_or_default()),
        ("waiting", waiting.unwrap_or_default()),
        ("processes", details.processes.iter().map(kind).collect::<Vec<_>>().join(", ")),
        ("settings", details.settings.to_string()),
        ("data", format!("{} in {} files", size(details.data_bytes), details.data_files)),
        ("certificate", details.certificate.as_ref().map(|one| certificate(one, clock)).unwrap_or_default()),
        ("maintenance", maintenance.unwrap_or_default()),
        ("locked", summary.app.lock.as_ref().map(|lock| lock.described()).unwrap_or_default()),
    ]
}

/// A kind with its count, and with how many do not run although they should.
fn kind(kind: &KindStatus) -> String {
    let KindStatus { kind, count, processes, .. } = kind;
    let others = processes.iter().filter(|process| process.state != piku_core::State::Running);
    let states: Vec<String> =
        others.map(|process| format!("{kind}.{} {}", process.index, process.state)).collect();
    let noted = if states.is_empty() { String::new() } else { format!(" ({})", states.join(", ")) };
    format!("{kind} {count}{noted}")
}

fn certificate(status: &CertificateStatus, clock: &Clock) -> String {
    let from = status.origin.map_or_else(String::new, |origin| origin.to_string());
    let until = status.until.map_or_else(String::new, |until| format!(", until {}", clock.day(until)));
    format!("{from}{until}{}", if status.expired { " (expired)" } else { "" })
}

/// Formats bytes in the largest unit that fits.
fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KB", bytes / 1024),
        1_048_576..1_073_741_824 => format!("{} MB", bytes / 1_048_576),
        _ => format!("{} GB", bytes / 1_073_741_824),
    }
}
