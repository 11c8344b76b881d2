//! What a person wrote for a release: Procfile and settings, read together, with every mistake in them at once.
//!
//! Pure, and before anything slow: a bad Procfile is refused in milliseconds.

use std::collections::BTreeMap;

use camino::{Utf8Component, Utf8Path};
use piku_procfile::{Diagnostic, Entry, Kind, Procfile};

use crate::app::AppName;
use crate::diagnostic::FileDiagnostic;
use crate::settings::{self, Layers, Options, Origin, StoredSettings};

/// Keys that are known and that this version does nothing about.
const NOT_YET: [&str; 3] = ["NODE_VERSION", "NODE_PACKAGE_MANAGER", "ACME_ROOT_CA"];

/// The texts of a release.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    /// `Procfile`, where there is one.
    pub(crate) procfile: Option<Vec<u8>>,
    /// `ENV`, where there is one.
    pub(crate) env: Option<Vec<u8>>,
    /// `envs/<app>/ENV`, empty where there is none.
    pub(crate) stored: Vec<u8>,
}

/// What the texts say.
#[derive(Clone, Debug)]
pub(crate) struct Inputs {
    pub(crate) procfile: Procfile,
    pub(crate) layers: Layers,
    pub(crate) options: Options,
}

/// Everything read, and everything found on the way.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) procfile: Option<Procfile>,
    pub(crate) layers: Option<Layers>,
    /// Present when nothing is wrong.
    pub(crate) inputs: Option<Inputs>,
    pub(crate) diagnostics: Vec<FileDiagnostic>,
}

/// Reads the texts; `known` are piku's own variables, which the app's ENV may refer to.
pub(crate) fn read(app: Option<&AppName>, texts: &Texts, known: &BTreeMap<String, String>) -> Reading {
    let mut diagnostics = Vec::new();
    let procfile = read_procfile(texts, &mut diagnostics);
    let (layers, options) = read_settings(app, texts, known, &mut diagnostics);
    let failed = diagnostics.iter().any(FileDiagnostic::is_error);
    let inputs = match (&procfile, &layers, options) {
        (Some(procfile), Some(layers), Some(options)) if !failed => {
            Some(Inputs { procfile: procfile.clone(), layers: layers.clone(), options })
        }
        _ => None,
    };
    Reading { procfile, layers, inputs, diagnostics }
}

fn read_procfile(texts: &Texts, diagnostics: &mut Vec<FileDiagnostic>) -> Option<Procfile> {
    let Some(text) = &texts.procfile else {
        let missing = Diagnostic::error("procfile::missing", 0..0, "there is no Procfile")
            .with_help("add a file `Procfile` with a line such as `web: python app.py`");
        diagnostics.extend(FileDiagnostic::of("Procfile", b"", vec![missing]));
        return None;
    };
    let parsed = piku_procfile::parse(text);
    diagnostics.extend(FileDiagnostic::of("Procfile", text, parsed.diagnostics));
    if let Some(procfile) = &parsed.procfile {
        let refused = procfile.entries().iter().filter_map(|entry| unsupported(text, entry)).collect();
        diagnostics.extend(FileDiagnostic::of("Procfile", text, refused));
    }
    parsed.procfile
}

/// Kinds that are read and not yet run.
fn unsupported(text: &[u8], entry: &Entry) -> Option<Diagnostic> {
    let name = entry.name.as_str();
    match entry.kind {
        Kind::Jwsgi | Kind::Rwsgi | Kind::Php => {
            let help = format!("serve HTTP on $PORT from a `web` process instead of `{name}`");
            let message = format!("processes of the kind `{name}` can't be run yet");
            Some(
                Diagnostic::error("procfile::unsupported-kind", span_of(text, name), message).with_help(help),
            )
        }
        Kind::Static if !is_inside(&entry.command) => {
            let message = format!("`{}` is not a folder of the app", entry.command);
            Some(
                Diagnostic::error("procfile::static-outside", span_of(text, name), message)
                    .with_help("name a folder below the Procfile, such as `static: public`"),
            )
        }
        _ => None,
    }
}

/// Whether a relative path stays below where it starts.
fn is_inside(path: &str) -> bool {
    Utf8Path::new(path)
        .components()
        .all(|part| matches!(part, Utf8Component::Normal(_) | Utf8Component::CurDir))
}

/// Where the line of a process begins.
fn span_of(text: &[u8], name: &str) -> std::ops::Range<usize> {
    let mut start = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let indent = line.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let rest = &line[indent..];
        if rest.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.trim_ascii_start().starts_with(b":")) {
            return start + indent..start + indent + name.len();
        }
        start += line.len();
    }
    0..0
}

fn read_settings(
    app: Option<&AppName>,
    texts: &Texts,
    known: &BTreeMap<String, String>,
    diagnostics: &mut Vec<FileDiagnostic>,
) -> (Option<Layers>, Option<Options>) {
    let env = texts.env.as_deref().unwrap_or_default();
    let parsed = settings::parse_env(env, known);
    diagnostics.extend(FileDiagnostic::of("ENV", env, parsed.diagnostics));
    let (stored, found) = StoredSettings::parse(&texts.stored);
    let stored_file = app.map_or_else(|| "settings".to_owned(), |app| format!("envs/{app}/ENV"));
    diagnostics.extend(FileDiagnostic::of(&stored_file, &texts.stored, found));
    let (Some(assignments), Some(stored)) = (parsed.values, stored) else { return (None, None) };
    let layers = Layers::new(assignments, &stored);
    for key in NOT_YET {
        if let Some(setting) = layers.setting(key).filter(|setting| !setting.value.is_empty()) {
            let found = Diagnostic::warning(
                "env::not-yet",
                setting.span.clone(),
                format!("`{key}` is not honoured yet"),
            );
            let (file, text) = if setting.origin == Origin::Stored {
                (stored_file.as_str(), texts.stored.as_slice())
            } else {
                ("ENV", env)
            };
            diagnostics.extend(FileDiagnostic::of(file, text, vec![found]));
        }
    }
    let (options, problems) = settings::options(&layers);
    for problem in problems {
        let (file, text) = match &problem.origin {
            Origin::Stored => (stored_file.as_str(), texts.stored.as_slice()),
            _ => ("ENV", env),
        };
        diagnostics.extend(FileDiagnostic::of(file, text, vec![problem.diagnostic]));
    }
    (Some(layers), Some(options))
}
