//! Finds the tools and interpreters that builds need.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use piku_procfile::{Kind, Procfile};
use piku_runtime::{RuntimeName, Source, Toolbox, Version, VersionQuestion};

use super::Surroundings;
use super::command::Invocation;
use super::program_file::{ProgramFile, cache, cached};

/// Finds tools and interpreters. Versions come from names: `python3.11` as the target of a link, `3.12.1` in pyenv's
/// folder.
///
/// Runs no program, so that a push with nothing to build is fast. `preferred` becomes the default Python if such an
/// interpreter is found.
pub(crate) fn look(surroundings: &Surroundings, preferred: Option<(u32, u32)>) -> Toolbox {
    let mut toolbox = Toolbox::discover(&surroundings.search_path())
        .with_interpreters_in(&surroundings.home.join(".pyenv/versions"), Source::Pyenv)
        .with_interpreters_in(&uv_pythons(surroundings), Source::Uv);
    let preferred = preferred.and_then(|(major, minor)| format!("{major}.{minor}").parse::<Version>().ok());
    let has = |wanted: &Version| {
        let mut versions = toolbox.interpreters.iter().map(|found| found.version.to_string());
        versions.any(|version| version.starts_with(&wanted.to_string()))
    };
    toolbox.default_python = preferred.filter(has).or(toolbox.default_python);
    toolbox
}

/// Where uv keeps the Pythons that it has fetched.
pub(crate) fn uv_pythons(surroundings: &Surroundings) -> Utf8PathBuf {
    surroundings.home.join(".local/share/uv/python")
}

/// The file in the shared build cache that caches the versions of tools.
pub(crate) const ANSWERS: &str = "versions.json";

/// The cached version of a tool, and the state of its program at that time.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Answer {
    #[serde(flatten)]
    file: ProgramFile,
    version: String,
}

/// Determines the versions of the installed tools that a build depends on; with `pythons`, also those of the interpreters
/// whose names do not tell them whole.
///
/// Versions are cached in the file `answers` for as long as the program does not change.
pub(crate) fn ask(
    mut toolbox: Toolbox,
    questions: &[VersionQuestion],
    pythons: bool,
    surroundings: &Surroundings,
    answers: Option<&Utf8Path>,
) -> Toolbox {
    let env = [("PATH", surroundings.search_path()), ("HOME", surroundings.home.to_string())];
    let env = env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let before: BTreeMap<String, Answer> = answers.and_then(cached).unwrap_or_default();
    let mut asking = Asking { env, known: before.clone() };
    for question in questions {
        let Some(tool) = toolbox.tool(question.tool).map(Utf8Path::to_owned) else { continue };
        if is_switch(&tool) {
            continue;
        }
        let program = speaks_for_itself(&tool, question.tool);
        if let Some(version) = asking.version(&tool, question.args, program) {
            toolbox = toolbox.with_version(question.tool, version);
        }
    }
    if pythons {
        // A name such as `python3.11` does not tell the patch, and an app may ask for one.
        for interpreter in toolbox.interpreters.iter_mut().filter(|it| it.version.patch.is_none()) {
            let program = speaks_for_itself(&interpreter.path, "python");
            let version = asking.version(&interpreter.path, &["--version"], program);
            let same =
                |it: &Version| (it.major, it.minor) == (interpreter.version.major, interpreter.version.minor);
            interpreter.version = version.filter(same).unwrap_or(interpreter.version);
        }
    }
    if let Some(file) = answers.filter(|_| asking.known != before) {
        cache(file, &asking.known);
    }
    toolbox
}

/// Asks programs for their versions, and remembers what they answered.
struct Asking {
    env: BTreeMap<String, String>,
    known: BTreeMap<String, Answer>,
}

impl Asking {
    /// The version that `tool` answers to `args`; `program` is what it is remembered for, if anything.
    fn version(
        &mut self,
        tool: &Utf8Path,
        args: &[&str],
        program: Option<(Utf8PathBuf, ProgramFile)>,
    ) -> Option<Version> {
        let remembered = program.as_ref().and_then(|(path, file)| {
            let known = self.known.get(path.as_str())?;
            (known.file == *file).then_some(known)
        });
        if let Some(version) = remembered.and_then(|known| known.version.parse().ok()) {
            return Some(version);
        }
        let mut answer = None;
        let words = std::iter::once(tool.as_str()).chain(args.iter().copied());
        // Ignore failures here: the build shows what is wrong with the tool.
        let asked = Invocation::new(words)
            .with_env(&self.env)
            .run(&mut |line| answer = answer.or_else(|| Version::first_in(line)));
        let version = answer.filter(|_| asked.is_ok_and(|status| status.is_success()))?;
        if let Some((path, file)) = program {
            self.known.insert(path.into_string(), Answer { file, version: version.to_string() });
        }
        Some(version)
    }
}

/// Whether the tool is corepack under another name, which has whatever version an app asks for.
fn is_switch(tool: &Utf8Path) -> bool {
    tool.canonicalize_utf8().is_ok_and(|real| real.components().any(|part| part.as_str() == "corepack"))
}

/// The real binary behind `tool` and its state; `None` for wrappers and version managers (rustup, scripts).
fn speaks_for_itself(tool: &Utf8Path, name: &str) -> Option<(Utf8PathBuf, ProgramFile)> {
    let path = tool.canonicalize_utf8().ok()?;
    if !path.file_name()?.starts_with(name) || path.with_file_name("rustup").exists() {
        return None;
    }
    let file = ProgramFile::of(&path)?;
    Some((path, file))
}

/// The runtime that the app's uWSGI processes require.
pub(crate) fn needed(procfile: &Procfile) -> Option<RuntimeName> {
    procfile.entries().iter().find_map(|entry| match entry.kind {
        Kind::Wsgi(_) => Some(RuntimeName::Python),
        Kind::Rwsgi => Some(RuntimeName::Ruby),
        Kind::Jwsgi => Some(RuntimeName::Java),
        Kind::Php => Some(RuntimeName::Php),
        _ => None,
    })
}

/// Whether every process is a `static` folder.
pub(crate) fn is_static(procfile: &Procfile) -> bool {
    procfile.entries().iter().all(|entry| matches!(entry.kind, Kind::Static))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_remembered_of_a_program_as_it_is_and_never_of_a_switch() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        std::fs::copy("/bin/true", at("go")).unwrap();
        std::fs::write(at("node"), "#!/bin/sh\n").unwrap();
        assert_eq!(speaks_for_itself(&at("node"), "node"), None);
        let (path, file) = speaks_for_itself(&at("go"), "go").unwrap();

        let known = Answer { file, version: "1.22.1".to_owned() };
        let remember = |known: &Answer| {
            let all = BTreeMap::from([(path.to_string(), known)]);
            std::fs::write(at(ANSWERS), serde_json::to_vec(&all).unwrap()).unwrap();
            let toolbox = Toolbox::new("").with_tool("go", at("go"));
            let toolbox = ask(
                toolbox,
                RuntimeName::Go.version_questions(),
                false,
                &Surroundings::of_tests(&at("")),
                Some(&at(ANSWERS)),
            );
            toolbox.version("go").map(|version| version.to_string())
        };
        assert_eq!(remember(&known).as_deref(), Some("1.22.1"));
        // The program has changed, so it is run again; `true` does not print a version of Go.
        assert_ne!(remember(&Answer { file: known.file.changed(), ..known }).as_deref(), Some("1.22.1"));
    }
}
