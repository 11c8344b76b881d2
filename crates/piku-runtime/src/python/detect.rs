//! Chooses the interpreter of a Python app.

use crate::asked;
use crate::python::choice::PythonChoice;
use crate::python::manifest::{PythonManifest, hint};
use crate::python::pyproject::Pyproject;
use crate::{
    DetectError, Detection, Interpreter, RuntimeName, SourceTree, Toolbox, VersionRequest, Warning, Wishes,
};

/// A version that was asked for.
struct Asked {
    request: VersionRequest,
    origin: &'static str,
}

/// Detects a Python app, and adds to the evidence found so far.
pub(crate) fn detect(
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    wishes: &Wishes,
    mut found: Detection,
) -> Result<Detection, DetectError> {
    let manifest = PythonManifest::of(tree)?;
    let bare = manifest == PythonManifest::Nothing;
    if !bare {
        found.because(manifest.file(), manifest.meaning());
    } else if let Some(file) = hint(tree).filter(|file| *file == "pyproject.toml") {
        found.because(file, "has settings of Python tools");
    }
    let asked = asked(tree, wishes)?;
    if let Some(asked) = &asked {
        found.because(asked.origin, format!("asks for Python {}", asked.request));
    }
    let (interpreter, reason) = choose(toolbox, asked.as_ref())?;
    fits(tree, toolbox, &interpreter, reason)?;
    if bare {
        found.warnings = warnings(tree);
    }
    found.version = Some(interpreter.version);
    found.python = Some(PythonChoice { interpreter, reason: reason.to_owned(), manifest });
    Ok(found)
}

/// Reads the version that is asked for.
fn asked(tree: &dyn SourceTree, wishes: &Wishes) -> Result<Option<Asked>, DetectError> {
    let setting = wishes.python_version.as_deref().map(|text| ("PYTHON_VERSION", text));
    let found = asked::asked(tree, setting, &[".python-version"], &["python"]);
    let read = |found: asked::Asked| {
        found.request(RuntimeName::Python).map(|request| Asked { request, origin: found.origin })
    };
    found.map(read).transpose()
}

/// Chooses the highest version that fits; at equal versions the system's, then pyenv's, then uv's. Also returns what
/// decided.
///
/// An interpreter that can't make an environment comes last. An app that asks for no version, or only for the
/// default's major version, gets the host's default. Interpreters that uv could download do not count.
fn choose(toolbox: &Toolbox, asked: Option<&Asked>) -> Result<(Interpreter, &'static str), DetectError> {
    let origin = asked.map(|asked| asked.origin);
    let default = toolbox.default_python.and_then(|version| best(toolbox, Some(version.into())));
    let leaves_it_open = |default: &Interpreter| {
        asked.is_none_or(|asked| asked.request.minor.is_none() && asked.request.accepts(&default.version))
    };
    if let Some(default) = default.filter(leaves_it_open) {
        return Ok((default, origin.unwrap_or("the default of this host")));
    }
    match (best(toolbox, asked.map(|asked| asked.request)), asked) {
        (Some(found), _) => Ok((found, origin.unwrap_or("the newest on this host"))),
        (None, Some(Asked { request, origin })) if !toolbox.interpreters.is_empty() => {
            let available = sorted(toolbox.interpreters.clone());
            Err(DetectError::NoSuchVersion { request: *request, origin, available })
        }
        (None, _) => Err(DetectError::NoPython),
    }
}

fn best(toolbox: &Toolbox, request: Option<VersionRequest>) -> Option<Interpreter> {
    let environments = ["uv", "virtualenv"].iter().any(|tool| toolbox.tool(tool).is_some());
    let wanted = |it: &&Interpreter| request.is_none_or(|request| request.accepts(&it.version));
    let rank = |it: &&Interpreter| {
        (it.has_venv || environments, it.version, std::cmp::Reverse((it.source, it.path.clone())))
    };
    toolbox.interpreters.iter().filter(wanted).max_by_key(rank).cloned()
}

/// Checks the interpreter against `requires-python`. Only `>=` is read; the tool that installs checks the rest.
fn fits(
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    chosen: &Interpreter,
    reason: &str,
) -> Result<(), DetectError> {
    let project = Pyproject::of(tree);
    let Some(requires) = project.requires_python() else {
        return Ok(());
    };
    let least = requires
        .split(',')
        .find_map(|clause| clause.trim().strip_prefix(">=")?.trim().parse::<VersionRequest>().ok());
    let Some(least) = least else { return Ok(()) };
    let fits = |it: &Interpreter| {
        let (has, needs) = ((it.version.major, it.version.minor), (least.major, least.minor.unwrap_or(0)));
        has > needs || has == needs && it.version.patch.is_none_or(|patch| patch >= least.patch.unwrap_or(0))
    };
    if fits(chosen) {
        return Ok(());
    }
    let fitting = sorted(toolbox.interpreters.iter().filter(|it| fits(it)).cloned().collect());
    Err(DetectError::DoesNotFit {
        requires: requires.to_owned(),
        reason: reason.to_owned(),
        chosen: chosen.clone(),
        fitting,
    })
}

fn sorted(mut interpreters: Vec<Interpreter>) -> Vec<Interpreter> {
    interpreters.sort_by(|a, b| (a.version, a.source, &a.path).cmp(&(b.version, b.source, &b.path)));
    interpreters
}

/// Warns if the app may need packages that no manifest names.
fn warnings(tree: &dyn SourceTree) -> Vec<Warning> {
    let nearly = |name: &String| name.to_ascii_lowercase().starts_with("requirement");
    let warning = |name: String| Warning {
        code: "python::requirements-elsewhere",
        message: format!("`{name}` is not read: only `requirements.txt` in the top folder is"),
        help: Some("add a `requirements.txt` that names it with a line `-r`, or rename it".to_owned()),
        file: Some(name),
    };
    tree.names().into_iter().filter(nearly).map(warning).collect()
}
