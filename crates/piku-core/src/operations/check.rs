//! `check`: the diagnostics of a push, without pushing.

use std::collections::BTreeMap;

use camino::Utf8Path;

use crate::deploy::detect::{self, Detected, Known};
use crate::deploy::plan::hosted;
use crate::deploy::source::inputs::{self, EarlyOptions, Written};
use crate::deploy::source::{self, included};
use crate::diagnostic::FileDiagnostic;
use crate::error::Error;
use crate::host::{facts, script_file};
use crate::piku::Piku;
use piku_procfile::{Diagnostic, Severity};
use piku_runtime::{FolderTree, Warning};
use serde::{Deserialize, Serialize};

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Checked {
    /// The processes in the Procfile, in order; `None` if it has a mistake.
    pub processes: Option<Vec<CheckedProcess>>,
    /// The settings in ENV; `None` if it has a mistake.
    pub env: Option<BTreeMap<String, String>>,
    /// The runtime; `None` if it can't be determined.
    pub runtime: Option<String>,
    /// All diagnostics, ordered by file and place.
    pub diagnostics: Vec<FileDiagnostic>,
}

/// A process in the Procfile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckedProcess {
    /// Its name.
    pub name: String,
    /// Its command.
    pub command: String,
}

impl Checked {
    /// Whether a push would be refused.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(FileDiagnostic::is_error)
    }
}

impl Piku {
    /// Checks a folder as if it were pushed. Changes nothing, and runs no program except for `--version` of tools.
    ///
    /// # Errors
    /// [`Error::Host`] if a script that a process runs exists but can't be read.
    pub fn check(&self, folder: &Utf8Path) -> Result<Checked, Error> {
        let texts = source::texts(folder, Vec::new(), Vec::new());
        let mut written = Written::parse(None, &texts);
        let mut scripts = script_file::all(folder, &written.scripts())?;
        // The server may have interpreters that this machine lacks.
        scripts.values_mut().for_each(|script| script.lacks = None);
        written.check_scripts(&texts, &scripts);
        // The folder is not an app yet, so no variables are known.
        let mut reading = written.expand(&BTreeMap::new());
        let settings = reading.inputs.clone();
        included::check(folder, &mut reading);
        reading.inputs = settings;
        let processes = reading.procfile.as_ref().map(|procfile| {
            let entries = procfile.entries().iter();
            entries
                .map(|entry| CheckedProcess { name: entry.name.to_string(), command: entry.command.clone() })
                .collect()
        });
        let in_procfile = |found: &FileDiagnostic| found.file == "Procfile" && found.is_error();
        let processes = if reading.diagnostics.iter().any(in_procfile) { None } else { processes };
        let env = reading.layers.as_ref().map(crate::settings::Layers::values);
        if let (Some(procfile), Some(env)) = (&reading.procfile, &env) {
            let has_healthcheck = env.contains_key("PIKU_HEALTHCHECK");
            let hints = inputs::hints(&FolderTree::new(folder, ""), procfile, has_healthcheck);
            reading.diagnostics.extend(hints.into_iter().map(|hint| FileDiagnostic::of_whole("", hint)));
        }
        let uwsgi = facts::uwsgi(&self.root, &self.surroundings);
        if let Some(inputs) = &reading.inputs
            && let Err(error) = hosted::require_kinds(&inputs.procfile, uwsgi.as_ref())
        {
            // Something is missing on this machine, but the app may be meant for another one.
            let mut found = refused(error.code(), &error, error.help());
            found.diagnostic.severity = Severity::Warning;
            reading.diagnostics.push(found);
        }
        let plugin = uwsgi.and_then(|uwsgi| uwsgi.python);
        let tree = FolderTree::new(folder, "");
        let options = reading.inputs.as_ref().map(|inputs| EarlyOptions::of(&inputs.options));
        let known = Known {
            folder,
            procfile: reading.procfile.as_ref(),
            options: options.as_ref(),
            settings: env.clone().unwrap_or_default(),
            plugin: plugin.map(|(_, version)| version),
        };
        let Detected { planner, detection } = detect::detect(&self.surroundings, &tree, known, None);
        let runtime = match detection {
            Ok(detection) => {
                let mut warnings = detection.warnings.clone();
                match planner.plan(&detection) {
                    Ok(plan) => warnings.extend(plan.into_iter().flat_map(|plan| plan.warnings)),
                    Err(error) => reading.diagnostics.push(refused(error.code(), &error, error.help())),
                }
                reading.diagnostics.extend(warnings.into_iter().map(warned));
                Some(detection.runtime.to_string())
            }
            Err(error) => {
                let mut found = refused(error.code(), &error, error.help());
                if error.python_to_fetch().is_some() && planner.toolbox.tool("uv").is_some() {
                    found.diagnostic.severity = Severity::Warning;
                    found.diagnostic.help = Some("a push lets uv fetch it".to_owned());
                }
                reading.diagnostics.push(found);
                None
            }
        };
        reading.diagnostics.extend(detect::unread(&tree));
        Ok(Checked { processes, env, runtime, diagnostics: reading.diagnostics })
    }
}

/// Converts a warning of the runtime, which may concern a file.
fn warned(warning: Warning) -> FileDiagnostic {
    let mut found = Diagnostic::warning(warning.code, 0..0, warning.message);
    found.help = warning.help;
    FileDiagnostic::of_whole(warning.file.unwrap_or_default(), found)
}

/// Converts an error that would refuse a push before the build.
fn refused(code: &'static str, error: &dyn std::error::Error, help: Option<String>) -> FileDiagnostic {
    let mut found = Diagnostic::error(code, 0..0, crate::error_chain(error));
    found.help = help;
    FileDiagnostic::of_whole("", found)
}
