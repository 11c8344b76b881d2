//! Chooses the interpreter of a Python app.

use crate::python::asked::{Asked, asked, required};
use crate::python::choice::PythonChoice;
use crate::python::lockfile;
use crate::python::manifest::{PythonManifest, hint};
use crate::{DetectError, Detection, Interpreter, SourceTree, Toolbox, VersionRequest, Warning, Wishes};

/// Detects a Python app, and adds to the evidence found so far.
pub(crate) fn detect(
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    wishes: &Wishes,
    mut found: Detection,
) -> Result<Detection, DetectError> {
    let manifest = manifest(tree, toolbox, &mut found)?;
    let bare = manifest == PythonManifest::Nothing;
    if !bare {
        found.because(manifest.file(), manifest.meaning());
    } else if let Some(file) = hint(tree).filter(|file| *file == "pyproject.toml") {
        found.because(file, "has settings of Python tools");
    }
    let required = required(tree, &mut found.warnings);
    let wanted = asked(tree, wishes, &mut found.warnings)?;
    let Chosen { interpreter, by, otherwise } = choose(toolbox, &wanted, &required)?;
    if let Some(by) = by {
        let verb = if required.contains(by) { "requires" } else { "asks for" };
        found.because(by.place.file, format!("{verb} Python {}", by.text));
    }
    if bare {
        found.warnings.extend(requirements_elsewhere(tree));
    }
    let reason = by.map_or_else(|| otherwise.to_owned(), |by| by.place.to_string());
    found.version = Some(interpreter.version);
    found.python = Some(PythonChoice { interpreter, reason, manifest });
    Ok(found)
}

/// Finds the file that names the packages. `requirements.txt` stands in for a lock file whose tool is not installed.
fn manifest(
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    found: &mut Detection,
) -> Result<PythonManifest, DetectError> {
    let manifest = PythonManifest::of(tree)?;
    let Some(tool) = lockfile::tool(manifest).filter(|tool| toolbox.tool(tool.program).is_none()) else {
        return Ok(manifest);
    };
    let instead = PythonManifest::Requirements;
    if tree.read(instead.file()).is_none() {
        return Ok(manifest);
    }
    found.warn(Warning {
        code: "python::lock-not-used",
        message: format!(
            "`{manifest}` is not used, because this host does not have {}: `{instead}` names the packages",
            tool.title
        ),
        help: Some(format!("to get exactly what is locked, {}", tool.install)),
        file: Some(manifest.file().to_owned()),
    });
    Ok(instead)
}

/// An interpreter, and what decided on it.
struct Chosen<'a> {
    interpreter: Interpreter,
    by: Option<&'a Asked>,
    /// What decided if nothing was asked for.
    otherwise: &'static str,
}

/// Chooses the highest version that fits everything; at equal versions the system's, then pyenv's, then uv's.
///
/// An interpreter that can't make an environment comes last. The default of the host, which its uWSGI runs, comes before
/// all others if the app asks for no minor version. Interpreters that uv could download do not count.
fn choose<'a>(
    toolbox: &Toolbox,
    wanted: &'a [Asked],
    required: &'a [Asked],
) -> Result<Chosen<'a>, DetectError> {
    if toolbox.interpreters.is_empty() {
        let fetch = wanted.first().or(required.first()).map_or_else(|| "3".to_owned(), Asked::to_fetch);
        return Err(DetectError::NoPython { fetch });
    }
    let runs = |it: &Interpreter| required.iter().all(|one| one.accepts(&it.version));
    let fits = |it: &Interpreter, asked: &Asked| asked.accepts(&it.version) && runs(it);
    // Of several that are named, the first one that is here.
    let named = wanted.iter().find(|asked| toolbox.interpreters.iter().any(|it| fits(it, asked)));
    let named = named.or(wanted.first());
    let default = toolbox.default_python.and_then(|version| {
        let request = VersionRequest::from(version);
        best(toolbox, |it| request.accepts(&it.version))
    });
    let open = named.is_none_or(Asked::leaves_it_open);
    if let Some(default) = default
        .filter(|default| open && runs(default) && named.is_none_or(|asked| asked.accepts(&default.version)))
    {
        return Ok(Chosen { interpreter: default, by: named, otherwise: "the default of this host" });
    }
    match best(toolbox, |it| runs(it) && named.is_none_or(|asked| asked.accepts(&it.version))) {
        Some(interpreter) => {
            let by = named.or(required.first());
            Ok(Chosen { interpreter, by, otherwise: "the newest on this host" })
        }
        None => Err(refusal(toolbox, named, required)),
    }
}

/// Says why no interpreter fits.
fn refusal(toolbox: &Toolbox, named: Option<&Asked>, required: &[Asked]) -> DetectError {
    let of = |wanted: &dyn Fn(&Interpreter) -> bool| {
        sorted(toolbox.interpreters.iter().filter(|it| wanted(it)).cloned().collect())
    };
    let runs = |it: &Interpreter| required.iter().all(|one| one.accepts(&it.version));
    let failing = |it: &Interpreter| required.iter().find(|one| !one.accepts(&it.version));
    let chosen = named.and_then(|asked| best(toolbox, |it| asked.accepts(&it.version)));
    if let (Some(asked), Some(chosen)) = (named, chosen)
        && let Some(one) = failing(&chosen)
    {
        return DetectError::DoesNotFit {
            place: one.place.to_string(),
            requires: one.text.clone(),
            asked_by: asked.place.to_string(),
            chosen: chosen.version,
            fitting: of(&runs),
        };
    }
    let nobody = |one: &&Asked| !toolbox.interpreters.iter().any(|it| one.accepts(&it.version));
    let missing = named.or(required.iter().find(nobody)).or(required.first());
    DetectError::NoSuchVersion {
        place: missing.map_or_else(String::new, |asked| asked.place.to_string()),
        request: missing.map_or_else(String::new, |asked| asked.text.clone()),
        fetch: missing.map_or_else(String::new, Asked::to_fetch),
        has_uv: toolbox.tool("uv").is_some(),
        available: of(&|_| true),
    }
}

fn best(toolbox: &Toolbox, wanted: impl Fn(&Interpreter) -> bool) -> Option<Interpreter> {
    let environments = ["uv", "virtualenv"].iter().any(|tool| toolbox.tool(tool).is_some());
    let rank = |it: &&Interpreter| {
        (it.has_venv || environments, it.version, std::cmp::Reverse((it.source, it.path.clone())))
    };
    toolbox.interpreters.iter().filter(|it| wanted(it)).max_by_key(rank).cloned()
}

fn sorted(mut interpreters: Vec<Interpreter>) -> Vec<Interpreter> {
    interpreters.sort_by(|a, b| (a.version, a.source, &a.path).cmp(&(b.version, b.source, &b.path)));
    interpreters
}

/// Warns if the app may need packages that no manifest names.
fn requirements_elsewhere(tree: &dyn SourceTree) -> Vec<Warning> {
    let nearly = |name: &String| name.to_ascii_lowercase().starts_with("requirement");
    let warning = |name: String| Warning {
        code: "python::requirements-elsewhere",
        message: format!("`{name}` is not read: only `requirements.txt` in the top folder is"),
        help: Some("add a `requirements.txt` that names it with a line `-r`, or rename it".to_owned()),
        file: Some(name),
    };
    tree.names().into_iter().filter(nearly).map(warning).collect()
}
