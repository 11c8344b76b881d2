//! Settings that have no effect: misspelt keys, and what was written by hand.

use super::finding::{Finding, error, warning};
use crate::app::AppName;
use crate::piku::Piku;
use crate::server_settings::{self, ServerSettingsError};
use crate::settings::{Layers, Origin, keys};

impl Piku {
    /// Settings of apps that have no effect. An app whose settings can't be read is told of when it is changed.
    pub(super) fn odd_settings(&self) -> Vec<Finding> {
        let apps = self.app_names().unwrap_or_default().into_iter();
        apps.flat_map(|app| self.in_force(&app).map(|layers| odd(&app, &layers)).unwrap_or_default())
            .collect()
    }

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

/// A line for each key that has no effect.
fn odd(app: &AppName, layers: &Layers) -> Vec<Finding> {
    let found = layers.iter().filter(|(_, setting)| setting.origin != Origin::Server);
    let found = found.filter_map(|(key, setting)| Some((key, setting.origin, keys::odd(key)?)));
    let finding = |(key, origin, odd): (&str, Origin, piku_procfile::Diagnostic)| {
        let remove = match origin {
            Origin::File => "correct it in the file `ENV`, and push".to_owned(),
            _ => format!("`piku config:unset {app} {key}` removes it"),
        };
        let meant = odd.help.filter(|_| odd.code == "env::unknown-key");
        let fix = meant.map_or(remove.clone(), |meant| format!("{meant} {remove}"));
        warning("settings", format!("`{app}`: {}", odd.message), fix)
    };
    found.map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{StoredSettings, parse_env};

    #[test]
    fn a_misspelt_key_is_a_line_with_its_remedy() {
        let env = parse_env(b"NGINX_SERVERNAME=x\nCOLOR=blue\n", &std::collections::BTreeMap::new());
        let (stored, _) = StoredSettings::parse(b"UWSGI_PROCESES=3\nPIKU_DOMAIN=x\n");
        let layers = Layers::new(env.values.unwrap(), &stored.unwrap());
        let lines: Vec<String> = odd(&"blog".parse().unwrap(), &layers)
            .into_iter()
            .map(|found| format!("{} -> {}", found.what, found.fix.unwrap_or_default()))
            .collect();
        assert_eq!(
            lines,
            [
                "`blog`: `NGINX_SERVERNAME` is not a setting of piku -> did you mean `NGINX_SERVER_NAME`? correct it in the file `ENV`, and push",
                "`blog`: `PIKU_DOMAIN` is a setting of the whole server, and no app changes it -> `piku config:unset blog PIKU_DOMAIN` removes it",
                "`blog`: `UWSGI_PROCESES` is not a setting of piku, and not handed on to the processes -> did you mean `UWSGI_PROCESSES`? `piku config:unset blog UWSGI_PROCESES` removes it",
            ]
        );
    }
}
