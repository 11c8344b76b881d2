//! `top`.

use std::process::ExitCode;
use std::time::Duration;

use jiff::tz::TimeZone;
use piku_core::{AppName, Snapshot};

use crate::error::CliError;
use crate::json::{self, Versioned};
use crate::session::Session;
use crate::top::lines;
use crate::top::screen::{self, Ended};

/// The time over which CPU time is measured where nobody watches.
const MEASURED: Duration = Duration::from_millis(500);

pub(super) fn top(app: Option<AppName>, once: bool, session: &Session) -> Result<ExitCode, CliError> {
    if !(once || session.json) && screen::is_there() {
        return Ok(match screen::run(&session.piku, &session.ui, app)? {
            Ended::Quietly => ExitCode::SUCCESS,
            Ended::BySignal(signal) => ExitCode::from(u8::try_from(128 + signal).unwrap_or(1)),
        });
    }
    let snapshot = measure(app.as_ref(), session)?;
    if session.json {
        json::print(&Versioned::new(&snapshot), &session.ui);
        return Ok(ExitCode::SUCCESS);
    }
    for line in lines::all(&snapshot, app.is_some(), &TimeZone::system()) {
        session.ui.line(format_args!("{line}"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Looks twice: what CPU time is used shows only between two looks.
fn measure(app: Option<&AppName>, session: &Session) -> Result<Snapshot, CliError> {
    let mut watch = session.piku.watch(app)?;
    watch.look()?;
    std::thread::sleep(MEASURED);
    Ok(watch.look()?)
}
