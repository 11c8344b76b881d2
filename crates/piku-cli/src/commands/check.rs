//! `check`.

use std::process::ExitCode;

use camino::Utf8PathBuf;
use piku_core::Checked;

use crate::error::CliError;
use crate::json::{self, Versioned};
use crate::session::Session;
use crate::{surroundings, ui};

pub(super) fn check(folder: Option<Utf8PathBuf>, session: &Session) -> Result<ExitCode, CliError> {
    let folder = folder.unwrap_or_else(surroundings::here);
    if !folder.is_dir() {
        let source = std::io::Error::new(std::io::ErrorKind::NotADirectory, "it is not a folder");
        return Err(CliError::Input { name: folder.into_string(), source });
    }
    let checked = session.piku.check(&folder)?;
    if session.json {
        json::print(&Versioned::new(&checked), &session.ui);
    } else {
        show(&checked, session);
    }
    Ok(ExitCode::from(u8::from(checked.has_errors())))
}

fn show(checked: &Checked, session: &Session) {
    for found in &checked.diagnostics {
        session.ui.diagnostic(found);
    }
    if let Some(runtime) = &checked.runtime {
        session.ui.line(format_args!("runtime: {runtime}"));
    }
    for process in checked.processes.iter().flatten() {
        session.ui.line(format_args!("{}: {}", process.name, process.command));
    }
    let errors = checked.diagnostics.iter().filter(|found| found.is_error()).count();
    let more = checked.diagnostics.iter().any(|found| found.is_rest() && found.is_error());
    match errors {
        0 => session.ui.done(format_args!("A push would be accepted as far as can be told from here")),
        1 => ui::complain(format_args!("error: a push would be refused: there is a mistake")),
        count if more => {
            ui::complain(format_args!(
                "error: a push would be refused: there are more than {} mistakes",
                count - 1
            ));
        }
        count => ui::complain(format_args!("error: a push would be refused: there are {count} mistakes")),
    }
}
