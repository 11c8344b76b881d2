//! Go: a module, a workspace, or a single `main.go`, by `go build`.

use crate::asked::Asked;
use crate::draft::{Draft, Missing};
use crate::tree::first_of;
use crate::{
    BuildPlan, Command, DetectError, Detection, PlanError, RuntimeName, SourceTree, Toolbox, Version,
    Warning, Wishes, Word,
};

/// The first Go that downloads a newer one by itself when a module asks for it.
const FETCHES_ITSELF: (u32, u32) = (1, 21);
/// The first Go that would write the commit into the program; the build key does not cover the commit.
const STAMPS_COMMITS: (u32, u32) = (1, 18);

/// Finds the file that marks a Go app.
pub(crate) fn manifest(tree: &dyn SourceTree) -> Option<&'static str> {
    first_of(tree, &["go.mod", "go.work", "main.go"])
}

/// Finds a program at the top of a tree without a manifest.
pub(crate) fn hint(tree: &dyn SourceTree) -> Option<&'static str> {
    let is_program = |name: &String| is_source(name) && is_program(tree, name);
    tree.names().iter().any(is_program).then_some("*.go")
}

/// Detects a Go app, and checks the version it asks for.
pub(crate) fn detect(
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    mut found: Detection,
) -> Result<Detection, DetectError> {
    found.version = toolbox.version("go");
    let Some(file) = manifest(tree).or_else(|| hint(tree)) else { return Ok(found) };
    let asked = match file {
        "main.go" | "*.go" => {
            found.because(file, "is a program without a module");
            return Ok(found);
        }
        _ => go_line(&text(tree, file)).map(|text| Asked { text, origin: file, line: None }),
    };
    let what = if file == "go.mod" { "describes a module" } else { "describes a workspace" };
    let version = asked.as_ref().map(|asked| format!(" for Go {}", asked.text)).unwrap_or_default();
    found.because(file, format!("{what}{version}"));
    if let (Some(asked), Some(has)) = (asked, found.version) {
        let wanted = Version::first_in(&asked.text);
        let newer = wanted.is_some_and(|wanted| (wanted.major, wanted.minor) > (has.major, has.minor));
        if newer && (has.major, has.minor) < FETCHES_ITSELF {
            return Err(asked.refuse(RuntimeName::Go, has));
        }
    }
    Ok(found)
}

/// Builds every program into `bin`; `go.mod` is never changed.
///
/// Runs in the tree, since it only reads there. The compiler's cache is keyed by content, so all apps share it; a
/// process that calls `go run` uses it too.
pub(crate) fn plan(
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    wishes: &Wishes,
) -> Result<Option<BuildPlan>, PlanError> {
    let Some(file) = manifest(tree).or_else(|| hint(tree)) else { return Ok(None) };
    let mut draft = Draft::new(RuntimeName::Go, tree, toolbox);
    let go = draft.tool(
        &["go"],
        Missing(
            "Go",
            file,
            "install it on the host: `apt install golang-go`, or a newer one as https://go.dev/dl shows",
        ),
    )?;
    draft.decided_by_tree();
    draft.decided_by_settings(wishes, &["GO", "CGO_", "CC", "CXX", "PKG_CONFIG"]);
    let mut build = Command::new(go, "building the programs with Go")
        .args(["build", "-trimpath"])
        .env("GOCACHE", Word::shared("go/build"))
        .env("GOMODCACHE", Word::shared("go/modules"));
    if toolbox.version("go").is_none_or(|has| (has.major, has.minor) >= STAMPS_COMMITS) {
        build = build.arg("-buildvcs=false");
    }
    if matches!(file, "main.go" | "*.go") {
        draft.warn(Warning {
            code: "go::no-module",
            message: "there is no `go.mod`, so the program can import the standard library alone".to_owned(),
            help: Some(
                "run `go mod init example.org/app` and `go mod tidy`, and commit the files".to_owned(),
            ),
            file: None,
        });
    } else {
        let vendored = tree.read("vendor/modules.txt").is_some();
        // Otherwise the module cache is read-only and can't be removed.
        build = build.arg(if vendored { "-mod=vendor" } else { "-mod=readonly" }).arg("-modcacherw");
    }
    draft.env("GOCACHE", Word::shared("go/build"));
    draft.env("GOMODCACHE", Word::shared("go/modules"));
    draft.step(build.arg("-o").arg(Word::build("bin/")).args(packages(tree, file)));
    draft.path(Word::build("bin"));
    draft.in_tree("bin", "bin");
    Ok(Some(draft.finish()))
}

/// Lists what is built: the top folder if it has a program, and `cmd` if it exists; otherwise every program.
fn packages(tree: &dyn SourceTree, file: &str) -> Vec<String> {
    let names = tree.names();
    let mut sources = names.iter().filter(|name| is_source(name));
    if matches!(file, "main.go" | "*.go") {
        // Go names the program after the first file.
        let (first, others): (Vec<_>, Vec<_>) = sources.partition(|name| *name == file);
        return first.into_iter().chain(others).map(|name| format!("./{name}")).collect();
    }
    if tree.read("go.work").is_some() {
        let modules = used(&text(tree, "go.work"));
        return if modules.is_empty() { vec!["./...".to_owned()] } else { modules };
    }
    let top = sources.any(|name| is_program(tree, name)).then_some(".");
    let cmd = names.iter().any(|name| name == "cmd").then_some("./cmd/...");
    let found: Vec<String> = top.into_iter().chain(cmd).map(str::to_owned).collect();
    if found.is_empty() { vec!["./...".to_owned()] } else { found }
}

fn is_source(name: &str) -> bool {
    name.ends_with(".go") && !name.ends_with("_test.go")
}

fn is_program(tree: &dyn SourceTree, name: &str) -> bool {
    text(tree, name).lines().any(|line| line.trim_end() == "package main")
}

/// Reads the modules that a `go.work` uses, as patterns that match all their packages.
fn used(text: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in text.lines().map(without_comment) {
        let path = match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["use", "("] | ["use("] => {
                inside = true;
                None
            }
            [")"] => {
                inside = false;
                None
            }
            ["use", path] => Some(path),
            [path] if inside => Some(path),
            _ => None,
        };
        // A path outside the tree is for Go to refuse.
        let inner = path.map(|path| path.trim_matches(['"', '`'])).filter(|path| path.starts_with('.'));
        found.extend(
            inner.map(|path| format!("./{}/...", path.trim_start_matches("./").trim_end_matches('/'))),
        );
    }
    found.into_iter().map(|path| path.replace("././", "./").replace(".//", "./")).collect()
}

/// Reads the line `go 1.22` of a `go.mod` or `go.work`.
fn go_line(text: &str) -> Option<String> {
    text.lines().find_map(|line| match without_comment(line).split_whitespace().collect::<Vec<_>>()[..] {
        ["go", version] if version.starts_with(|c: char| c.is_ascii_digit()) => Some(version.to_owned()),
        _ => None,
    })
}

fn without_comment(line: &str) -> &str {
    line.split("//").next().unwrap_or_default().trim()
}

fn text(tree: &dyn SourceTree, file: &str) -> String {
    String::from_utf8_lossy(&tree.read(file).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_modules_of_a_workspace_are_read() {
        let cases = [
            ("go 1.22\n\nuse ./api\nuse ./web/ // ours\n", "./api/... ./web/..."),
            ("use (\n\t.\n\t./api\n\t\"./web\"\n)\nreplace x => ./y\n", "./... ./api/... ./web/..."),
            ("use ../outside\n", "./../outside/..."),
            ("use /etc\n", ""),
            ("", ""),
        ];
        for (text, patterns) in cases {
            assert_eq!(used(text).join(" "), patterns, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_go_line_is_found(version in "1\\.[0-9]{1,2}(\\.[0-9]{1,2}|rc[0-9])?", blank in "[ \t]{1,3}", end in "( // .*)?\r?") {
            let text = format!("module example.org/go\n\n// go 1.0\ngo{blank}{version}{end}\n\nrequire go.x/y v1.0.0\n");
            prop_assert_eq!(go_line(&text), Some(version));
        }

        #[test]
        fn reading_never_panics(text in "(\\PC|[\n()./])*") {
            let _ = (go_line(&text), used(&text));
        }
    }
}
