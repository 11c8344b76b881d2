//! Decides which runtime a source tree needs.

use crate::manifest::manifest;
use crate::{
    DetectError, Detection, Evidence, RuntimeName, SourceTree, Toolbox, Warning, Wishes, clojure, deno,
    generic, go, java, node, php, python, ruby, rust,
};

/// As [`Planner::detect`](crate::Planner::detect).
pub(crate) fn detect(
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    wishes: &Wishes,
) -> Result<Detection, DetectError> {
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
    let complete = runtime == RuntimeName::Static && wishes.files_are_there;
    if !named && !complete {
        found.warnings.extend(others(tree, runtime));
    }
    Ok(found)
}

/// As [`Planner::runtime`](crate::Planner::runtime).
pub(crate) fn runtime(tree: &dyn SourceTree, wishes: &Wishes) -> Result<RuntimeName, DetectError> {
    decide(tree, wishes).map(|(runtime, _)| runtime)
}

/// The setting decides, then what a process requires, then the first language with a manifest, then a mere hint.
fn decide(tree: &dyn SourceTree, wishes: &Wishes) -> Result<(RuntimeName, Vec<Evidence>), DetectError> {
    if let Some(name) = wishes.named() {
        let known = RuntimeName::ALL.into_iter().find(|known| known.as_str() == name);
        let evidence = vec![Evidence::new("PIKU_RUNTIME", format!("asks for {name}"))];
        return Ok((known.ok_or_else(|| DetectError::UnknownRuntime { name: name.to_owned() })?, evidence));
    }
    let of_process = |runtime: RuntimeName| {
        let kind = match runtime {
            RuntimeName::Ruby => "`rwsgi`",
            RuntimeName::Java => "`jwsgi`",
            RuntimeName::Php => "`php`",
            _ => "`wsgi`",
        };
        let evidence = Evidence::new("Procfile", format!("has {kind}"));
        if manifest(runtime, tree).is_some() { Vec::new() } else { vec![evidence] }
    };
    match wishes.needs {
        // A servlet in uWSGI may also be written in Clojure.
        Some(RuntimeName::Java)
            if manifest(RuntimeName::Java, tree).is_none()
                && manifest(RuntimeName::Clojure, tree).is_some() =>
        {
            return Ok((RuntimeName::Clojure, Vec::new()));
        }
        Some(runtime) => return Ok((runtime, of_process(runtime))),
        None => {}
    }
    if wishes.only_static && wishes.files_are_there {
        let meaning = "has nothing but `static`, and its folder is in the commit";
        return Ok((RuntimeName::Static, vec![Evidence::new("Procfile", meaning)]));
    }
    if let Some(runtime) = RuntimeName::ALL.into_iter().find(|runtime| manifest(*runtime, tree).is_some()) {
        return Ok((runtime, Vec::new()));
    }
    if generic::foreign(tree).next().is_none() {
        if python::hint(tree).is_some() {
            return Ok((RuntimeName::Python, Vec::new()));
        }
        if go::hint(tree).is_some() {
            return Ok((RuntimeName::Go, Vec::new()));
        }
    }
    if wishes.only_static {
        return Ok((RuntimeName::Static, vec![Evidence::new("Procfile", "has nothing but `static`")]));
    }
    Ok((RuntimeName::Generic, Vec::new()))
}

/// Warns of manifests of other languages, which are not built.
fn others(tree: &dyn SourceTree, chosen: RuntimeName) -> Option<Warning> {
    // Bun's lock file stands beside a `package.json`, and either tool reads the other's files.
    let same = |other: RuntimeName| {
        let pair = [RuntimeName::Bun, RuntimeName::Node];
        other == chosen || pair.contains(&other) && pair.contains(&chosen)
    };
    let found: Vec<(RuntimeName, &str)> = RuntimeName::ALL
        .into_iter()
        .filter(|other| !(same(*other) || *other == RuntimeName::Node && node::has_only_tools(tree)))
        .filter_map(|other| Some((other, manifest(other, tree)?)))
        .collect();
    // Mention a tree that fits both Bun and Node.js once.
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
        code: "runtime::others",
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
