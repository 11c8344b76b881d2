//! Settings that have no effect: misspelt keys, and what was written by hand.

use super::finding::{Finding, error, warning};
use crate::piku::Piku;
use crate::server_settings::{self, ServerSettingsError};

impl Piku {
    /// What is wrong with the settings of the server.
    pub(super) fn odd_server_settings(&self) -> Vec<Finding> {
        let about = "server";
        match server_settings::load(&self.root) {
            Ok(settings) => {
                let mistakes = settings.mistakes().into_iter();
                let found = mistakes.map(|(key, what, help)| {
                    let remove = format!("`piku server:unset {key}`");
                    let fix = help.map_or(remove.clone(), |help| format!("{help}, or {remove}"));
                    warning(about, what, fix)
                });
                found.collect()
            }
            Err(ServerSettingsError::Damaged { path, line, message }) => vec![error(
                about,
                format!("the settings of the server can't be read: line {line}: {message}"),
                format!("correct `{path}`"),
            )],
            Err(failed @ ServerSettingsError::Host(_)) => {
                vec![error(about, crate::error_chain(&failed), "let the user of piku read it")]
            }
        }
    }
}
