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
        (None, "# ours\n\n3.12\n3.11\n", "3.12.7 (uv)", ".python-version"),
        (None, "cpython-3.12.4\r\n", "3.12.4 (pyenv)", ".python-version"),
        (Some("3.11"), "3.12\n", "3.11.2 (system)", "PYTHON_VERSION"),
        (Some("3.11"), "pypy3.10\n", "3.11.2 (system)", "PYTHON_VERSION"),
        (Some(""), "3.12\n", "3.12.7 (uv)", ".python-version"),
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
fn a_project_that_fits_is_not_refused() {
    for requires in [">=3.11", ">=3.11.2", ">=3", ">=3.8,!=3.9.*", "~=3.12", "==3.13.*", "nonsense", ""] {
        let text = format!("[project]\nname = \"a\"\nrequires-python = \"{requires}\"\n");
        assert!(look(&[("pyproject.toml", &text)], &Wishes::default()).is_ok(), "{requires}");
    }
}
