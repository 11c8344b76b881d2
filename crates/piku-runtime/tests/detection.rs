//! What is detected in which tree, as one table, and what is said where nothing can be decided.

#![allow(clippy::unwrap_used, reason = "a test that fails may panic, in what its cases share as well")]

use piku_runtime::{
    DetectError, Detection, Interpreter, MemoryTree, RuntimeName, Source, Toolbox, Version, Wishes, detect,
    runtime,
};

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
    let versions = [
        ("ruby", "3.1.2"),
        ("php", "8.2.7"),
        ("go", "1.19.8"),
        ("cargo", "1.75.0"),
        ("javac", "17.0.15"),
        ("deno", "2.1.4"),
        ("bun", "1.1.38"),
        ("node", "20.19.2"),
    ];
    versions.into_iter().fold(host, |host, (tool, version)| host.with_version(tool, version.parse().unwrap()))
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
            let version = found.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
            let python = found
                .python
                .as_ref()
                .map(|python| format!(" ({})", python.interpreter.source))
                .unwrap_or_default();
            let manager = found.node.as_ref().map(|node| format!(" {:?}", node.manager)).unwrap_or_default();
            let evidence: Vec<_> = found.evidence.iter().map(ToString::to_string).collect();
            let warnings: String =
                found.warnings.iter().map(|warning| format!(" !{}", warning.code)).collect();
            format!("{}{version}{python}{manager}: {}{warnings}", found.runtime, evidence.join(", "))
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
            "node 20.19.2 Npm: package.json lists the packages",
        ),
        (&[(".python-version", "3.12\n")], "python 3.12.7 (uv): .python-version asks for Python 3.12"),
        (&[(".python-version", "3.12\n"), ("go.mod", "")], "go 1.19.8: go.mod describes a module"),
        (
            &[("requirements.txt", ""), (".tool-versions", "nodejs 20\npython 3.13\n")],
            "python 3.13.1 (uv): requirements.txt lists the packages, .tool-versions asks for Python 3.13",
        ),
        // Node.js: who installs.
        (&[("package.json", "{}")], "node 20.19.2 Npm: package.json lists the packages"),
        (
            &[("package.json", "{}"), ("package-lock.json", "{}")],
            "node 20.19.2 Npm: package-lock.json locks the packages",
        ),
        (
            &[("package.json", "{}"), ("package-lock.json", "{}"), ("npm-shrinkwrap.json", "{}")],
            "node 20.19.2 Npm: npm-shrinkwrap.json locks the packages",
        ),
        (
            &[("package.json", "{}"), ("pnpm-lock.yaml", "")],
            "node 20.19.2 Pnpm: pnpm-lock.yaml locks the packages",
        ),
        (
            &[("package.json", "{}"), ("yarn.lock", "# yarn lockfile v1\n")],
            "node 20.19.2 YarnClassic: yarn.lock locks the packages",
        ),
        (
            &[("package.json", "{}"), ("yarn.lock", "# by yarn\n\n__metadata:\n  version: 8\n")],
            "node 20.19.2 YarnBerry: yarn.lock locks the packages",
        ),
        (
            &[("package.json", "{}"), ("yarn.lock", ""), (".yarnrc.yml", "nodeLinker: node-modules\n")],
            "node 20.19.2 YarnBerry: yarn.lock locks the packages",
        ),
        (&[("package.json", "{}"), ("bun.lock", "")], "bun 1.1.38 Bun: bun.lock locks the packages"),
        (&[("package.json", "{}"), ("bun.lockb", "")], "bun 1.1.38 Bun: bun.lockb locks the packages"),
        (
            &[("package.json", r#"{"packageManager": "pnpm@9.1.0+sha512.aa"}"#), ("pnpm-lock.yaml", "")],
            "node 20.19.2 Pnpm: package.json asks for pnpm@9.1.0, pnpm-lock.yaml locks the packages",
        ),
        (
            &[("package.json", r#"{"packageManager": "yarn@1.22.22"}"#), ("yarn.lock", "")],
            "node 20.19.2 YarnClassic: package.json asks for yarn@1.22.22, yarn.lock locks the packages",
        ),
        (
            &[("package.json", r#"{"packageManager": "yarn@4.5.0"}"#), ("yarn.lock", "")],
            "node 20.19.2 YarnBerry: package.json asks for yarn@4.5.0, yarn.lock locks the packages",
        ),
        (
            &[("package.json", r#"{"packageManager": "pnpm@9.1.0"}"#), ("package-lock.json", "")],
            "node 20.19.2 Pnpm: package.json asks for pnpm@9.1.0, package.json lists the packages !node-lock-unused",
        ),
        (
            &[("package.json", r#"{"packageManager": "bun@1.1.0"}"#)],
            "bun 1.1.38 Bun: package.json asks for bun@1.1.0, package.json lists the packages",
        ),
        (
            &[
                ("package.json", r#"{"packageManager": "npm@10.2.0"}"#),
                ("bun.lock", ""),
                ("package-lock.json", ""),
            ],
            "node 20.19.2 Npm: package.json asks for npm@10.2.0, package-lock.json locks the packages !node-lock-unused",
        ),
        (&[("package.json", r#"{"packageManager": "cnpm@1"}"#)], "error node-unknown-package-manager"),
        (&[("package.json", "{}"), ("package-lock.json", ""), ("yarn.lock", "")], "error runtime-two-locks"),
        (&[("package.json", "{}"), ("pnpm-lock.yaml", ""), ("bun.lock", "")], "error runtime-two-locks"),
        (&[("package-lock.json", "{}")], "error runtime-lock-alone"),
        (&[("bun.lock", "")], "error runtime-lock-alone"),
        (&[("package.json", "{\"name\": }")], "error runtime-bad-json"),
        (&[("package.json", "[]")], "error runtime-bad-json"),
        (&[("package.json", "")], "error runtime-bad-json"),
        // Node.js: which version.
        (
            &[("package.json", "{}"), (".node-version", "20\n"), (".nvmrc", "18\n")],
            "node 20.19.2 Npm: package.json lists the packages, .node-version asks for Node.js 20",
        ),
        (
            &[("package.json", "{}"), (".nvmrc", "lts/iron\n")],
            "node 20.19.2 Npm: package.json lists the packages, .nvmrc asks for Node.js 20",
        ),
        (
            &[("package.json", "{}"), (".nvmrc", "lts/*\n")],
            "node 20.19.2 Npm: package.json lists the packages",
        ),
        (
            &[("package.json", "{}"), (".nvmrc", "v20.11.1\n")],
            "node 20.19.2 Npm: package.json lists the packages, .nvmrc asks for Node.js 20.11.1 !runtime-near-version",
        ),
        (
            &[("package.json", "{}"), (".tool-versions", "nodejs 20.19.2\n")],
            "node 20.19.2 Npm: package.json lists the packages, .tool-versions asks for Node.js 20.19.2",
        ),
        (
            &[("package.json", r#"{"engines": {"node": ">=18 <21"}}"#)],
            "node 20.19.2 Npm: package.json lists the packages, package.json asks for Node.js >=18 <21",
        ),
        (
            &[("package.json", r#"{"engines": {"node": ">=22"}}"#), (".nvmrc", "20\n")],
            "node 20.19.2 Npm: package.json lists the packages, .nvmrc asks for Node.js 20",
        ),
        (
            &[("package.json", r#"{"engines": {"node": "lts"}}"#)],
            "node 20.19.2 Npm: package.json lists the packages !node-engines-unread",
        ),
        (&[("package.json", "{}"), (".nvmrc", "18\n")], "error runtime-other-version"),
        (&[("package.json", "{}"), (".nvmrc", "18.20.1\n")], "error runtime-other-version"),
        (&[("package.json", "{}"), (".nvmrc", "iojs\n")], "error runtime-bad-version"),
        (&[("package.json", r#"{"engines": {"node": "^22"}}"#)], "error runtime-other-version"),
        // Go.
        (&[("go.mod", "module blog\n\ngo 1.19\n")], "go 1.19.8: go.mod describes a module for Go 1.19"),
        (&[("go.mod", "module blog\n")], "go 1.19.8: go.mod describes a module"),
        (&[("go.work", "go 1.18\n\nuse ./api\n")], "go 1.19.8: go.work describes a workspace for Go 1.18"),
        (&[("main.go", "package main\n")], "go 1.19.8: main.go is a program without a module"),
        (&[("serve.go", "package main\n")], "generic: "),
        (&[("go.mod", "module blog\n\ngo 1.22.1 // new\n")], "error runtime-other-version"),
        // Ruby.
        (&[("Gemfile", ""), ("Gemfile.lock", "")], "ruby 3.1.2: Gemfile.lock locks the packages"),
        (&[("Gemfile", "")], "ruby 3.1.2: Gemfile lists the packages"),
        (
            &[("Gemfile", ""), (".ruby-version", "ruby-3.1.2\n")],
            "ruby 3.1.2: Gemfile lists the packages, .ruby-version asks for Ruby 3.1.2",
        ),
        (
            &[("Gemfile", ""), (".ruby-version", "3.1.6\n")],
            "ruby 3.1.2: Gemfile lists the packages, .ruby-version asks for Ruby 3.1.6 !runtime-near-version",
        ),
        (&[("Gemfile", ""), (".ruby-version", "3.3.0\n")], "error runtime-other-version"),
        (&[("Gemfile", ""), (".ruby-version", "jruby-9.4\n")], "error runtime-bad-version"),
        (&[("Gemfile.lock", "")], "generic: "),
        // Rust.
        (&[("Cargo.toml", ""), ("Cargo.lock", "")], "rust 1.75.0: Cargo.lock locks the packages"),
        (&[("Cargo.toml", "")], "rust 1.75.0: Cargo.toml describes the project"),
        // Java and Clojure.
        (&[("pom.xml", ""), ("mvnw", "")], "java 17.0.15: pom.xml describes the project"),
        (&[("build.gradle", "")], "java 17.0.15: build.gradle describes the project"),
        (&[("build.gradle.kts", "")], "java 17.0.15: build.gradle.kts describes the project"),
        (&[("pom.xml", ""), ("build.gradle", "")], "java 17.0.15: pom.xml describes the project"),
        (
            &[("pom.xml", ""), (".java-version", "11\n")],
            "java 17.0.15: pom.xml describes the project, .java-version asks for Java 11",
        ),
        (
            &[("pom.xml", ""), (".tool-versions", "java temurin-17.0.1+12\n")],
            "java 17.0.15: pom.xml describes the project, .tool-versions asks for Java 17",
        ),
        (
            &[("pom.xml", ""), ("system.properties", "java.runtime.version = 21\n")],
            "error runtime-other-version",
        ),
        (&[("pom.xml", ""), (".java-version", "newest\n")], "error runtime-bad-version"),
        (&[("deps.edn", "{}")], "clojure 17.0.15: deps.edn describes the project"),
        (&[("project.clj", "")], "clojure 17.0.15: project.clj describes the project"),
        (&[("project.clj", ""), (".java-version", "21")], "error runtime-other-version"),
        // PHP and Deno.
        (&[("composer.json", "{}"), ("composer.lock", "{}")], "php 8.2.7: composer.lock locks the packages"),
        (&[("composer.json", "{}")], "php 8.2.7: composer.json lists the packages"),
        (&[("composer.json", "oops")], "error runtime-bad-json"),
        (&[("index.php", "")], "generic: "),
        (&[("deno.json", "{}")], "deno 2.1.4: deno.json describes the project"),
        (&[("deno.jsonc", "// ours\n{}")], "deno 2.1.4: deno.jsonc describes the project"),
        (&[("deno.lock", "{}")], "deno 2.1.4: deno.lock locks the packages"),
        // Several languages: one is built, and the others are told of.
        (
            &[("package.json", "{}"), ("requirements.txt", "")],
            "python 3.11.2 (system): requirements.txt lists the packages !runtime-others",
        ),
        (
            &[("package.json", "{}"), ("Gemfile", ""), ("Gemfile.lock", "")],
            "ruby 3.1.2: Gemfile.lock locks the packages !runtime-others",
        ),
        (
            &[("package.json", "{}"), ("composer.json", "{}")],
            "php 8.2.7: composer.json lists the packages !runtime-others",
        ),
        (
            &[("package.json", "{}"), ("deno.json", "{}")],
            "deno 2.1.4: deno.json describes the project !runtime-others",
        ),
        (
            &[("go.mod", ""), ("Cargo.toml", ""), ("pom.xml", "")],
            "go 1.19.8: go.mod describes a module !runtime-others",
        ),
        (
            &[("pom.xml", ""), ("project.clj", "")],
            "java 17.0.15: pom.xml describes the project !runtime-others",
        ),
        // Languages that are not built.
        (&[("mix.exs", "")], "generic: mix.exs belongs to Elixir !runtime-not-built"),
        (&[("Package.swift", "")], "generic: Package.swift belongs to Swift !runtime-not-built"),
        // Only the top folder counts, and only the right spelling.
        (&[("web/requirements.txt", "")], "generic: "),
        (&[("web/package.json", "")], "generic: "),
        (&[("requirements.txt/base.txt", "")], "generic: "),
        // Mistakes.
        (&[("uv.lock", ""), ("poetry.lock", ""), ("pyproject.toml", PROJECT)], "error runtime-two-locks"),
        (&[("pdm.lock", ""), ("Pipfile.lock", ""), ("Pipfile", "")], "error runtime-two-locks"),
        (&[("uv.lock", "")], "error runtime-lock-alone"),
        (&[("Pipfile.lock", "")], "error runtime-lock-alone"),
        (&[("pyproject.toml", POETRY)], "error python-poetry-without-lock"),
    ];
    for (files, expected) in cases {
        assert_eq!(line(&look(files, &Wishes::default())), *expected, "{files:?}");
    }
}

#[test]
fn a_process_that_needs_python_gets_it_without_a_manifest() {
    let wishes = Wishes { needs: Some(RuntimeName::Python), ..Wishes::default() };
    let cases: &[(Files, &str)] = &[
        (&[("app.py", "")], "python 3.11.2 (system): Procfile has a process that needs Python"),
        (
            &[("package.json", "")],
            "python 3.11.2 (system): Procfile has a process that needs Python !runtime-others",
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
fn a_process_of_uwsgi_gets_its_language_without_a_manifest() {
    use RuntimeName::{Java, Php, Ruby};
    let cases: &[(RuntimeName, Files, &str)] = &[
        (Ruby, &[("config.ru", "")], "ruby 3.1.2: Procfile has a process that needs Ruby"),
        (Ruby, &[("Gemfile", "")], "ruby 3.1.2: Gemfile lists the packages"),
        (Php, &[("index.php", "")], "php 8.2.7: Procfile has a process that needs PHP"),
        (Php, &[("package.json", "{}")], "php 8.2.7: Procfile has a process that needs PHP !runtime-others"),
        (Php, &[("composer.lock", "{}")], "error runtime-lock-alone"),
        (Java, &[("app.war", "")], "java 17.0.15: Procfile has a process that needs Java"),
        (Java, &[("project.clj", "")], "clojure 17.0.15: project.clj describes the project"),
    ];
    for (needs, files, expected) in cases {
        let wishes = Wishes { needs: Some(*needs), ..Wishes::default() };
        assert_eq!(line(&look(files, &wishes)), *expected, "{needs} {files:?}");
    }
}

#[test]
fn files_that_are_served_need_no_build_unless_they_are_made_by_one() {
    let wishes = Wishes { only_static: true, ..Wishes::default() };
    let cases: &[(Files, &str)] = &[
        (&[("index.html", "")], "static: Procfile serves nothing but files"),
        (&[("package.json", "{}")], "node 20.19.2 Npm: package.json lists the packages"),
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
            "bun 1.1.38 Bun: PIKU_RUNTIME asks for bun, package.json lists the packages !node-lock-unused",
        ),
        ("node", &[("index.js", "")], "node: PIKU_RUNTIME asks for node"),
        ("go", &[("app.py", "")], "go 1.19.8: PIKU_RUNTIME asks for go"),
        (" ", &[("setup.py", "")], "python 3.11.2 (system): setup.py describes the project"),
        ("cobol", &[("setup.py", "")], "error runtime-unknown"),
        ("Python", &[("setup.py", "")], "error runtime-unknown"),
    ];
    for (name, files, expected) in cases {
        let wishes = Wishes { runtime: Some((*name).to_owned()), ..Wishes::default() };
        assert_eq!(line(&look(files, &wishes)), *expected, "{name} {files:?}");
    }
}

fn settings(pairs: &[(&str, &str)]) -> Wishes {
    let settings = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Wishes { settings: settings.collect(), ..Wishes::default() }
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
             .nvmrc asks for Node.js 20 !node-options-unused",
        ),
        (&[("NODE_PACKAGE_MANAGER", "rm")], "error node-unknown-package-manager"),
        (&[("NODE_VERSION", "22")], "error runtime-other-version"),
        (&[("NODE_VERSION", "twenty")], "error runtime-bad-version"),
    ];
    for (pairs, expected) in cases {
        assert_eq!(line(&look(both, &settings(pairs))), *expected, "{pairs:?}");
    }
}

#[test]
fn nodeenv_brings_the_version_that_the_host_does_not_have() {
    let host = host().with_tool("nodeenv", "/usr/bin/nodeenv");
    let found = |version: &str| {
        line(&detect(&tree(&[("package.json", "{}"), (".nvmrc", version)]), &host, &Wishes::default()))
    };
    let why = "package.json lists the packages, .nvmrc asks for Node.js";
    assert_eq!(found("18.20.1"), format!("node 18.20.1 Npm: {why} 18.20.1"));
    assert_eq!(found("20.11.1"), format!("node 20.11.1 Npm: {why} 20.11.1"));
    assert_eq!(found("20.19.2"), format!("node 20.19.2 Npm: {why} 20.19.2"));
    assert_eq!(found("20"), format!("node 20.19.2 Npm: {why} 20"));
    assert_eq!(found("18"), "error runtime-other-version");
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
    let name = |files: Files| runtime(&tree(files), &Wishes::default()).unwrap();
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
    let host = host().with_version("go", "1.21.0".parse::<Version>().unwrap());
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
    let old_deno = host().with_version("deno", "1.46.3".parse().unwrap());
    let found = [
        look(&[], &Wishes { runtime: Some("cobol".to_owned()), ..Wishes::default() }),
        look(&[("uv.lock", ""), ("poetry.lock", ""), ("pyproject.toml", "")], &none),
        look(&[("package.json", "{}"), ("package-lock.json", ""), ("yarn.lock", "")], &none),
        look(&[("uv.lock", "")], &none),
        look(&[("package-lock.json", "")], &none),
        look(&[("pyproject.toml", POETRY)], &none),
        look(&[("package.json", "{\n  \"name\": blog\n}\n")], &none),
        look(&[("composer.json", "[]")], &none),
        look(&[("package.json", r#"{"packageManager": "cnpm@9"}"#)], &none),
        look(&[("requirements.txt", ""), (".python-version", "pypy3.10\n")], &none),
        look(&[("package.json", "{}"), (".nvmrc", "iojs\n")], &none),
        look(&[("Gemfile", ""), (".ruby-version", "jruby-9.4\n")], &none),
        look(&[("pom.xml", ""), (".java-version", "newest\n")], &none),
        look(&[("requirements.txt", "")], &with("3.12.1")),
        look(&[("package.json", r#"{"engines": {"node": "^22"}}"#)], &none),
        look(&[("package.json", "{}"), (".nvmrc", "18.20.1\n")], &none),
        look(&[("Gemfile", ""), (".ruby-version", "3.3.0\n")], &none),
        look(&[("go.mod", "go 1.22\n")], &none),
        look(&[("pom.xml", ""), (".java-version", "21\n")], &none),
        detect(&tree(&[("deno.json", "{}")]), &old_deno, &none),
        look(&[("pyproject.toml", "[project]\nname = \"a\"\nrequires-python = \">=3.12,<4\"\n")], &none),
        look(&[("pyproject.toml", "[project]\nname = \"a\"\nrequires-python = \">= 3.14\"\n")], &none),
        detect(&tree(&[("requirements.txt", "")]), &Toolbox::new("linux"), &none),
    ];
    insta::assert_snapshot!(found.map(told).join("\n\n"), @r"
    error[runtime-unknown]: there is no runtime `cobol`
    help: set PIKU_RUNTIME to `python`, `ruby`, `php`, `go`, `rust`, `java`, `clojure`, `deno`, `bun`, `node`, `static`, or `generic`, or unset it

    error[runtime-two-locks]: `uv.lock` and `poetry.lock` both lock the packages of this app
    help: keep the one whose tool you use: `git rm poetry.lock` or `git rm uv.lock`

    error[runtime-two-locks]: `package-lock.json` and `yarn.lock` both lock the packages of this app
    help: keep the one whose tool you use: `git rm yarn.lock` or `git rm package-lock.json`; or name it in NODE_PACKAGE_MANAGER

    error[runtime-lock-alone]: `uv.lock` is here, but `pyproject.toml` is not
    help: commit `pyproject.toml` as well, or remove `uv.lock`

    error[runtime-lock-alone]: `package-lock.json` is here, but `package.json` is not
    help: commit `package.json` as well, or remove `package-lock.json`

    error[python-poetry-without-lock]: `pyproject.toml` is written for Poetry, but `poetry.lock` is not here
    help: run `poetry lock` and commit `poetry.lock`

    error[runtime-bad-json]: could not read `package.json` as JSON
      because: expected value at line 2 column 11
    help: correct `package.json`: it must be one JSON object

    error[runtime-bad-json]: could not read `composer.json` as JSON
      because: invalid type: sequence, expected a map at line 1 column 0
    help: correct `composer.json`: it must be one JSON object

    error[node-unknown-package-manager]: `package.json` asks for the package manager `cnpm@9`, which piku does not know
    help: name `npm`, `pnpm`, `yarn`, or `bun`

    error[runtime-bad-version]: could not read the Python version in `.python-version`
      because: `pypy3.10` is not a version
    help: write a version of CPython such as `3.12` or `3.12.1`

    error[runtime-bad-version]: could not read the Node.js version in `.nvmrc`
      because: `iojs` is not a version
    help: write a version such as `22`, `22.11.0`, or `lts/jod`

    error[runtime-bad-version]: could not read the Ruby version in `.ruby-version`
      because: `jruby-9.4` is not a version
    help: write a version such as `3.3` or `3.3.6`

    error[runtime-bad-version]: could not read the Java version in `.java-version`
      because: `newest` is not a version
    help: write a version such as `17` or `21`

    error[python-no-such-version]: `PYTHON_VERSION` asks for Python 3.12.1, which this host does not have
    help: ask for one that is here: 3.11.2 (system), 3.11.2 (pyenv), 3.12.4 (pyenv), 3.12.7 (uv), 3.13.1 (uv)

    error[runtime-other-version]: `package.json` asks for Node.js ^22, and this host has 20.19.2
    help: install that one on the host; or `apt install nodeenv` and name an exact version in NODE_VERSION, such as `22.11.0`

    error[runtime-other-version]: `.nvmrc` asks for Node.js 18.20.1, and this host has 20.19.2
    help: install nodeenv on the host, which fetches it: `apt install nodeenv`

    error[runtime-other-version]: `.ruby-version` asks for Ruby 3.3.0, and this host has 3.1.2
    help: install that one on the host, or ask for the one that is here

    error[runtime-other-version]: `go.mod` asks for Go 1.22, and this host has 1.19.8
    help: install a newer Go on the host, as https://go.dev/dl shows, or lower the line in `go.mod`

    error[runtime-other-version]: `.java-version` asks for Java 21, and this host has 17.0.15
    help: install a newer JDK on the host and make it the default: `update-alternatives --config javac`

    error[runtime-other-version]: `deno.json` asks for Deno 2 or newer, and this host has 1.46.3
    help: install a newer Deno on the host: `deno upgrade`

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
    let needs_python = Wishes { needs: Some(RuntimeName::Python), ..Wishes::default() };
    let none = Wishes::default();
    let found = [
        look(&[("requirements/base.txt", "")], &needs_python),
        look(&[("package.json", "{}"), ("bun.lock", ""), ("Gemfile", ""), ("go.mod", "")], &none),
        look(&[("mix.exs", "")], &none),
        look(&[("package.json", r#"{"packageManager": "pnpm@9"}"#), ("yarn.lock", "")], &none),
        look(&[("package.json", r#"{"engines": {"node": "new"}}"#)], &none),
        look(&[("package.json", "{}"), (".nvmrc", "20.11.1")], &none),
        look(&[("package.json", "{}")], &settings(&[("NODE_PACKAGE_MANAGER", "npm --package-lock=false")])),
    ];
    let told: Vec<_> = found
        .iter()
        .flat_map(|found| &found.as_ref().unwrap().warnings)
        .map(|it| format!("{}\n  {}", it.message, it.help.as_deref().unwrap_or_default()))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    `requirements` is not read: only `requirements.txt` in the top folder is
      add a `requirements.txt` that names it with a line `-r`, or rename it
    Ruby is built, and nothing of `go.mod` (Go), `package.json` (Node.js)
      set PIKU_RUNTIME=go to build that instead, or build it in a `preflight` or `release` line, or set PIKU_RUNTIME=ruby to be told no more
    piku does not build Elixir apps, so `mix.exs` is not used
      let the app bring what it needs, or build it in a `preflight` or `release` line
    `yarn.lock` is not used: pnpm installs the packages
      remove it: `git rm yarn.lock`
    `engines.node` of `package.json` is `new`, which is no range of versions
      write a range such as `>=20` or `^22`
    `.nvmrc` asks for Node.js 20.11.1, and 20.19.2 is used
      ask for 20.19.2, or install the other on the host, where that matters
    only `npm` of NODE_PACKAGE_MANAGER is used, and none of its options
      write options into `.npmrc` or the like
    ");
}

#[test]
fn a_project_that_fits_is_not_refused() {
    for requires in [">=3.11", ">=3.11.2", ">=3", ">=3.8,!=3.9.*", "~=3.12", "==3.13.*", "nonsense", ""] {
        let text = format!("[project]\nname = \"a\"\nrequires-python = \"{requires}\"\n");
        assert!(look(&[("pyproject.toml", &text)], &Wishes::default()).is_ok(), "{requires}");
    }
}
