//! Finds the tools and interpreters that builds need.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use piku_procfile::{Kind, Procfile};
use piku_runtime::{Interpreter, RuntimeName, Source, SourceTree, Toolbox, Version};

use super::command::Invocation;
use super::search_path::SearchPath;
use super::{Surroundings, files};

/// Finds tools and interpreters. Versions come from names: `python3.11` as the target of a link, `3.12.1` in pyenv's
/// folder.
///
/// Runs no program, so that a push with nothing to build is fast. `preferred` becomes the default Python if such an
/// interpreter is found.
pub(crate) fn look(surroundings: &Surroundings, preferred: Option<(u32, u32)>) -> Toolbox {
    let path = SearchPath::read(&surroundings.search_path());
    let mut toolbox = Toolbox::new(platform());
    for tool in Toolbox::TOOLS {
        if let Some(found) = path.program(tool) {
            toolbox = toolbox.with_tool(tool, found);
        }
    }
    let mut interpreters = system(&path);
    let standard = interpreters.first().map(|interpreter| interpreter.version);
    interpreters.extend(in_folders(&surroundings.home.join(".pyenv/versions"), Source::Pyenv, |name| name));
    interpreters.extend(in_folders(&surroundings.home.join(".local/share/uv/python"), Source::Uv, |name| {
        name.strip_prefix("cpython-").and_then(|rest| rest.split('-').next()).unwrap_or_default()
    }));
    let preferred = preferred.and_then(|(major, minor)| format!("{major}.{minor}").parse::<Version>().ok());
    let has = |wanted: &Version| {
        interpreters.iter().any(|found| found.version.to_string().starts_with(&wanted.to_string()))
    };
    toolbox.default_python =
        preferred.filter(has).or(standard).or_else(|| interpreters.first().map(|i| i.version));
    toolbox.interpreters = interpreters;
    toolbox
}

/// The file in the shared build cache that caches the versions of tools.
pub(crate) const ANSWERS: &str = "versions.json";

/// The cached version of a tool, and the state of its program at that time.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Answer {
    modified: (i64, i64),
    size: u64,
    version: String,
}

/// Determines the versions of the installed tools that builds of a runtime depend on.
///
/// Versions are cached in the file `answers` for as long as the program does not change.
pub(crate) fn ask(
    mut toolbox: Toolbox,
    runtime: RuntimeName,
    surroundings: &Surroundings,
    answers: Option<&Utf8Path>,
) -> Toolbox {
    let env = [("PATH", surroundings.search_path()), ("HOME", surroundings.home.to_string())];
    let env = env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    // If the cache can't be read, start with an empty one.
    let known = answers.and_then(|file| files::read(file).ok().flatten());
    let mut known: BTreeMap<String, Answer> =
        known.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    let before = known.clone();
    for question in runtime.version_questions() {
        let Some(tool) = toolbox.tool(question.tool).map(Utf8Path::to_owned) else { continue };
        let program = speaks_for_itself(&tool, question.tool);
        let remembered = program.as_ref().and_then(|(path, now)| {
            let known = known.get(path.as_str())?;
            (known.modified == now.modified && known.size == now.size).then_some(known)
        });
        if let Some(version) = remembered.and_then(|known| known.version.parse().ok()) {
            toolbox = toolbox.with_version(question.tool, version);
            continue;
        }
        let mut answer = None;
        let words = std::iter::once(tool.as_str()).chain(question.args.iter().copied());
        // Ignore failures here: the build shows what is wrong with the tool.
        let asked = Invocation::new(words)
            .with_env(&env)
            .run(&mut |line| answer = answer.or_else(|| Version::first_in(line)));
        if let (Ok(status), Some(version)) = (asked, answer)
            && status.is_success()
        {
            toolbox = toolbox.with_version(question.tool, version);
            if let Some((path, now)) = program {
                known.insert(path.into_string(), Answer { version: version.to_string(), ..now });
            }
        }
    }
    if let Some(file) = answers.filter(|_| known != before)
        && let (Some(folder), Ok(text)) = (file.parent(), serde_json::to_vec(&known))
    {
        // If it can't be written, the next push asks again.
        drop(files::make_folder(folder, 0o700).and_then(|()| files::write(file, &text, 0o600)));
    }
    toolbox
}

/// The real binary behind `tool` with size and mtime; `None` for wrappers and version managers (rustup, scripts).
fn speaks_for_itself(tool: &Utf8Path, name: &str) -> Option<(Utf8PathBuf, Answer)> {
    use std::io::Read;
    use std::os::unix::fs::MetadataExt;
    let path = tool.canonicalize_utf8().ok()?;
    if !path.file_name()?.starts_with(name) || path.with_file_name("rustup").exists() {
        return None;
    }
    let mut file = std::fs::File::open(&path).ok()?;
    let mut magic = [0; 4];
    file.read_exact(&mut magic).ok()?;
    let now = file.metadata().ok()?;
    let modified = (now.mtime(), now.mtime_nsec());
    (magic == *b"\x7fELF").then_some((path, Answer { modified, size: now.size(), version: String::new() }))
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

/// What compiled packages depend on other than the interpreter.
fn platform() -> String {
    let libc = if cfg!(target_env = "musl") { "musl" } else { "glibc" };
    format!("{}-{}-{libc}", std::env::consts::OS, std::env::consts::ARCH)
}

/// Interpreters on the path, `python3` first, without shims of version managers.
fn system(path: &SearchPath) -> Vec<Interpreter> {
    let mut found: Vec<Interpreter> = Vec::new();
    let names =
        ["python3".to_owned()].into_iter().chain((6..40).rev().map(|minor| format!("python3.{minor}")));
    for program in names.flat_map(|name| path.all(&name)) {
        let Ok(real) = program.canonicalize_utf8() else { continue };
        let version = real.file_name().and_then(|name| name.strip_prefix("python")?.parse::<Version>().ok());
        let Some(version) = version.filter(|version| version.to_string().contains('.')) else { continue };
        if found.iter().all(|known| known.path != real) {
            let has_venv = has_venv(&real, &version);
            found.push(Interpreter { version, path: real, source: Source::System, has_venv });
        }
    }
    found
}

/// Interpreters in folders named for their versions.
fn in_folders(parent: &Utf8Path, source: Source, version_of: impl Fn(&str) -> &str) -> Vec<Interpreter> {
    let names = files::names(parent).unwrap_or_default();
    names
        .iter()
        .filter_map(|name| {
            let version = version_of(name).parse::<Version>().ok()?;
            let path = parent.join(name).join("bin/python3");
            let has_venv = has_venv(&path.canonicalize_utf8().ok()?, &version);
            Some(Interpreter { version, path, source, has_venv })
        })
        .collect()
}

/// Whether `-m venv` works: Debian ships ensurepip in a separate package.
fn has_venv(interpreter: &Utf8Path, version: &Version) -> bool {
    let text = version.to_string();
    let minor: Vec<&str> = text.split('.').take(2).collect();
    let prefix = interpreter.parent().and_then(Utf8Path::parent).unwrap_or(Utf8Path::new("/"));
    prefix.join(format!("lib/python{}/ensurepip/__init__.py", minor.join("."))).exists()
}

/// A deployment clone as a [`SourceTree`]. Reading never follows a link out of the tree.
#[derive(Debug)]
pub(crate) struct CheckedOut<'a> {
    pub(crate) tree: &'a Utf8Path,
    pub(crate) commit: &'a str,
    /// git's id of its contents, if needed.
    pub(crate) tree_id: Option<&'a str>,
}

impl SourceTree for CheckedOut<'_> {
    fn names(&self) -> Vec<String> {
        files::names(self.tree).unwrap_or_default().into_iter().filter(|name| name != ".git").collect()
    }

    fn read(&self, path: &str) -> Option<Vec<u8>> {
        let whole = self.tree.join(path).canonicalize_utf8().ok()?;
        let inside = whole.starts_with(self.tree.canonicalize_utf8().ok()?) && whole.is_file();
        inside.then(|| files::read(&whole).ok().flatten()).flatten()
    }

    fn identity(&self) -> &str {
        self.commit
    }

    fn tree_id(&self) -> &str {
        self.tree_id.unwrap_or(self.commit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shim_is_not_an_interpreter_and_a_version_comes_from_the_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        std::fs::create_dir_all(at("shims")).unwrap();
        std::fs::create_dir_all(at("usr/bin")).unwrap();
        std::fs::create_dir_all(at("usr/lib/python3.11/ensurepip")).unwrap();
        std::fs::write(at("usr/lib/python3.11/ensurepip/__init__.py"), "").unwrap();
        std::fs::write(at("shims/python3"), "#!/bin/sh\n").unwrap();
        std::fs::write(at("usr/bin/python3.11"), "").unwrap();
        super::super::files::link(&at("usr/bin/python3"), Utf8Path::new("python3.11")).unwrap();
        let found = system(&SearchPath::read(&format!("{}:{}", at("shims"), at("usr/bin"))));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].version.to_string().as_str(), found[0].has_venv), ("3.11", true));
    }

    #[test]
    fn an_answer_is_remembered_of_a_program_as_it_is_and_never_of_a_switch() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        std::fs::copy("/bin/true", at("go")).unwrap();
        std::fs::write(at("node"), "#!/bin/sh\n").unwrap();
        assert_eq!(speaks_for_itself(&at("node"), "node"), None);
        let (path, answer) = speaks_for_itself(&at("go"), "go").unwrap();

        let known = Answer { version: "1.22.1".to_owned(), ..answer };
        let remember = |known: &Answer| {
            let all = BTreeMap::from([(path.to_string(), known)]);
            std::fs::write(at(ANSWERS), serde_json::to_vec(&all).unwrap()).unwrap();
            let toolbox = Toolbox::new("").with_tool("go", at("go"));
            let toolbox = ask(toolbox, RuntimeName::Go, &Surroundings::of_tests(&at("")), Some(&at(ANSWERS)));
            toolbox.version("go").map(|version| version.to_string())
        };
        assert_eq!(remember(&known).as_deref(), Some("1.22.1"));
        // The program has changed, so it is run again; `true` does not print a version of Go.
        assert_ne!(remember(&Answer { size: 1, ..known }).as_deref(), Some("1.22.1"));
    }

    #[test]
    fn reading_does_not_leave_the_tree() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        std::fs::create_dir_all(at("tree")).unwrap();
        std::fs::write(at("secret"), "x").unwrap();
        std::fs::write(at("tree/requirements.txt"), "flask\n").unwrap();
        super::super::files::link(&at("tree/link"), Utf8Path::new("../secret")).unwrap();
        let tree = at("tree");
        let tree = CheckedOut { tree: &tree, commit: "c", tree_id: None };
        assert_eq!(tree.read("requirements.txt").unwrap(), b"flask\n");
        assert_eq!((tree.read("link"), tree.read("../secret"), tree.read("/etc/passwd")), (None, None, None));
    }
}
