//! What is detected in which tree, as one table, and what is said where nothing can be decided.

#![allow(clippy::unwrap_used, reason = "a test that fails may panic, in what its cases share as well")]

use piku_runtime::{DetectError, Detection, Interpreter, MemoryTree, Source, Toolbox, Wishes, detect};

/// A host with Python 3.11.2 of the system, as on Debian 12, and three others.
fn host() -> Toolbox {
    let python = |version: &str, path: &str, source, has_venv| Interpreter {
        version: version.parse().unwrap(),
        path: path.into(),
        source,
        has_venv,
    };
    let mut host = Toolbox::new("linux-x86_64-glibc")
        .with_interpreter(python("3.13.1", "/uv/3.13.1/bin/python3.13", Source::Uv, true))
        .with_interpreter(python("3.12.4", "/pyenv/3.12.4/bin/python3.12", Source::Pyenv, true))
        .with_interpreter(python("3.12.7", "/uv/3.12.7/bin/python3.12", Source::Uv, true))
        .with_interpreter(python("3.11.2", "/usr/bin/python3.11", Source::System, true))
        .with_interpreter(python("3.11.2", "/pyenv/3.11.2/bin/python3.11", Source::Pyenv, true));
    host.default_python = Some("3.11.2".parse().unwrap());
    host
}

/// Paths and contents.
type Files<'a> = &'a [(&'a str, &'a str)];

fn tree(files: Files<'_>) -> MemoryTree {
    files.iter().fold(MemoryTree::new("4f2a90c"), |tree, (path, text)| tree.with(*path, *text))
}

fn look(files: Files<'_>, wishes: &Wishes) -> Result<Detection, DetectError> {
    detect(&tree(files), &host(), wishes)
}

/// Shows a detection on one line: runtime, version, evidence, and the codes of warnings.
fn line(found: &Result<Detection, DetectError>) -> String {
    match found {
        Ok(found) => {
            let python =
                found.python.as_ref().map(|python| format!(" {}", python.interpreter)).unwrap_or_default();
            let evidence: Vec<_> = found.evidence.iter().map(ToString::to_string).collect();
            let warnings: String =
                found.warnings.iter().map(|warning| format!(" !{}", warning.code)).collect();
            format!("{}{python}: {}{warnings}", found.runtime, evidence.join(", "))
        }
        Err(error) => format!("error {}", error.code()),
    }
}

const PROJECT: &str = "[project]\nname = \"blog\"\n";
const PACKAGE: &str = "[project]\nname = \"blog\"\n[build-system]\nrequires = [\"hatchling\"]\n";
const POETRY: &str = "[tool.poetry]\nname = \"blog\"\npackage-mode = false\n";

#[test]
fn every_tree_has_its_runtime() {
    let cases: &[(Files, &str)] = &[
        (&[], "generic: "),
        (&[("Procfile", "web: ./serve\n")], "generic: "),
        (&[("index.html", "")], "generic: "),
        (&[("app.py", "")], "generic: "),
        (&[("requirements.txt", "")], "python 3.11.2 (system): requirements.txt lists the packages"),
        (
            &[("uv.lock", ""), ("pyproject.toml", PROJECT)],
            "python 3.11.2 (system): uv.lock locks the packages",
        ),
        (
            &[("poetry.lock", ""), ("pyproject.toml", POETRY)],
            "python 3.11.2 (system): poetry.lock locks the packages",
        ),
        (
            &[("pdm.lock", ""), ("pyproject.toml", PROJECT)],
            "python 3.11.2 (system): pdm.lock locks the packages",
        ),
        (&[("Pipfile.lock", ""), ("Pipfile", "")], "python 3.11.2 (system): Pipfile.lock locks the packages"),
        (&[("Pipfile", "")], "python 3.11.2 (system): Pipfile lists the packages"),
        (&[("pyproject.toml", PROJECT)], "python 3.11.2 (system): pyproject.toml describes the project"),
        (&[("pyproject.toml", PACKAGE)], "python 3.11.2 (system): pyproject.toml describes the project"),
        (&[("pyproject.toml", "[oops")], "python 3.11.2 (system): pyproject.toml describes the project"),
        (&[("setup.py", "")], "python 3.11.2 (system): setup.py describes the project"),
        (
            &[("setup.py", ""), ("pyproject.toml", PACKAGE)],
            "python 3.11.2 (system): pyproject.toml describes the project",
        ),
        // The order of evidence.
        (
            &[("uv.lock", ""), ("pyproject.toml", PROJECT), ("requirements.txt", "")],
            "python 3.11.2 (system): uv.lock locks the packages",
        ),
        (
            &[("Pipfile", ""), ("requirements.txt", "")],
            "python 3.11.2 (system): requirements.txt lists the packages",
        ),
        (
            &[("pyproject.toml", PROJECT), ("requirements.txt", "")],
            "python 3.11.2 (system): requirements.txt lists the packages",
        ),
        (
            &[("setup.py", ""), ("requirements.txt", "")],
            "python 3.11.2 (system): requirements.txt lists the packages",
        ),
        // Settings of tools say "Python", and no more.
        (
            &[("pyproject.toml", "[tool.ruff]\n")],
            "python 3.11.2 (system): pyproject.toml has settings of Python tools",
        ),
        (
            &[("pyproject.toml", "[tool.ruff]\n"), ("package.json", "{}")],
            "generic: package.json belongs to Node.js !runtime-not-built",
        ),
        (&[(".python-version", "3.12\n")], "python 3.12.7 (uv): .python-version asks for Python 3.12"),
        (
            &[(".python-version", "3.12\n"), ("go.mod", "")],
            "generic: go.mod belongs to Go !runtime-not-built",
        ),
        // Other languages.
        (&[("package.json", "{}")], "generic: package.json belongs to Node.js !runtime-not-built"),
        (&[("go.mod", "")], "generic: go.mod belongs to Go !runtime-not-built"),
        (&[("Gemfile", "")], "generic: Gemfile belongs to Ruby !runtime-not-built"),
        (&[("Cargo.toml", "")], "generic: Cargo.toml belongs to Rust !runtime-not-built"),
        (&[("pom.xml", "")], "generic: pom.xml belongs to Java !runtime-not-built"),
        (&[("composer.json", "")], "generic: composer.json belongs to PHP !runtime-not-built"),
        (&[("deno.json", "")], "generic: deno.json belongs to Deno !runtime-not-built"),
        (
            &[("package.json", "{}"), ("requirements.txt", "")],
            "python 3.11.2 (system): requirements.txt lists the packages",
        ),
        // Only the top folder counts, and only the right spelling.
        (&[("web/requirements.txt", "")], "generic: "),
        (&[("web/package.json", "")], "generic: "),
        (&[("requirements.txt/base.txt", "")], "generic: "),
        // Mistakes.
        (&[("uv.lock", ""), ("poetry.lock", ""), ("pyproject.toml", PROJECT)], "error python-two-locks"),
        (&[("pdm.lock", ""), ("Pipfile.lock", ""), ("Pipfile", "")], "error python-two-locks"),
        (&[("uv.lock", "")], "error python-lock-alone"),
        (&[("Pipfile.lock", "")], "error python-lock-alone"),
        (&[("pyproject.toml", POETRY)], "error python-poetry-without-lock"),
    ];
    for (files, expected) in cases {
        assert_eq!(line(&look(files, &Wishes::default())), *expected, "{files:?}");
    }
}

#[test]
fn a_process_that_needs_python_gets_it_without_a_manifest() {
    let wishes = Wishes { needs_python: true, ..Wishes::default() };
    let cases: &[(Files, &str)] = &[
        (&[("app.py", "")], "python 3.11.2 (system): Procfile has a process that needs Python"),
        (
            &[("package.json", "")],
            "python 3.11.2 (system): Procfile has a process that needs Python !runtime-not-built",
        ),
        (
            &[("requirements/base.txt", "")],
            "python 3.11.2 (system): Procfile has a process that needs Python !python-requirements-elsewhere",
        ),
        (
            &[("Requirements.txt", "")],
            "python 3.11.2 (system): Procfile has a process that needs Python !python-requirements-elsewhere",
        ),
        (&[("requirements.txt", "")], "python 3.11.2 (system): requirements.txt lists the packages"),
    ];
    for (files, expected) in cases {
        assert_eq!(line(&look(files, &wishes)), *expected, "{files:?}");
    }
}

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
        (" ", &[("setup.py", "")], "python 3.11.2 (system): setup.py describes the project"),
        ("node", &[("setup.py", "")], "error runtime-unknown"),
        ("Python", &[("setup.py", "")], "error runtime-unknown"),
    ];
    for (name, files, expected) in cases {
        let wishes = Wishes { runtime: Some((*name).to_owned()), ..Wishes::default() };
        assert_eq!(line(&look(files, &wishes)), *expected, "{name} {files:?}");
    }
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
        let wishes = Wishes { python_version: setting.map(str::to_owned), ..Wishes::default() };
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
    let mut host = host();
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
    let mut backwards = host();
    backwards.interpreters.reverse();
    for version in ["3", "3.11", "3.12", "3.13"] {
        let wishes = Wishes { python_version: Some(version.to_owned()), ..Wishes::default() };
        let with = |host: &Toolbox| {
            detect(&tree(&[("setup.py", "")]), host, &wishes).unwrap().python.unwrap().interpreter
        };
        assert_eq!(with(&host()), with(&backwards), "{version}");
    }
}

/// Shows an error with its causes and its help.
fn told(found: Result<Detection, DetectError>) -> String {
    let error = found.unwrap_err();
    let mut text = format!("error[{}]: {error}", error.code());
    if let Some(cause) = std::error::Error::source(&error) {
        text += &format!("\n  because: {cause}");
    }
    text + &error.help().map(|help| format!("\nhelp: {help}")).unwrap_or_default()
}

#[test]
fn every_mistake_says_what_to_do() {
    let with = |version: &str| Wishes { python_version: Some(version.to_owned()), ..Wishes::default() };
    let none = Wishes::default();
    let found = [
        look(&[], &Wishes { runtime: Some("node".to_owned()), ..Wishes::default() }),
        look(&[("uv.lock", ""), ("poetry.lock", ""), ("pyproject.toml", "")], &none),
        look(&[("uv.lock", "")], &none),
        look(&[("pyproject.toml", POETRY)], &none),
        look(&[("requirements.txt", ""), (".python-version", "pypy3.10\n")], &none),
        look(&[("requirements.txt", "")], &with("3.12.1")),
        look(&[("pyproject.toml", "[project]\nname = \"a\"\nrequires-python = \">=3.12,<4\"\n")], &none),
        look(&[("pyproject.toml", "[project]\nname = \"a\"\nrequires-python = \">= 3.14\"\n")], &none),
        detect(&tree(&[("requirements.txt", "")]), &Toolbox::new("linux"), &none),
    ];
    insta::assert_snapshot!(found.map(told).join("\n\n"), @r"
    error[runtime-unknown]: there is no runtime `node`
    help: set PIKU_RUNTIME to `python` or `generic`, or unset it

    error[python-two-locks]: `uv.lock` and `poetry.lock` both lock the packages of this app
    help: keep the one whose tool you use: `git rm poetry.lock` or `git rm uv.lock`

    error[python-lock-alone]: `uv.lock` is here, but `pyproject.toml` is not
    help: commit `pyproject.toml` as well, or remove `uv.lock`

    error[python-poetry-without-lock]: `pyproject.toml` is written for Poetry, but `poetry.lock` is not here
    help: run `poetry lock` and commit `poetry.lock`

    error[python-bad-version]: could not read the Python version in `.python-version`
      because: `pypy3.10` is not a version such as `3.12` or `3.12.1`
    help: write a version of CPython such as `3.12` or `3.12.1`

    error[python-no-such-version]: `PYTHON_VERSION` asks for Python 3.12.1, which this host does not have
    help: ask for one that is here: 3.11.2 (system), 3.11.2 (pyenv), 3.12.4 (pyenv), 3.12.7 (uv), 3.13.1 (uv)

    error[python-does-not-fit]: `pyproject.toml` requires Python >=3.12,<4, and the default of this host gives 3.11.2 (system)
    help: set PYTHON_VERSION=3.12; here are 3.12.4 (pyenv), 3.12.7 (uv), 3.13.1 (uv)

    error[python-does-not-fit]: `pyproject.toml` requires Python >= 3.14, and the default of this host gives 3.11.2 (system)
    help: install a Python that fits on the host, or lower `requires-python`

    error[python-missing]: this app needs Python, and this host has none
    help: install it on the host: `apt install python3 python3-venv`
    ");
}

#[test]
fn warnings_say_what_to_do() {
    let wishes = Wishes { needs_python: true, ..Wishes::default() };
    let found = look(&[("package.json", ""), ("requirements/base.txt", "")], &wishes).unwrap();
    let told: Vec<_> = found
        .warnings
        .iter()
        .map(|it| format!("{}\n  {}", it.message, it.help.as_deref().unwrap_or_default()))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    piku does not build Node.js apps yet, so `package.json` is not used
      let the app bring what it needs, or fetch it in a `preflight` or `release` line
    `requirements` is not read: only `requirements.txt` in the top folder is
      add a `requirements.txt` that names it with a line `-r`, or rename it
    ");
}

#[test]
fn a_project_that_fits_is_not_refused() {
    for requires in [">=3.11", ">=3.11.2", ">=3", ">=3.8,!=3.9.*", "~=3.12", "==3.13.*", "nonsense", ""] {
        let text = format!("[project]\nname = \"a\"\nrequires-python = \"{requires}\"\n");
        assert!(look(&[("pyproject.toml", &text)], &Wishes::default()).is_ok(), "{requires}");
    }
}
