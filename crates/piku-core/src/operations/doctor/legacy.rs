//! What legacy piku (piku.py) left in the root: its emperor, and apps that have not been pushed since.

use piku_procfile::Severity;

use super::finding::{Finding, ok, warning};
use crate::app::AppName;
use crate::diagnostic::FileDiagnostic;
use crate::host::examine::Facts;
use crate::piku::Piku;
use crate::release::store;
use crate::settings::StoredSettings;

/// At most this many mistakes of one app are shown.
const SHOWN: usize = 5;

/// What the emperor of legacy piku does, if one runs.
pub(super) fn emperor(facts: &Facts) -> Option<Finding> {
    let legacy = facts.legacy.as_ref()?;
    let about = "legacy";
    Some(match legacy.apps {
        0 => {
            let end = &legacy.end;
            let fix = if legacy.runs_ours {
                format!("run piku's own, `sudo piku setup --system` or `piku emperor`; then {end}")
            } else {
                format!("{end}: nothing needs it")
            };
            warning(about, "the emperor of legacy piku (piku.py) runs no app any more", fix)
        }
        count => {
            let apps = if count == 1 { "1 app, which moves" } else { &format!("{count} apps, which move") };
            let at = if count == 1 { "its" } else { "their" };
            ok(
                about,
                format!("the emperor of legacy piku (piku.py) runs {apps} at {at} next push or `deploy`"),
            )
        }
    })
}

impl Piku {
    /// What a push would refuse in each app that only legacy piku has deployed.
    pub(super) fn apps_of_legacy(&self) -> Vec<Finding> {
        let mut apps = self.app_names().unwrap_or_default();
        apps.sort();
        apps.dedup();
        let legacy = apps.iter().filter(|app| store::is_foreign_clone(&self.root, app));
        legacy.map(|app| self.app_of_legacy(app)).collect()
    }

    fn app_of_legacy(&self, app: &AppName) -> Finding {
        let mut wrong = Vec::new();
        if let Ok(text) = self.stored_text(app) {
            let (_, found) = StoredSettings::parse(&text);
            let file = self.root.stored_settings(app);
            for one in found.into_iter().filter(|one| one.severity == Severity::Error) {
                let line = piku_procfile::Place::of(&text, one.span.start).line;
                wrong.push(format!("{file}:{line}: {}", one.message));
            }
        }
        match self.check(&self.root.app(app)) {
            Ok(checked) => wrong.extend(checked.diagnostics.iter().filter(|one| one.is_error()).map(shown)),
            Err(error) => wrong.push(crate::error_chain(&error)),
        }
        if wrong.is_empty() {
            return ok(
                "legacy",
                format!("`{app}` of legacy piku (piku.py) is ready to move: nothing in it is refused"),
            );
        }
        let (count, more) = (wrong.len(), wrong.len().saturating_sub(SHOWN));
        wrong.truncate(SHOWN);
        let mistakes = if count == 1 { "1 mistake" } else { &format!("{count} mistakes") };
        let more = if more == 0 { String::new() } else { format!("; and {more} more") };
        let what = format!(
            "a push of `{app}` would be refused for {mistakes} that legacy piku (piku.py) ignores: {}{more}",
            wrong.join("; ")
        );
        warning("legacy", what, "correct this in the app before its next push; until then it runs on")
    }
}

fn shown(found: &FileDiagnostic) -> String {
    let message = &found.diagnostic.message;
    match (found.file.as_str(), found.place().line) {
        ("", _) => message.clone(),
        (file, line) => format!("{file}:{line}: {message}"),
    }
}
