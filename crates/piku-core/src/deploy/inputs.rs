//! What a person wrote for a release: Procfile and settings, read together, with every mistake in them at once.
//!
//! Pure, and before anything slow: a bad Procfile is refused in milliseconds.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use piku_procfile::{Diagnostic, Entry, Kind, Procfile, Source, runs_in_uwsgi};

use super::procfile_path::is_inside;
use crate::app::AppName;
use crate::diagnostic::{FileDiagnostic, NO_PROCFILE, shorten};
use crate::settings::{self, Layers, Options, Origin, StoredSettings};

/// The longest Procfile or ENV that is read, in bytes.
pub(crate) const LARGEST: usize = 1024 * 1024;

/// Names by which people call a Procfile that piku does not read.
const MISNAMED: [&str; 5] = ["procfile", "ProcFile", "PROCFILE", "Procfile.txt", "procfile.txt"];

/// Keys that are known and that this version does nothing about.
const NOT_YET: [&str; 1] = ["ACME_ROOT_CA"];

/// The texts of a release.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    /// `Procfile`, where there is one.
    pub(crate) procfile: Option<Vec<u8>>,
    /// The name of a file that was probably meant to be the Procfile, where there is none.
    pub(crate) misnamed: Option<String>,
    /// `ENV`, where there is one.
    pub(crate) env: Option<Vec<u8>>,
    /// `envs/<app>/ENV`, empty where there is none.
    pub(crate) stored: Vec<u8>,
}

/// The first of the names by which people call a Procfile that `is_there`.
pub(crate) fn misnamed(is_there: impl Fn(&str) -> bool) -> Option<String> {
    MISNAMED.into_iter().find(|name| is_there(name)).map(str::to_owned)
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
    Reading { procfile, layers, inputs, diagnostics: shorten(diagnostics) }
}

/// The text of a file, unless it is larger than any that a person wrote.
fn source(file: &str, text: Option<&[u8]>, diagnostics: &mut Vec<FileDiagnostic>) -> Option<Arc<Source>> {
    let text = text.unwrap_or_default();
    if text.len() > LARGEST {
        let message =
            format!("`{file}` is larger than 1 MiB ({LARGEST} bytes), which is the most that is read");
        let found = Diagnostic::error("file::too-large", 0..0, message)
            .with_help("move what is large into a file of its own, and name that file instead");
        diagnostics.push(FileDiagnostic::of_whole(file, found));
        return None;
    }
    Some(Arc::new(Source::new(text)))
}

fn read_procfile(texts: &Texts, diagnostics: &mut Vec<FileDiagnostic>) -> Option<Procfile> {
    let Some(text) = &texts.procfile else {
        let help = match &texts.misnamed {
            Some(name) => format!("rename `{name}` to `Procfile`: `git mv {name} Procfile`"),
            None => "add a file `Procfile` with a line such as `web: python app.py`".to_owned(),
        };
        let missing = Diagnostic::error(NO_PROCFILE, 0..0, "there is no Procfile").with_help(help);
        diagnostics.push(FileDiagnostic::of_whole("Procfile", missing));
        return None;
    };
    let text = source("Procfile", Some(text), diagnostics)?;
    let parsed = piku_procfile::parse(text.bytes());
    diagnostics.extend(FileDiagnostic::of("Procfile", &text, parsed.diagnostics));
    if let Some(procfile) = &parsed.procfile {
        let names = spans(text.bytes());
        let mut refused: Vec<_> =
            procfile.entries().iter().filter_map(|entry| refused(&names, entry)).collect();
        refused.extend(two_servers(&names, procfile));
        diagnostics.extend(FileDiagnostic::of("Procfile", &text, refused));
    }
    parsed.procfile
}

/// Kinds that are read and not yet run.
fn refused(names: &BTreeMap<&[u8], Range<usize>>, entry: &Entry) -> Option<Diagnostic> {
    let (name, command) = (entry.name.as_str(), &entry.command);
    let span = names.get(name.as_bytes()).cloned().unwrap_or(0..0);
    let outside = |code, what: &str, example: &str| {
        let message = format!("`{command}` is not a {what} of the app");
        let help = format!("name one below the Procfile, such as `{name}: {example}`");
        Diagnostic::error(code, span.clone(), message).with_help(help)
    };
    match entry.kind {
        Kind::Static if !is_inside(command) => Some(outside("procfile::static-outside", "folder", "public")),
        Kind::Php if !is_inside(command) => Some(outside("procfile::php-outside", "folder", "public")),
        Kind::Rwsgi if !is_inside(command) => Some(outside("procfile::bad-rwsgi", "file", "config.ru")),
        Kind::Jwsgi if !is_class(command) => {
            let message = format!("`{command}` is not a Java class");
            Some(
                Diagnostic::error("procfile::bad-jwsgi", span, message)
                    .with_help("write `package.Class`, or `package.Class:method`"),
            )
        }
        _ => None,
    }
}

/// At most one process may serve the site.
fn two_servers(names: &BTreeMap<&[u8], Range<usize>>, procfile: &Procfile) -> Option<Diagnostic> {
    let mut servers =
        procfile.entries().iter().map(|entry| entry.name.as_str()).filter(|name| runs_in_uwsgi(name));
    let (first, second) = (servers.next()?, servers.next()?);
    let span = names.get(second.as_bytes()).cloned().unwrap_or(0..0);
    let message = format!("`{first}` and `{second}` would both answer the site");
    Some(
        Diagnostic::error("procfile::two-servers", span, message)
            .with_help("keep one of them here, and push the other as an app of its own"),
    )
}

/// Whether the text is `package.Class`, perhaps with `:method`.
fn is_class(text: &str) -> bool {
    let name = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let (class, method) = text.split_once(':').unwrap_or((text, "application"));
    class.split('.').all(name) && name(method)
}

/// Where each line has the name of a process.
fn spans(text: &[u8]) -> BTreeMap<&[u8], Range<usize>> {
    let mut spans = BTreeMap::new();
    let mut start = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if let Some(colon) = line.iter().position(|byte| *byte == b':') {
            let indent = line[..colon].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let name = line[indent..colon].trim_ascii_end();
            spans.entry(name).or_insert(start + indent..start + indent + name.len());
        }
        start += line.len();
    }
    spans
}

fn read_settings(
    app: Option<&AppName>,
    texts: &Texts,
    known: &BTreeMap<String, String>,
    diagnostics: &mut Vec<FileDiagnostic>,
) -> (Option<Layers>, Option<Options>) {
    let stored_file = app.map_or_else(|| "settings".to_owned(), |app| format!("envs/{app}/ENV"));
    let env = source("ENV", texts.env.as_deref(), diagnostics);
    // It is piku's own, and `config:set` has seen to its size.
    let stored_text = Arc::new(Source::new(texts.stored.as_slice()));
    let Some(env) = env else { return (None, None) };
    let parsed = settings::parse_env(env.bytes(), known);
    diagnostics.extend(FileDiagnostic::of("ENV", &env, parsed.diagnostics));
    let (stored, found) = StoredSettings::parse(stored_text.bytes());
    diagnostics.extend(FileDiagnostic::of(&stored_file, &stored_text, found));
    let (Some(assignments), Some(stored)) = (parsed.values, stored) else { return (None, None) };
    let layers = Layers::new(assignments, &stored);
    let of = |origin: Origin| match origin {
        Origin::Stored => (stored_file.as_str(), &stored_text),
        _ => ("ENV", &env),
    };
    if let Err(error) = layers.check_size() {
        let found = Diagnostic::error("env::too-much", 0..0, error.to_string()).with_help(error.help());
        diagnostics.push(FileDiagnostic::of_whole("", found));
    }
    for key in NOT_YET {
        if let Some(setting) = layers.setting(key).filter(|setting| !setting.value.is_empty()) {
            let found = Diagnostic::warning(
                "env::not-yet",
                setting.span.clone(),
                format!("`{key}` is not honoured yet"),
            );
            let (file, text) = of(setting.origin);
            diagnostics.extend(FileDiagnostic::of(file, text, vec![found]));
        }
    }
    let (options, problems) = settings::options(&layers);
    for problem in problems {
        let (file, text) = of(problem.origin);
        diagnostics.extend(FileDiagnostic::of(file, text, vec![problem.diagnostic]));
    }
    (Some(layers), Some(options))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(procfile: &str, env: &str) -> Vec<FileDiagnostic> {
        let texts = Texts { procfile: Some(procfile.into()), env: Some(env.into()), ..Texts::default() };
        read(None, &texts, &BTreeMap::new()).diagnostics
    }

    #[test]
    fn a_file_that_nobody_wrote_is_told_in_a_moment() {
        // As large as may be; any work that begins anew with each line would take minutes.
        let lines = |line: &str| line.repeat(LARGEST / line.len());
        let cron: String = (0..20_000).map(|at| format!("cron-{at}: @dayly true\n")).collect();
        let keys: String = (0..40_000).map(|at| format!("PIKU_HEALTHCHEK{at}=1\n")).collect();
        for (procfile, env) in [
            (lines("x\n"), String::new()),
            (lines("web: x\n"), String::new()),
            (cron, String::new()),
            ("web: x\n".to_owned(), lines("x\n")),
            ("web: x\n".to_owned(), keys),
            ("web: x\n".to_owned(), format!("PIKU_{}=1\n", "X".repeat(LARGEST / 2))),
        ] {
            let found = found(&procfile, &env);
            assert!((1..=51).contains(&found.len()), "{}", found.len());
            found.iter().for_each(|one| assert!(one.place().line >= 1));
        }
    }

    #[test]
    fn a_procfile_by_another_name_is_named() {
        let help = |misnamed: Option<String>| {
            let found = read(None, &Texts { misnamed, ..Texts::default() }, &BTreeMap::new()).diagnostics;
            assert_eq!(found.iter().map(|one| one.diagnostic.code).collect::<Vec<_>>(), [NO_PROCFILE]);
            found[0].diagnostic.help.clone().unwrap()
        };
        let there = |name: &str| name == "Procfile.txt";
        assert_eq!(
            help(misnamed(there)),
            "rename `Procfile.txt` to `Procfile`: `git mv Procfile.txt Procfile`"
        );
        assert!(help(misnamed(|_| false)).starts_with("add a file `Procfile`"));
    }

    #[test]
    fn what_is_not_done_is_said() {
        let found = found("web: x\n", "NODE_VERSION=20\nNODE_PACKAGE_MANAGER=pnpm\nACME_ROOT_CA=x\n");
        let said: Vec<&str> = found.iter().map(|one| one.diagnostic.message.as_str()).collect();
        assert_eq!(said, ["`ACME_ROOT_CA` is not honoured yet"]);
    }

    #[test]
    fn a_file_that_is_too_large_is_refused_unread() {
        let large = "x".repeat(LARGEST + 1);
        for (procfile, env) in [(large.as_str(), ""), ("web: x\n", &large)] {
            let found = found(procfile, env);
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].diagnostic.code, "file::too-large");
            assert!(found[0].text.bytes().is_empty());
        }
    }

    #[test]
    fn settings_that_no_process_could_be_given_are_refused_together() {
        let value = "x".repeat(100_000);
        let env: String =
            ["A=", &value, "\n"].concat() + &(0..11).map(|at| format!("B{at}=$A\n")).collect::<String>();
        let found = found("web: x\n", &env);
        assert_eq!(found.iter().map(|one| one.diagnostic.code).collect::<Vec<_>>(), ["env::too-much"]);
    }
}
