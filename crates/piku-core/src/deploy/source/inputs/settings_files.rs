//! The settings files of a release, and the server's defaults, with their texts.

use std::collections::BTreeMap;
use std::sync::Arc;

use piku_procfile::{Diagnostic, Severity, Source};

use super::texts::{LARGEST, Texts};
use crate::app::AppName;
use crate::diagnostic::FileDiagnostic;
use crate::settings::{self, AppFolders, EnvFile, Layers, Options, Origin, StoredSettings};

/// Both settings files, with their texts to show mistakes in.
#[derive(Clone, Debug)]
pub(super) struct WrittenSettings {
    env: EnvFile,
    env_text: Arc<Source>,
    stored: Option<StoredSettings>,
    stored_text: Arc<Source>,
    stored_file: String,
    defaults: StoredSettings,
    defaults_text: Arc<Source>,
    of_stored: Vec<FileDiagnostic>,
}

impl WrittenSettings {
    /// Parses both files and the defaults; `None` if one is too large.
    pub(super) fn parse(
        app: Option<&AppName>,
        texts: &Texts,
        diagnostics: &mut Vec<FileDiagnostic>,
    ) -> Option<Self> {
        let env_text = source("ENV", texts.env.as_deref(), diagnostics)?;
        // piku writes this file, and `config:set` has checked its size.
        let stored_text = Arc::new(Source::new(texts.stored.as_slice()));
        let stored_file = app.map_or_else(|| "settings".to_owned(), |app| format!("envs/{app}/ENV"));
        let (stored, mut found) = StoredSettings::parse(stored_text.bytes());
        // `config:set` has warned about keys without effect.
        found.retain(|one| !settings::keys::is_odd(one));
        let of_stored = FileDiagnostic::of(&stored_file, &stored_text, found).collect();
        let env = EnvFile::read(env_text.bytes());
        let defaults_text = Arc::new(Source::new(texts.defaults.as_slice()));
        // `server:set` has checked them.
        let defaults = StoredSettings::parse(defaults_text.bytes()).0.unwrap_or_default();
        Some(Self { env, env_text, stored, stored_text, stored_file, defaults, defaults_text, of_stored })
    }

    /// Merges the layers with these variables, and adds all diagnostics. A release that was accepted has no errors.
    pub(super) fn expand(
        &self,
        known: &BTreeMap<String, String>,
        accepted: bool,
        diagnostics: &mut Vec<FileDiagnostic>,
    ) -> Option<(Layers, Options)> {
        let expanded = self.env.expand(known);
        diagnostics.extend(FileDiagnostic::of("ENV", &self.env_text, expanded.diagnostics));
        diagnostics.extend(self.of_stored.iter().cloned());
        let layers = Layers::new(expanded.values?, self.stored.as_ref()?).with_defaults(&self.defaults);
        if let Err(error) = layers.check_size() {
            let found = Diagnostic::error("env::too-much", 0..0, error.to_string()).with_help(error.help());
            diagnostics.push(FileDiagnostic::of_whole("", found));
        }
        let folders = AppFolders::known(known);
        let (options, problems) = settings::options_in(&layers, folders.as_ref());
        for mut problem in problems {
            if accepted {
                problem.diagnostic.severity = Severity::Warning;
            }
            diagnostics.extend(self.at(problem.origin, problem.diagnostic));
        }
        Some((layers, options))
    }

    /// Reports a setting whose early value differs from its final one.
    pub(super) fn late(&self, key: &str, layers: &Layers) -> Vec<FileDiagnostic> {
        let span = layers.setting(key).map_or(0..0, |setting| setting.span.clone());
        let message = format!("`{key}` refers to a variable that is not known before the build");
        let found = Diagnostic::error("env::known-too-late", span, message)
            .with_help("write the value itself: this setting is needed earlier");
        self.at(layers.origin(key), found)
    }

    fn at(&self, origin: Origin, found: Diagnostic) -> Vec<FileDiagnostic> {
        let (file, text) = match origin {
            Origin::Stored => (self.stored_file.as_str(), &self.stored_text),
            Origin::Server => ("the server's defaults", &self.defaults_text),
            _ => ("ENV", &self.env_text),
        };
        FileDiagnostic::of(file, text, vec![found]).collect()
    }
}

/// The text of a file, unless it is too large.
pub(super) fn source(
    file: &str,
    text: Option<&[u8]>,
    diagnostics: &mut Vec<FileDiagnostic>,
) -> Option<Arc<Source>> {
    let text = text.unwrap_or_default();
    if text.len() > LARGEST {
        let message = format!("`{file}` is larger than the limit of 1 MiB ({LARGEST} bytes)");
        let found = Diagnostic::error("file::too-large", 0..0, message)
            .with_help("move large values to another file, and refer to that file instead");
        diagnostics.push(FileDiagnostic::of_whole(file, found));
        return None;
    }
    Some(Arc::new(Source::new(text)))
}
