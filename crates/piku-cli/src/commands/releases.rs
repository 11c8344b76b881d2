//! `releases`, `events`.

use std::process::ExitCode;

use piku_core::{AppName, HistoryEntry, ReleaseEntry};

use crate::error::CliError;
use crate::json::{self, Versioned};
use crate::session::Session;
use crate::table::{Table, number, text};
use crate::times::Clock;

pub(super) fn releases(app: &AppName, session: &Session) -> Result<ExitCode, CliError> {
    let releases = session.piku.releases(app)?;
    if session.json {
        json::print(&Versioned::all(&releases), &session.ui);
    } else {
        session.ui.table(&listed(&releases, &Clock::here()));
    }
    Ok(ExitCode::SUCCESS)
}

fn listed(releases: &[ReleaseEntry], clock: &Clock) -> Table {
    let mut table = Table::new(&[
        text(" RELEASE"),
        number("AGE"),
        text("COMMIT"),
        text("SUBJECT").at_least(16),
        text("CAUSE").at_least(12),
        text("BY").at_least(6),
        text("STATE"),
    ]);
    for release in releases {
        table.row([
            format!("{}{}", if release.live { '*' } else { ' ' }, release.number),
            clock.age(release.created),
            short(&release.commit),
            release.subject.clone().unwrap_or_default(),
            release.cause.clone(),
            release.by.clone().unwrap_or_default(),
            release.state.to_string(),
        ]);
    }
    table
}

pub(super) fn events(app: Option<&AppName>, session: &Session) -> Result<ExitCode, CliError> {
    let events = session.piku.events(app)?;
    if session.json {
        json::print(&Versioned::all(&events), &session.ui);
    } else {
        session.ui.table(&happened(&events, app.is_none(), &Clock::here()));
    }
    Ok(ExitCode::SUCCESS)
}

/// A row for each entry of the log, with its app where there are several.
fn happened(events: &[HistoryEntry], several: bool, clock: &Clock) -> Table {
    let mut table = Table::new(&[
        text("TIME"),
        text("APP"),
        text("WHAT"),
        number("RELEASE"),
        text("COMMIT"),
        text("CAUSE").at_least(8),
        text("BY").at_least(4),
    ]);
    for event in events {
        table.row([
            clock.second(event.time),
            if several { event.app.clone() } else { String::new() },
            event.what.to_string(),
            event.release.map_or_else(String::new, |number| number.to_string()),
            short(event.commit.as_deref().unwrap_or_default()),
            event.cause.clone(),
            event.by.clone().unwrap_or_default(),
        ]);
        if let Some(reason) = &event.reason {
            table.note(reason);
        }
    }
    table
}

/// As many digits of a commit as git shows.
pub(super) fn short(commit: &str) -> String {
    commit.chars().take(7).collect()
}
