//! The paths in `PIKU_PERSIST`, which outlive a release, and those that an app loses with its release.

use std::path::Path;

use super::nginx::PRIVATE;
use super::reader::Refusal;

/// Files in the top folder that decide how an app is built. A copy that outlived its release would keep every later
/// push from changing them.
const MANIFESTS: [&str; 36] = [
    "Cargo.lock",
    "Cargo.toml",
    "Gemfile",
    "Gemfile.lock",
    "Pipfile",
    "Pipfile.lock",
    "build.clj",
    "build.gradle",
    "build.gradle.kts",
    "bun.lock",
    "bun.lockb",
    "bunfig.toml",
    "composer.json",
    "composer.lock",
    "deno.json",
    "deno.jsonc",
    "deno.lock",
    "deps.edn",
    "go.mod",
    "go.sum",
    "npm-shrinkwrap.json",
    "package-lock.json",
    "package.json",
    "pdm.lock",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "poetry.lock",
    "pom.xml",
    "project.clj",
    "pyproject.toml",
    "requirements.txt",
    "uv.lock",
    "yarn.lock",
    ".node-version",
    ".python-version",
    ".ruby-version",
];

/// Files that decide what git does in their folder.
const OF_GIT: [&str; 4] = [".git", ".gitattributes", ".gitignore", ".gitmodules"];

/// Endings of programs' sources. Those of settings and documents are not among them: an app may well write these.
const CODE: [&str; 34] = [
    "bash", "c", "cc", "cjs", "clj", "cljs", "cpp", "cs", "erb", "ex", "exs", "go", "h", "hpp", "java", "js",
    "jsx", "kt", "lua", "mjs", "php", "pl", "pm", "py", "pyi", "rake", "rb", "rs", "sh", "svelte", "swift",
    "ts", "tsx", "vue",
];

/// Folders in the app's data that piku uses itself.
const OURS: [&str; 2] = ["rescued", "written"];

/// What `PIKU_PERSIST` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PersistPaths {
    /// Each path once, not nested.
    pub(super) persist: Vec<String>,
    /// The paths behind a `!`; `.` is everything.
    pub(super) left_out: Vec<String>,
}

/// Whether piku or git reads a file, or the build depends on it, so that it must be the one of the commit.
pub(crate) fn is_private_to_piku(path: &Path) -> bool {
    let mut parts = path.components().map(|part| part.as_os_str());
    let first = parts.next().unwrap_or_default();
    let is_top = parts.next().is_none();
    is_top && PRIVATE.iter().chain(&MANIFESTS).any(|name| first == *name)
        || path.components().any(|part| part.as_os_str() == ".git")
        || path.file_name().is_some_and(|name| OF_GIT.iter().any(|known| name == *known))
}

/// Whether a file is the source of a program, by its name.
pub(crate) fn is_code(path: &Path) -> bool {
    path.extension().is_some_and(|ending| CODE.iter().any(|known| ending == *known))
}

/// What separates paths, unless they are in double quotes.
const SEPARATORS: [char; 5] = [',', ' ', '\t', '\n', '\r'];

/// A path as `PIKU_PERSIST` has it; `None` if it can't have it.
pub(crate) fn spelled(path: &Path) -> Option<String> {
    let text = path.to_str().filter(|text| !text.contains('"') && !text.contains(char::is_control))?;
    let is_plain = !text.contains(SEPARATORS) && !text.starts_with('!');
    Some(if is_plain { text.to_owned() } else { format!("\"{text}\"") })
}

/// The words of a list. A part in double quotes may have separators; `None` if a quote has no end.
fn words(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            c if !is_quoted && SEPARATORS.contains(&c) => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    (!is_quoted).then_some(words)
}

/// Parses paths separated by commas or white space, each relative to the app's folder and inside it. A path with one of
/// these in it stands in double quotes. `!path` is a path to leave out.
pub(super) fn paths(text: &str) -> Result<PersistPaths, Refusal> {
    let mut paths = PersistPaths::default();
    let Some(words) = words(text) else {
        let help = "write a path with blanks in it as `\"my files\"`";
        return Err(Refusal::new("env::bad-path", "a quote has no end".to_owned(), help));
    };
    for written in &words {
        let refuse = |why: &str| {
            let help = "write paths below the app's folder, such as `uploads` or `var/db.sqlite3`, and `!cache` for one to leave out";
            Refusal::new("env::bad-path", format!("`{written}` can't be kept: {why}"), help)
        };
        let (leaves_out, name) =
            written.strip_prefix('!').map_or((false, written.as_str()), |name| (true, name));
        let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        if name.starts_with('/') {
            return Err(refuse("it is an absolute path"));
        }
        if parts.contains(&"..") {
            return Err(refuse("it contains `..`"));
        }
        if name.contains(char::is_control) {
            return Err(refuse("it contains a control character"));
        }
        if parts.is_empty() && !(leaves_out && name.contains('.')) {
            return Err(refuse("it is the whole folder of the app"));
        }
        let path = if parts.is_empty() { ".".to_owned() } else { parts.join("/") };
        if leaves_out {
            paths.left_out.push(path);
            continue;
        }
        if let Some(why) = reserved(&path) {
            return Err(refuse(why));
        }
        if let Some(other) =
            paths.persist.iter().find(|other| is_within(&path, other) || is_within(other, &path))
        {
            return Err(refuse(&format!("it overlaps `{other}`")));
        }
        if !paths.persist.contains(&path) {
            paths.persist.push(path);
        }
    }
    let both =
        |path: &&String| paths.left_out.iter().any(|out| out == "." || out == *path || is_within(path, out));
    if let Some(path) = paths.persist.iter().find(both) {
        let help = "write it once, with `!` or without";
        return Err(Refusal::new("env::bad-path", format!("`{path}` is both kept and left out"), help));
    }
    Ok(paths)
}

/// Why a path must be the one of the commit.
fn reserved(path: &str) -> Option<&'static str> {
    let first = path.split('/').next().unwrap_or(path);
    match () {
        () if path.split('/').any(|part| part == ".git") => Some("it belongs to git"),
        () if OURS.contains(&first) => Some("piku uses this name in the app's data"),
        () if !is_private_to_piku(Path::new(path)) => None,
        () if path.rsplit('/').next().is_some_and(|name| OF_GIT.contains(&name)) => Some("git reads it"),
        () if MANIFESTS.contains(&path) => {
            Some("the build depends on it, and no push could change it any more")
        }
        () => Some("piku reads it from the commit, and no push could change it any more"),
    }
}

fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_piku_or_the_build_reads_is_refused_by_name() {
        let bad = [
            "ENV",
            "./Procfile",
            "LIVE_ENV",
            "lib/.git",
            ".gitmodules",
            "a/.gitignore",
            "package.json",
            "rescued",
        ];
        let messages = bad.map(|text| paths(text).unwrap_err().message);
        insta::assert_snapshot!(messages.join("\n"), @r"
        `ENV` can't be kept: piku reads it from the commit, and no push could change it any more
        `./Procfile` can't be kept: piku reads it from the commit, and no push could change it any more
        `LIVE_ENV` can't be kept: piku reads it from the commit, and no push could change it any more
        `lib/.git` can't be kept: it belongs to git
        `.gitmodules` can't be kept: git reads it
        `a/.gitignore` can't be kept: git reads it
        `package.json` can't be kept: the build depends on it, and no push could change it any more
        `rescued` can't be kept: piku uses this name in the app's data
        ");
    }

    #[test]
    fn a_path_behind_an_exclamation_mark_is_left_out() {
        let read = |text| paths(text).unwrap();
        assert_eq!(read("!cache, a !./tmp/x/").left_out, ["cache", "tmp/x"]);
        assert_eq!(read("!.").left_out, ["."]);
        let quoted = paths(r#""my files/a, b" !"x y", plain"#).unwrap();
        assert_eq!(
            (quoted.persist, quoted.left_out),
            (vec!["my files/a, b".into(), "plain".into()], vec!["x y".into()])
        );
        let spelled = |path: &str| spelled(Path::new(path));
        assert_eq!(spelled("a b").as_deref(), Some("\"a b\""));
        assert_eq!((spelled("a/b").as_deref(), spelled("a\"b")), (Some("a/b"), None));
        for text in ["\"a", "!", "!..", "!/a", "a !a", "a/b !a", "a !."] {
            assert!(paths(text).is_err(), "{text}");
        }
    }

    #[test]
    fn paths_stay_within_the_folder_of_the_app() {
        let read = |text| paths(text).map(|paths| paths.persist).map_err(|refusal| refusal.message);
        let good = [
            ("", vec![]),
            ("uploads", vec!["uploads"]),
            ("uploads/, ./var//db.sqlite3\tuploads", vec!["uploads", "var/db.sqlite3"]),
            ("up up2 .gitkeep", vec!["up", "up2", ".gitkeep"]),
            ("conf/ENV, !cache !./tmp/", vec!["conf/ENV"]),
        ];
        for (text, wanted) in good {
            assert_eq!(
                read(text).as_deref(),
                Ok(wanted.iter().map(ToString::to_string).collect::<Vec<_>>().as_slice())
            );
        }
        let bad = ["/etc", "a/../b", "..", ".", "./", "a .git", ".git/hooks", "a,a/b", "a/b a"];
        let messages = bad.map(|text| read(text).unwrap_err());
        insta::assert_snapshot!(messages.join("\n"), @r"
        `/etc` can't be kept: it is an absolute path
        `a/../b` can't be kept: it contains `..`
        `..` can't be kept: it contains `..`
        `.` can't be kept: it is the whole folder of the app
        `./` can't be kept: it is the whole folder of the app
        `.git` can't be kept: it belongs to git
        `.git/hooks` can't be kept: it belongs to git
        `a/b` can't be kept: it overlaps `a`
        `a` can't be kept: it overlaps `a/b`
        ");
        assert!(read("a\u{7}").is_err());
    }
}
