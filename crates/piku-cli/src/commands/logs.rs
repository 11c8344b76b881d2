//! `logs`.

use std::ops::ControlFlow;
use std::process::ExitCode;

use piku_core::{AppName, LogLine};

use crate::control_characters::without_sequences;
use crate::error::CliError;
use crate::json::{self, Versioned};
use crate::session::Session;

/// What to show of the logs.
pub(super) struct Shape {
    pub(super) lines: usize,
    pub(super) follow: bool,
    pub(super) all: bool,
}

pub(super) fn logs(
    app: &AppName,
    kind: Option<&str>,
    shape: &Shape,
    session: &Session,
) -> Result<ExitCode, CliError> {
    let show = |line: &LogLine| {
        if session.json {
            json::print_line(&Versioned::new(line), &session.ui)
        } else {
            session.ui.data(format_args!("{} | {}", line.process, without_sequences(&line.line)))
        }
    };
    let last = session.piku.last_logs(app, kind, shape.lines, shape.all)?;
    if let Some(kind) = kind.filter(|_| last.is_empty() && !session.json) {
        session.ui.done(format_args!("`{kind}` has not written anything yet"));
    }
    for line in last {
        if !show(&line) {
            return Ok(ExitCode::SUCCESS);
        }
    }
    if shape.follow {
        let mut heard =
            |line: LogLine| if show(&line) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        session.piku.follow_logs(app, kind, shape.all, &mut heard, &|| session.ui.is_read())?;
    }
    Ok(ExitCode::SUCCESS)
}
