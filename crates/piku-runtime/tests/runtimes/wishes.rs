//! What settings ask for, and what the host has.

use piku_runtime::{Planner, RuntimeName, Toolbox, Version, Wishes};

use crate::detection::line;
use crate::given::{Files, detect, look, settings, tree, versions, wishing};

#[test]
fn a_runtime_that_is_named_is_the_one() {
    let cases: &[(&str, Files, &str)] = &[
        ("python", &[], "python 3.11.2 (system): PIKU_RUNTIME asks for python"),
        (
            "python",
            &[("setup.py", "")],
            "python 3.11.2 (system): PIKU_RUNTIME asks for python, setup.py describes the project",
        ),
        ("generic", &[("requirements.txt", "")], "generic: PIKU_RUNTIME asks for generic"),
        ("generic", &[("uv.lock", ""), ("poetry.lock", "")], "generic: PIKU_RUNTIME asks for generic"),
        ("generic", &[("package.json", "")], "generic: PIKU_RUNTIME asks for generic"),
        ("static", &[("package.json", "")], "static: PIKU_RUNTIME asks for static"),
        (
            "node",
            &[("package.json", "{}"), ("Gemfile", "")],
            "node 20.19.2 Npm: PIKU_RUNTIME asks for node, package.json lists the packages",
        ),
        (
            "node",
            &[("package.json", "{}"), ("bun.lock", "")],
            "node 20.19.2 Bun: PIKU_RUNTIME asks for node, bun.lock locks the packages",
        ),
        (
            "bun",
            &[("package.json", "{}"), ("yarn.lock", "")],
            "bun 1.1.38 Bun: PIKU_RUNTIME asks for bun, package.json lists the packages !node::lock-unused",
        ),
        ("node", &[("index.js", "")], "node: PIKU_RUNTIME asks for node"),
        ("go", &[("app.py", "")], "go 1.19.8: PIKU_RUNTIME asks for go"),
        (" ", &[("setup.py", "")], "python 3.11.2 (system): setup.py describes the project"),
        ("cobol", &[("setup.py", "")], "error runtime::unknown"),
        ("Python", &[("setup.py", "")], "error runtime::unknown"),
    ];
    for (name, files, expected) in cases {
        let wishes = wishing(|it| it.runtime = Some((*name).to_owned()));
        assert_eq!(line(&look(files, &wishes)), *expected, "{name} {files:?}");
    }
}

#[test]
fn settings_go_before_the_files_of_node() {
    let both: Files =
        &[("package.json", r#"{"packageManager": "npm@10"}"#), ("yarn.lock", ""), (".nvmrc", "20\n")];
    let cases: &[(&[(&str, &str)], &str)] = &[
        (
            &[("NODE_PACKAGE_MANAGER", "yarn")],
            "node 20.19.2 YarnClassic: NODE_PACKAGE_MANAGER asks for yarn, yarn.lock locks the packages, \
             .nvmrc asks for Node.js 20",
        ),
        (
            &[("NODE_PACKAGE_MANAGER", "yarn --ignore-engines")],
            "node 20.19.2 YarnClassic: NODE_PACKAGE_MANAGER asks for yarn, yarn.lock locks the packages, \
             .nvmrc asks for Node.js 20 !node::options-unused",
        ),
        (&[("NODE_PACKAGE_MANAGER", "rm")], "error node::unknown-package-manager"),
        (&[("NODE_VERSION", "22")], "error runtime::other-version"),
        (&[("NODE_VERSION", "twenty")], "error runtime::bad-version"),
    ];
    for (pairs, expected) in cases {
        assert_eq!(line(&look(both, &settings(pairs))), *expected, "{pairs:?}");
    }
}

#[test]
fn nodeenv_brings_the_version_that_the_host_does_not_have() {
    let host = versions().with_tool("nodeenv", "/usr/bin/nodeenv");
    let found = |version: &str| {
        line(&detect(&tree(&[("package.json", "{}"), (".nvmrc", version)]), &host, &Wishes::default()))
    };
    let why = "package.json lists the packages, .nvmrc asks for Node.js";
    assert_eq!(found("18.20.1"), format!("node 18.20.1 Npm: {why} 18.20.1"));
    assert_eq!(found("20.11.1"), format!("node 20.11.1 Npm: {why} 20.11.1"));
    assert_eq!(found("20.19.2"), format!("node 20.19.2 Npm: {why} 20.19.2"));
    assert_eq!(found("20"), format!("node 20.19.2 Npm: {why} 20"));
    assert_eq!(found("18"), "error runtime::other-version");
}

#[test]
fn without_the_versions_of_tools_nothing_is_refused() {
    let bare = Toolbox::new("linux-x86_64-glibc");
    let cases: &[Files] = &[
        &[("package.json", r#"{"engines": {"node": "^99"}}"#)],
        &[("package.json", "{}"), (".nvmrc", "99")],
        &[("go.mod", "go 9.9\n")],
        &[("Gemfile", ""), (".ruby-version", "9.9.9")],
        &[("pom.xml", ""), (".java-version", "99")],
        &[("deno.json", "")],
    ];
    for files in cases {
        assert!(detect(&tree(files), &bare, &Wishes::default()).is_ok(), "{files:?}");
    }
}

#[test]
fn the_runtime_is_known_before_any_tool_is_asked() {
    let name =
        |files: Files| Planner::new(&tree(files), Toolbox::default(), Wishes::default()).runtime().unwrap();
    let tools =
        |files: Files| name(files).version_questions().iter().map(|it| it.tool).collect::<Vec<_>>().join(" ");
    assert_eq!(tools(&[("package.json", "not read yet")]), "node bun");
    assert_eq!(tools(&[("go.mod", "")]), "go");
    assert_eq!(tools(&[("requirements.txt", "")]), "");
    let questions = RuntimeName::ALL.iter().flat_map(|it| it.version_questions());
    let unknown = questions.map(|it| it.tool).find(|tool| !Toolbox::TOOLS.contains(tool));
    assert_eq!(unknown, None);
}

#[test]
fn a_newer_go_fetches_what_a_module_asks_for() {
    let host = versions().with_version("go", "1.21.0".parse::<Version>().unwrap());
    let tree = tree(&[("go.mod", "module blog\ngo 1.24\n")]);
    assert!(detect(&tree, &host, &Wishes::default()).is_ok());
}

#[test]
fn the_version_is_the_settings_then_the_files_then_the_hosts() {
    let cases = [
        (None, "", "3.11.2 (system)", "the default of this host"),
        (None, "# ours\n\n3.12\n3.11\n", "3.12.7 (uv)", ".python-version:3"),
        (None, "cpython-3.12.4\r\n", "3.12.4 (pyenv)", ".python-version:1"),
        (Some("3.11"), "3.12\n", "3.11.2 (system)", "PYTHON_VERSION"),
        (Some("3.11"), "pypy3.10\n", "3.11.2 (system)", "PYTHON_VERSION"),
        (Some(""), "3.12\n", "3.12.7 (uv)", ".python-version:1"),
        (Some("3"), "", "3.11.2 (system)", "PYTHON_VERSION"),
        (Some("python3.13"), "", "3.13.1 (uv)", "PYTHON_VERSION"),
    ];
    for (setting, file, version, reason) in cases {
        let wishes = wishing(|it| it.python_version = setting.map(str::to_owned));
        let found =
            look(&[("requirements.txt", ""), (".python-version", file)], &wishes).unwrap().python.unwrap();
        assert_eq!(
            (found.interpreter.to_string().as_str(), found.reason.as_str()),
            (version, reason),
            "{setting:?} {file:?}"
        );
    }
}

#[test]
fn without_a_default_the_highest_that_can_make_an_environment_is_chosen() {
    let mut host = versions();
    host.default_python = None;
    let found = detect(&tree(&[("requirements.txt", "")]), &host, &Wishes::default()).unwrap();
    assert_eq!(found.python.unwrap().interpreter.to_string(), "3.13.1 (uv)");

    host.default_python = Some("3.10.1".parse().unwrap());
    host.interpreters[0].has_venv = false;
    let found = detect(&tree(&[("requirements.txt", "")]), &host, &Wishes::default()).unwrap();
    let python = found.python.unwrap();
    assert_eq!(
        (python.interpreter.to_string().as_str(), python.reason.as_str()),
        ("3.12.7 (uv)", "the newest on this host")
    );
}

#[test]
fn the_order_of_the_toolbox_does_not_matter() {
    let mut backwards = versions();
    backwards.interpreters.reverse();
    for version in ["3", "3.11", "3.12", "3.13"] {
        let wishes = wishing(|it| it.python_version = Some(version.to_owned()));
        let with = |host: &Toolbox| {
            detect(&tree(&[("setup.py", "")]), host, &wishes).unwrap().python.unwrap().interpreter
        };
        assert_eq!(with(&versions()), with(&backwards), "{version}");
    }
}

#[test]
fn the_python_that_is_asked_for_is_chosen_wherever_it_is_asked_for() {
    let project = |range: &str| format!("[project]\nname = \"a\"\nrequires-python = \"{range}\"\n");
    let poetry = |range: &str| {
        format!(
            "[tool.poetry]\nname = \"a\"\n[tool.poetry.dependencies]\npython = \"{range}\"\n[build-system]\nrequires = []\n"
        )
    };
    let lock = ("requirements.txt", String::new());
    let one = |file: &'static str, text: &str| vec![lock.clone(), (file, text.to_owned())];
    let cases = [
        // Heroku's file.
        (one("runtime.txt", "python-3.12.4\n"), "3.12.4 (pyenv)", "runtime.txt:1"),
        (one("runtime.txt", "\r\n  python-3.13\r\n"), "3.13.1 (uv)", "runtime.txt:2"),
        (
            one("runtime.txt", "how to run this\n"),
            "3.11.2 (system)",
            "the default of this host !python::runtime-txt",
        ),
        (
            [one("runtime.txt", "python-3.12"), one(".python-version", "3.13")].concat(),
            "3.12.7 (uv)",
            "runtime.txt:1 !python::two-versions",
        ),
        // pyenv's: the first that is here, and what uv adds.
        (one(".python-version", "3.12.1\n3.12.4\n3.11\n"), "3.12.4 (pyenv)", ".python-version:2"),
        (one(".python-version", "pypy3.10-7.3.12 3.12.4 # both\n"), "3.12.4 (pyenv)", ".python-version:1"),
        (one(".python-version", "3.12.4/envs/blog\n"), "3.12.4 (pyenv)", ".python-version:1"),
        (one(".python-version", "system\n"), "3.11.2 (system)", ".python-version:1"),
        (one(".python-version", ">=3.12,<3.13\n"), "3.12.7 (uv)", ".python-version:1"),
        (one(".python-version", "cpython@3.12.4\n"), "3.12.4 (pyenv)", ".python-version:1"),
        (one(".python-version", "3.12.*\n"), "3.12.7 (uv)", ".python-version:1"),
        (one(".python-version", "# none\n"), "3.11.2 (system)", "the default of this host"),
        (one(".tool-versions", "nodejs 20\npython 3.12.4\n"), "3.12.4 (pyenv)", ".tool-versions:2"),
        (one("Pipfile", "[packages]\n\n[requires]\npython_version = \"3.12\"\n"), "3.12.7 (uv)", "Pipfile:4"),
        // What a project says that it runs on: the default of the host if it fits, otherwise the newest.
        (one("pyproject.toml", &project(">=3.8")), "3.11.2 (system)", "the default of this host"),
        (one("pyproject.toml", &project(">=3.12")), "3.13.1 (uv)", "pyproject.toml:3"),
        (one("pyproject.toml", &project(">=3.12,<3.13")), "3.12.7 (uv)", "pyproject.toml:3"),
        (one("pyproject.toml", &project(">=3.12,!=3.12.7,!=3.13.*")), "3.12.4 (pyenv)", "pyproject.toml:3"),
        (one("pyproject.toml", &project("==3.12.*")), "3.12.7 (uv)", "pyproject.toml:3"),
        (one("pyproject.toml", &project("==3.12.4")), "3.12.4 (pyenv)", "pyproject.toml:3"),
        (one("pyproject.toml", &project("~=3.12.0")), "3.12.7 (uv)", "pyproject.toml:3"),
        (one("pyproject.toml", &project("<3.12")), "3.11.2 (system)", "the default of this host"),
        (
            one("pyproject.toml", &project("new")),
            "3.11.2 (system)",
            "the default of this host !python::unread-range",
        ),
        (one("pyproject.toml", &poetry("^3.12")), "3.13.1 (uv)", "pyproject.toml:4"),
        (one("pyproject.toml", &poetry("~3.12")), "3.12.7 (uv)", "pyproject.toml:4"),
        // Both count.
        (
            [one("pyproject.toml", &project("<3.13")), one(".python-version", "3.12")].concat(),
            "3.12.7 (uv)",
            ".python-version:1",
        ),
        (
            [one("pyproject.toml", &project("!=3.12.7")), one(".python-version", "3.12")].concat(),
            "3.12.4 (pyenv)",
            ".python-version:1",
        ),
        (
            [one("pyproject.toml", &project(">=3.12")), one(".python-version", "3")].concat(),
            "3.13.1 (uv)",
            ".python-version:1",
        ),
    ];
    for (files, version, reason) in cases {
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let found = look(&files, &Wishes::default()).unwrap();
        let python = found.python.unwrap();
        let warned: String = found.warnings.iter().map(|it| format!(" !{}", it.code)).collect();
        let chosen = (python.interpreter.to_string(), format!("{}{warned}", python.reason));
        assert_eq!(chosen, (version.to_owned(), reason.to_owned()), "{files:?}");
    }
}

#[test]
fn a_version_in_a_file_of_powershell_is_read() {
    let wide = "3.12\r\n".encode_utf16().flat_map(u16::to_le_bytes);
    let bytes: Vec<u8> = [0xff, 0xfe].into_iter().chain(wide).collect();
    let tree = tree(&[("requirements.txt", "")]).with(".python-version", bytes);
    let found = detect(&tree, &versions(), &Wishes::default()).unwrap();
    assert_eq!(found.python.unwrap().interpreter.to_string(), "3.12.7 (uv)");
}

#[test]
fn a_project_that_fits_is_not_refused() {
    for requires in [">=3.11", ">=3.11.2", ">=3", ">=3.8,!=3.9.*", "~=3.12", "==3.13.*", "nonsense", ""] {
        let text = format!("[project]\nname = \"a\"\nrequires-python = \"{requires}\"\n");
        assert!(look(&[("pyproject.toml", &text)], &Wishes::default()).is_ok(), "{requires}");
    }
}
