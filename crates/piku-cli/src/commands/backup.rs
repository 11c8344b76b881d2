//! `backup`, `restore`, and `apps:clone`.

use std::io::IsTerminal;
use std::process::ExitCode;

use piku_core::{AppName, Restored};

use super::change::tell;
use crate::changed;
use crate::error::CliError;
use crate::session::Session;

pub(super) fn backup(app: &AppName, session: &Session) -> Result<ExitCode, CliError> {
    let out = std::io::stdout().lock();
    if out.is_terminal() {
        return Err(CliError::ToTerminal(app.clone()));
    }
    let done = session.piku.backup(app, out, &session.actor, &mut session.ui.events())?;
    let commit = done.commit.as_deref().map_or_else(
        || "no commit".to_owned(),
        |commit| format!("commit {}", commit.chars().take(7).collect::<String>()),
    );
    let databases = match done.databases {
        0 => String::new(),
        1 => ", a SQLite database among them".to_owned(),
        count => format!(", {count} SQLite databases among them"),
    };
    let files = if done.files == 1 { "1 file".to_owned() } else { format!("{} files", done.files) };
    session.ui.done(format_args!(
        "Backed up {app}: settings, {commit}, and {files} of data ({}){databases}",
        size(done.bytes)
    ));
    Ok(ExitCode::SUCCESS)
}

pub(super) fn restore(app: &AppName, replaces: bool, session: &Session) -> Result<ExitCode, CliError> {
    let input = std::io::stdin().lock();
    if input.is_terminal() {
        return Err(CliError::FromTerminal(app.clone()));
    }
    let restored = session.piku.restore(app, input, replaces, &session.actor, &mut session.ui.events())?;
    let made = restored.made.strftime("%Y-%m-%d %H:%M UTC");
    session.ui.done(format_args!("Restored {app} from the backup of {} of {made}", restored.from));
    tell_rest(app, &restored, session);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn clone(
    old: &AppName,
    new: &AppName,
    data: bool,
    session: &Session,
) -> Result<ExitCode, CliError> {
    let cloned = session.piku.clone_app(old, new, data, &session.actor, &mut session.ui.events())?;
    let with = if data { "its data" } else { "no data: `--data` copies it" };
    session.ui.done(format_args!("{new} is a clone of {old}, with its settings and {with}"));
    tell_rest(new, &cloned, session);
    Ok(ExitCode::SUCCESS)
}

fn tell_rest(app: &AppName, restored: &Restored, session: &Session) {
    if let Some(aside) = &restored.aside {
        session.ui.done(format_args!("The data that {app} had before is in {aside}"));
    }
    match &restored.done {
        Some(done) => tell(app, done, session),
        None => {
            session.ui.done(format_args!("{app} has no release yet: `git push piku@<server>:{app} main`"));
            changed::stored(app, true, None, session);
        }
    }
}

/// Formats bytes in the largest unit that fits.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let (mut whole, mut tenths, mut unit) = (bytes, 0, 0);
    while whole >= 1000 && unit + 1 < UNITS.len() {
        tenths = whole % 1000 / 100;
        whole /= 1000;
        unit += 1;
    }
    let fraction = if whole < 10 && unit > 0 { format!(".{tenths}") } else { String::new() };
    format!("{whole}{fraction} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_two_digits_that_matter() {
        let sizes = [0, 999, 1000, 1999, 12_345, 999_999, 1_500_000, 2_000_000_000, u64::MAX];
        let shown =
            ["0 B", "999 B", "1.0 kB", "1.9 kB", "12 kB", "999 kB", "1.5 MB", "2.0 GB", "18446744 TB"];
        assert_eq!(sizes.map(size), shown);
    }
}
