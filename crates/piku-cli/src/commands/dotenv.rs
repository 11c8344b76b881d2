//! `config:import`, `config:export`: settings as a `.env` file.

use std::io::{IsTerminal, Read};
use std::process::ExitCode;

use piku_core::settings::{MAX_TOGETHER, Origin, ParsedDotenv, parse_dotenv, render_dotenv};
use piku_core::{AppName, Diagnostic, Place, Severity};

use super::change::{KEPT, tell_or};
use super::settings;
use crate::error::CliError;
use crate::session::Session;
use crate::ui::complain;

/// The most bytes to read: settings of the most that is allowed, with every character escaped.
const MOST: usize = 4 * MAX_TOGETHER;

pub(super) fn import(app: &AppName, session: &Session) -> Result<ExitCode, CliError> {
    if std::io::stdin().is_terminal() {
        session.ui.done(format_args!("Reading KEY=value lines, up to Ctrl-D"));
    }
    let mut text = Vec::new();
    std::io::stdin()
        .lock()
        .take(MOST as u64)
        .read_to_end(&mut text)
        .map_err(|source| CliError::Input { name: "standard input".to_owned(), source })?;
    let ParsedDotenv { values, diagnostics, .. } = parse_dotenv(&text);
    for found in &diagnostics {
        show(found, &text);
    }
    let mistakes = diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
    let values = values.ok_or(CliError::BadDotenv(mistakes))?;
    if values.is_empty() {
        return Err(CliError::EmptyDotenv);
    }
    let done = session.piku.config_set(app, &values, &session.actor, &mut session.ui.events())?;
    session.ui.done(format_args!("Set {}", settings::lengths(&values)));
    Ok(tell_or(app, done.as_ref(), KEPT, session))
}

/// Shows a mistake without its line, which may hold a secret.
fn show(found: &Diagnostic, text: &[u8]) {
    let level = if found.severity == Severity::Error { "error" } else { "warning" };
    let place = Place::of(text, found.span.start);
    complain(format_args!("{level}[{}]: standard input:{place}: {}", found.code, found.message));
    if let Some(help) = &found.help {
        complain(format_args!("   help: {help}"));
    }
}

pub(super) fn export(app: &AppName, all: bool, session: &Session) -> Result<ExitCode, CliError> {
    let mut entries = session.piku.config(app, false)?;
    entries.retain(|entry| all || entry.origin == Origin::Stored);
    let settings = entries.iter().map(|entry| (entry.key.as_str(), entry.value.as_str()));
    let rendered = render_dotenv(settings);
    if !rendered.text.is_empty() {
        session.ui.data(format_args!("{}", rendered.text.trim_end_matches('\n')));
    }
    if !rendered.quoted.is_empty() {
        session.ui.done(format_args!(
            "In quotes, which `docker run --env-file` takes for a part of the value: {}",
            rendered.quoted.join(", ")
        ));
    }
    Ok(ExitCode::SUCCESS)
}
