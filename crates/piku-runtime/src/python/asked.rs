//! Which Python an app asks for, and where it says so.

use std::fmt;

use crate::python::pyproject::Pyproject;
use crate::python::range::PythonRange;
use crate::text::decode;
use crate::{DetectError, RuntimeName, SourceTree, Version, VersionRequest, Warning, Wishes, asked};

/// A Python that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) place: Place,
    /// As it is shown, such as `3.12` or `>=3.10,<3.13`.
    pub(crate) text: String,
    wanted: Wanted,
}

/// A line of a file, or a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: &'static str,
    /// From 1; `None` for a setting.
    pub(crate) line: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    Version(VersionRequest),
    Range(PythonRange),
    /// The default of the host, by pyenv's word `system`.
    Default,
}

impl Asked {
    /// Whether this Python will do.
    pub(crate) fn accepts(&self, version: &Version) -> bool {
        match &self.wanted {
            Wanted::Version(request) => request.accepts(version),
            Wanted::Range(range) => range.accepts(version),
            Wanted::Default => true,
        }
    }

    /// Whether several minor versions may fit, so that the default of the host is as good as another.
    pub(crate) fn leaves_it_open(&self) -> bool {
        !matches!(self.wanted, Wanted::Version(VersionRequest { minor: Some(_), .. }))
    }

    /// What to ask a tool for that fetches Pythons.
    pub(crate) fn to_fetch(&self) -> String {
        match &self.wanted {
            Wanted::Version(request) => request.to_string(),
            Wanted::Range(range) => range.newest(),
            Wanted::Default => "3".to_owned(),
        }
    }

    fn read(place: Place, text: &str) -> Result<Self, DetectError> {
        let text = text.split_once("/envs/").map_or(text, |(version, _)| version);
        let text = text.strip_prefix("cpython@").unwrap_or(text);
        let of = |wanted, text: String| Ok(Self { place: place.clone(), text, wanted });
        if text == "system" {
            return of(Wanted::Default, "3".to_owned());
        }
        if let Some(exact) = text.strip_suffix(".*") {
            let range = PythonRange::pep440(&format!("=={exact}.*"));
            if let Some(range) = range {
                return of(Wanted::Range(range), text.to_owned());
            }
        }
        if text.starts_with(['<', '>', '=', '~', '!'])
            && let Some(range) = PythonRange::pep440(text)
        {
            return of(Wanted::Range(range), text.to_owned());
        }
        match text.parse::<VersionRequest>() {
            Ok(request) => of(Wanted::Version(request), request.to_string()),
            Err(_) if is_another_implementation(text) => {
                Err(DetectError::NotCPython { place: place.to_string(), name: text.to_owned() })
            }
            Err(source) => {
                Err(DetectError::BadVersion { runtime: RuntimeName::Python, origin: place.file, source })
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file)?;
        self.line.iter().try_for_each(|line| write!(f, ":{line}"))
    }
}

/// Pythons that pyenv and uv know under a name of their own.
fn is_another_implementation(text: &str) -> bool {
    let names = [
        "pypy",
        "graalpy",
        "jython",
        "ironpython",
        "micropython",
        "stackless",
        "pyston",
        "cinder",
        "pyodide",
        "anaconda",
        "miniconda",
        "miniforge",
        "mambaforge",
        "activepython",
        "nogil",
    ];
    names.iter().any(|name| text.starts_with(name))
}

/// Returns what the app asks for, most important first: the alternatives of the first place that says anything.
///
/// In this order, as Heroku has it: `PYTHON_VERSION`, `runtime.txt`, `.python-version`; then `.tool-versions` and
/// Pipenv's files. Only `.python-version` can name several, of which the first one that is installed counts.
pub(crate) fn asked(
    tree: &dyn SourceTree,
    wishes: &Wishes,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Asked>, DetectError> {
    let setting = wishes.python_version.as_deref().map(str::trim).filter(|text| !text.is_empty());
    if let Some(text) = setting {
        return Ok(vec![Asked::read(Place { file: "PYTHON_VERSION", line: None }, text)?]);
    }
    let of_heroku = runtime_txt(tree, warnings)?;
    let of_pyenv = python_version(tree);
    if let Some(asked) = of_heroku {
        let same = |other: &Asked| other.wanted == asked.wanted;
        if let Ok(others) = &of_pyenv
            && !others.is_empty()
            && !others.iter().any(same)
        {
            warnings.push(Warning {
                code: "python::two-versions",
                message: format!(
                    "`{}` asks for Python {}, and `.python-version` for {}: the former counts",
                    asked.place, asked.text, others[0].text
                ),
                help: Some("remove `runtime.txt`, or let both name the same version".to_owned()),
                file: Some("runtime.txt".to_owned()),
            });
        }
        return Ok(vec![asked]);
    }
    let of_pyenv = of_pyenv?;
    if !of_pyenv.is_empty() {
        return Ok(of_pyenv);
    }
    if let Some(found) = asked::asked(tree, None, &[], &["python"]) {
        return Ok(vec![Asked::read(Place { file: found.origin, line: found.line }, &found.text)?]);
    }
    Ok(pipenv(tree).into_iter().collect())
}

/// Reads Heroku's `runtime.txt`, such as `python-3.12.1`. Files of that name that mean something else are passed over.
fn runtime_txt(tree: &dyn SourceTree, warnings: &mut Vec<Warning>) -> Result<Option<Asked>, DetectError> {
    let file = "runtime.txt";
    let Some(bytes) = tree.read(file) else { return Ok(None) };
    let text = decode(&bytes);
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    let Some((line, word)) = lines.find(|(_, line)| !line.is_empty() && !line.starts_with('#')) else {
        return Ok(None);
    };
    if !word.starts_with("python-") && !is_another_implementation(word) {
        warnings.push(Warning {
            code: "python::runtime-txt",
            message: "`runtime.txt` is not used: it does not name a Python, such as `python-3.12`".to_owned(),
            help: Some("name one, or remove the file".to_owned()),
            file: Some(file.to_owned()),
        });
        return Ok(None);
    }
    Asked::read(Place { file, line: Some(line) }, word).map(Some)
}

/// Reads `.python-version` as pyenv does: words, on one line or several. Those that can't be read count only where none
/// can.
fn python_version(tree: &dyn SourceTree) -> Result<Vec<Asked>, DetectError> {
    let file = ".python-version";
    let text = decode(&tree.read(file).unwrap_or_default());
    let words = text.lines().enumerate().flat_map(|(at, line)| {
        let line_text = line.split('#').next().unwrap_or_default();
        line_text.split_whitespace().map(move |word| (at + 1, word))
    });
    let read = words.map(|(line, word)| Asked::read(Place { file, line: Some(line) }, word));
    let (good, bad): (Vec<_>, Vec<_>) = read.partition(Result::is_ok);
    let good: Vec<Asked> = good.into_iter().flatten().collect();
    match bad.into_iter().find_map(Result::err) {
        Some(error) if good.is_empty() => Err(error),
        _ => Ok(good),
    }
}

/// Reads `[requires]` of the `Pipfile`, which Pipenv insists on.
fn pipenv(tree: &dyn SourceTree) -> Option<Asked> {
    let pipfile = Pyproject::read(&tree.read("Pipfile")?);
    let (text, line) = ["requires.python_full_version", "requires.python_version"]
        .iter()
        .find_map(|key| pipfile.text_at(key))?;
    Asked::read(Place { file: "Pipfile", line: Some(line) }, text).ok()
}

/// Returns what the project says it runs on: `requires-python`, and `python` among Poetry's dependencies.
pub(crate) fn required(tree: &dyn SourceTree, warnings: &mut Vec<Warning>) -> Vec<Asked> {
    let file = "pyproject.toml";
    let project = Pyproject::of(tree);
    let standard = project.text_at("project.requires-python").map(|it| (it, PythonRange::pep440(it.0)));
    let poetry = project.text_at("tool.poetry.dependencies.python").map(|it| (it, PythonRange::poetry(it.0)));
    let mut all = Vec::new();
    for ((text, line), range) in standard.into_iter().chain(poetry) {
        let place = Place { file, line: Some(line) };
        match range {
            Some(range) => all.push(Asked { place, text: text.to_owned(), wanted: Wanted::Range(range) }),
            None => warnings.push(Warning {
                code: "python::unread-range",
                message: format!("`{place}` requires Python `{text}`, which is no range of versions"),
                help: Some("write a range such as `>=3.10` or `>=3.10,<3.13`".to_owned()),
                file: Some(file.to_owned()),
            }),
        }
    }
    all
}
