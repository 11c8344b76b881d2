use std::collections::BTreeMap;
use std::fmt;

use crate::{
    DetectError, NodeChoice, PythonChoice, RuntimeName, SourceTree, Toolbox, Version, clojure, deno, generic,
    go, java, node, php, python, ruby, rust,
};

/// Decides which runtime the tree needs, and why.
///
/// A missing tool is found out by [`plan`](crate::plan()) and never leads to another runtime.
pub fn detect(tree: &dyn SourceTree, toolbox: &Toolbox, wishes: &Wishes) -> Result<Detection, DetectError> {
    let (runtime, evidence) = decide(tree, wishes)?;
    let named = wishes.named().is_some();
    let found = Detection { evidence, ..Detection::of(runtime) };
    let mut found = match runtime {
        RuntimeName::Python => python::detect(tree, toolbox, wishes, found)?,
        RuntimeName::Ruby => ruby::detect(tree, toolbox, found)?,
        RuntimeName::Php => php::detect(tree, toolbox, found)?,
        RuntimeName::Go => go::detect(tree, toolbox, found)?,
        RuntimeName::Rust => rust::detect(tree, toolbox, found),
        RuntimeName::Java => java::detect(tree, toolbox, found)?,
        RuntimeName::Clojure => clojure::detect(tree, toolbox, found)?,
        RuntimeName::Deno => deno::detect(tree, toolbox, found)?,
        RuntimeName::Bun | RuntimeName::Node => node::detect(tree, toolbox, wishes, found)?,
        RuntimeName::Static => found,
        RuntimeName::Generic => generic::detect(tree, found, named),
    };
    if !named {
        found.warnings.extend(others(tree, runtime));
    }
    Ok(found)
}

/// Decides which runtime the tree needs, before any tool is looked at: so the caller knows which of the
/// [`version_questions`](RuntimeName::version_questions) are worth asking.
pub fn runtime(tree: &dyn SourceTree, wishes: &Wishes) -> Result<RuntimeName, DetectError> {
    decide(tree, wishes).map(|(runtime, _)| runtime)
}

/// What the app and its settings ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// `PIKU_RUNTIME`: the runtime by name, instead of the one that would be detected. Blank is as good as absent.
    pub runtime: Option<String>,
    /// `PYTHON_VERSION`, which goes before `.python-version`. Blank is as good as absent.
    pub python_version: Option<String>,
    /// Packages to install besides those of the app, such as `pyuwsgi`.
    pub extra_packages: Vec<String>,
    /// The runtime without which a process can't run, so that no manifest is needed: `wsgi` needs Python, `rwsgi` Ruby,
    /// `jwsgi` Java, `php` PHP.
    pub needs: Option<RuntimeName>,
    /// Whether nothing but files is served.
    pub only_static: bool,
    /// The settings of the app, as the steps of the build see them: `NODE_VERSION`, `NODE_PACKAGE_MANAGER`, and
    /// `NODE_ENV` decide about a build, and so does every setting where programs of the app run in it.
    pub settings: BTreeMap<String, String>,
}

/// Which runtime a tree needs, with the reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detection {
    /// The runtime.
    pub runtime: RuntimeName,
    /// The version of its interpreter or compiler, where the toolbox knows it.
    pub version: Option<Version>,
    /// What spoke for it and for its version, the weightiest first.
    pub evidence: Vec<Evidence>,
    /// What deserves a second look.
    pub warnings: Vec<Warning>,
    /// The interpreter and the manifest, when the runtime is Python.
    pub python: Option<PythonChoice>,
    /// The package manager and where Node.js comes from, when the runtime is Node.js or Bun.
    pub node: Option<NodeChoice>,
}

/// Something that spoke for a runtime or for a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The file or the setting.
    pub file: String,
    /// What it says, to be read after its name, such as "asks for Python 3.12".
    pub meaning: String,
}

/// Something that has a sensible reading and still deserves a second look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Stable across releases.
    pub code: &'static str,
    /// What is odd.
    pub message: String,
    /// What to do now.
    pub help: Option<String>,
    /// The file that it is about.
    pub file: Option<String>,
}

impl Wishes {
    /// Gives a setting; a blank one is as good as absent.
    pub(crate) fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// Tells whether a setting has that value.
    pub(crate) fn is(&self, setting: &str, value: &str) -> bool {
        self.setting(setting) == Some(value)
    }

    fn named(&self) -> Option<&str> {
        self.runtime.as_deref().map(str::trim).filter(|name| !name.is_empty())
    }
}

impl Detection {
    pub(crate) fn of(runtime: RuntimeName) -> Self {
        let (evidence, warnings) = (Vec::new(), Vec::new());
        Self { runtime, version: None, evidence, warnings, python: None, node: None }
    }

    pub(crate) fn because(&mut self, file: impl Into<String>, meaning: impl Into<String>) {
        self.evidence.push(Evidence { file: file.into(), meaning: meaning.into() });
    }

    pub(crate) fn warn(&mut self, warning: Warning) {
        self.warnings.push(warning);
    }
}

impl Evidence {
    pub(crate) fn new(file: impl Into<String>, meaning: impl Into<String>) -> Self {
        Self { file: file.into(), meaning: meaning.into() }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.file, self.meaning)
    }
}

/// The setting decides, then what a process can't do without, then the first language with a manifest, then a mere hint.
fn decide(tree: &dyn SourceTree, wishes: &Wishes) -> Result<(RuntimeName, Vec<Evidence>), DetectError> {
    if let Some(name) = wishes.named() {
        let known = RuntimeName::ALL.into_iter().find(|known| known.as_str() == name);
        let evidence = vec![Evidence::new("PIKU_RUNTIME", format!("asks for {name}"))];
        return Ok((known.ok_or_else(|| DetectError::UnknownRuntime { name: name.to_owned() })?, evidence));
    }
    let of_process = |runtime: RuntimeName| {
        let evidence = Evidence::new("Procfile", format!("has a process that needs {}", runtime.title()));
        if runtime.manifest(tree).is_some() { Vec::new() } else { vec![evidence] }
    };
    match wishes.needs {
        // A servlet of uWSGI's may as well be written in Clojure.
        Some(RuntimeName::Java)
            if RuntimeName::Java.manifest(tree).is_none()
                && RuntimeName::Clojure.manifest(tree).is_some() =>
        {
            return Ok((RuntimeName::Clojure, Vec::new()));
        }
        Some(runtime) => return Ok((runtime, of_process(runtime))),
        None => {}
    }
    if let Some(runtime) = RuntimeName::ALL.into_iter().find(|runtime| runtime.manifest(tree).is_some()) {
        return Ok((runtime, Vec::new()));
    }
    if python::hint(tree).is_some() && generic::foreign(tree).next().is_none() {
        return Ok((RuntimeName::Python, Vec::new()));
    }
    if wishes.only_static {
        return Ok((RuntimeName::Static, vec![Evidence::new("Procfile", "serves nothing but files")]));
    }
    Ok((RuntimeName::Generic, Vec::new()))
}

/// Warns of the manifests of other languages, which are not built besides.
fn others(tree: &dyn SourceTree, chosen: RuntimeName) -> Option<Warning> {
    // The lock file of Bun lies beside the `package.json` of Node.js, and either reads the other's.
    let same = |other: RuntimeName| {
        let pair = [RuntimeName::Bun, RuntimeName::Node];
        other == chosen || pair.contains(&other) && pair.contains(&chosen)
    };
    let found: Vec<(RuntimeName, &str)> = RuntimeName::ALL
        .into_iter()
        .filter(|other| !same(*other))
        .filter_map(|other| Some((other, other.manifest(tree)?)))
        .collect();
    // A tree in which Bun would do as well as Node.js is told of once.
    let found: Vec<_> = match found.as_slice() {
        [rest @ .., (RuntimeName::Bun, _), node @ (RuntimeName::Node, _)] => {
            rest.iter().chain([node]).collect()
        }
        all => all.iter().collect(),
    };
    let (first, file) = found.first()?;
    let shown: Vec<String> =
        found.iter().map(|(other, file)| format!("`{file}` ({})", other.title())).collect();
    Some(Warning {
        code: "runtime-others",
        message: match chosen {
            RuntimeName::Generic | RuntimeName::Static => format!("nothing is built of {}", shown.join(", ")),
            _ => format!("{} is built, and nothing of {}", chosen.title(), shown.join(", ")),
        },
        help: Some(format!(
            "set PIKU_RUNTIME={first} to build that instead, or build it in a `preflight` or `release` line, \
             or set PIKU_RUNTIME={chosen} to be told no more"
        )),
        file: Some((*file).to_owned()),
    })
}
