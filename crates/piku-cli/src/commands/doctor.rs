//! `doctor`.

use std::process::ExitCode;

use piku_core::Level;

use crate::error::CliError;
use crate::json::{self, Versioned};
use crate::session::Session;

pub(super) fn doctor(session: &Session) -> Result<ExitCode, CliError> {
    let findings = session.piku.doctor();
    if session.json {
        json::print(&Versioned::all(&findings), &session.ui);
    } else {
        for found in &findings {
            session.ui.line(format_args!("{:<8} {}: {}", found.level, found.about, found.what));
            if let Some(fix) = &found.fix {
                session.ui.line(format_args!("         fix: {fix}"));
            }
        }
    }
    Ok(ExitCode::from(u8::from(findings.iter().any(|found| found.level == Level::Error))))
}
