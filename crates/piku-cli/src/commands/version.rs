//! `version`.

use std::process::ExitCode;

use serde::Serialize;

use crate::error::CliError;
use crate::json::{self, Versioned};
use crate::session::Session;

/// What `--json` prints.
#[derive(Serialize)]
struct Shown {
    version: &'static str,
}

pub(super) fn version(session: &Session) -> Result<ExitCode, CliError> {
    let version = env!("CARGO_PKG_VERSION");
    if session.json {
        json::print(&Versioned::new(Shown { version }), &session.ui);
    } else {
        // As `--version`.
        session.ui.data(format_args!("piku {version}"));
    }
    Ok(ExitCode::SUCCESS)
}
