//! A command and when it runs.

use super::schedule::{Schedule, schedule};
use crate::diagnostic::Diagnostic;
use crate::piece::Piece;

/// A command that is started on a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronJob {
    /// When it starts.
    pub schedule: Schedule,
    /// Everything after the schedule, unchanged.
    pub command: String,
}

/// Reads a schedule and the command after it; `None` after an error.
pub(crate) fn job(text: Piece<'_>, found: &mut Vec<Diagnostic>) -> Option<CronJob> {
    let fields = if text.text.starts_with('@') { 1 } else { 5 };
    // If words are missing, the schedule reports it.
    let (when, command) =
        text.words().nth(fields - 1).map_or_else(|| text.split_after(text), |last| text.split_after(last));
    let command = command.trim();
    let schedule = schedule(when, found)?;
    if command.is_empty() {
        found.push(
            Diagnostic::error("procfile::cron-without-command", when.span(), "the schedule has no command")
                .with_help("write the command after the schedule, such as `0 4 * * * ./backup`"),
        );
        return None;
    }
    Some(CronJob { schedule, command: command.text.to_owned() })
}
