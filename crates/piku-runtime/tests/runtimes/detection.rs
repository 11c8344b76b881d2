//! What is detected in which tree, as one table.

use piku_runtime::{DetectError, Detection, RuntimeName, Wishes};

use crate::given::{Files, detect, look, tree, versions, wishing};

/// Shows a detection on one line: runtime, version, evidence, and the codes of warnings.
pub(crate) fn line(found: &Result<Detection, DetectError>) -> String {
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

const NODE: &str = r#"{"main": "server.js"}"#;
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
            "python 3.11.2 (system): requirements.txt lists the packages !python::lock-not-used",
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
        // Tool settings suggest Python, and nothing more.
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
            "node 20.19.2 Pnpm: package.json asks for pnpm@9.1.0, package.json lists the packages !node::lock-unused",
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
            "node 20.19.2 Npm: package.json asks for npm@10.2.0, package-lock.json locks the packages !node::lock-unused",
        ),
        (&[("package.json", r#"{"packageManager": "cnpm@1"}"#)], "error node::unknown-package-manager"),
        (&[("package.json", "{}"), ("package-lock.json", ""), ("yarn.lock", "")], "error runtime::two-locks"),
        (&[("package.json", "{}"), ("pnpm-lock.yaml", ""), ("bun.lock", "")], "error runtime::two-locks"),
        (&[("package-lock.json", "{}")], "error runtime::lock-alone"),
        (&[("bun.lock", "")], "error runtime::lock-alone"),
        (&[("package.json", "{\"name\": }")], "error runtime::bad-json"),
        (&[("package.json", "[]")], "error runtime::bad-json"),
        (&[("package.json", "")], "error runtime::bad-json"),
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
            "node 20.19.2 Npm: package.json lists the packages, .nvmrc asks for Node.js 20.11.1 !runtime::near-version",
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
            "node 20.19.2 Npm: package.json lists the packages !node::engines-unread",
        ),
        (&[("package.json", "{}"), (".nvmrc", "18\n")], "error runtime::other-version"),
        (&[("package.json", "{}"), (".nvmrc", "18.20.1\n")], "error runtime::other-version"),
        (&[("package.json", "{}"), (".nvmrc", "iojs\n")], "error runtime::bad-version"),
        (&[("package.json", r#"{"engines": {"node": "^22"}}"#)], "error runtime::other-version"),
        // Go.
        (&[("go.mod", "module blog\n\ngo 1.19\n")], "go 1.19.8: go.mod describes a module for Go 1.19"),
        (&[("go.mod", "module blog\n")], "go 1.19.8: go.mod describes a module"),
        (&[("go.work", "go 1.18\n\nuse ./api\n")], "go 1.19.8: go.work describes a workspace for Go 1.18"),
        (&[("main.go", "package main\n")], "go 1.19.8: main.go is a program without a module"),
        (&[("serve.go", "package main\n")], "go 1.19.8: *.go is a program without a module"),
        (&[("go.mod", "module blog\n\ngo 1.22.1 // new\n")], "error runtime::other-version"),
        // Ruby.
        (&[("Gemfile", ""), ("Gemfile.lock", "")], "ruby 3.1.2: Gemfile.lock locks the packages"),
        (&[("Gemfile", "")], "ruby 3.1.2: Gemfile lists the packages"),
        (
            &[("Gemfile", ""), (".ruby-version", "ruby-3.1.2\n")],
            "ruby 3.1.2: Gemfile lists the packages, .ruby-version asks for Ruby 3.1.2",
        ),
        (
            &[("Gemfile", ""), (".ruby-version", "3.1.6\n")],
            "ruby 3.1.2: Gemfile lists the packages, .ruby-version asks for Ruby 3.1.6 !runtime::near-version",
        ),
        (&[("Gemfile", ""), (".ruby-version", "3.3.0\n")], "error runtime::other-version"),
        (&[("Gemfile", ""), (".ruby-version", "jruby-9.4\n")], "error runtime::bad-version"),
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
            "error runtime::other-version",
        ),
        (&[("pom.xml", ""), (".java-version", "newest\n")], "error runtime::bad-version"),
        (&[("deps.edn", "{}")], "clojure 17.0.15: deps.edn describes the project"),
        (&[("project.clj", "")], "clojure 17.0.15: project.clj describes the project"),
        (&[("project.clj", ""), (".java-version", "21")], "error runtime::other-version"),
        // PHP and Deno.
        (&[("composer.json", "{}"), ("composer.lock", "{}")], "php 8.2.7: composer.lock locks the packages"),
        (&[("composer.json", "{}")], "php 8.2.7: composer.json lists the packages"),
        (&[("composer.json", "oops")], "error runtime::bad-json"),
        (&[("index.php", "")], "generic: "),
        (&[("deno.json", "{}")], "deno 2.1.4: deno.json describes the project"),
        (&[("deno.jsonc", "// ours\n{}")], "deno 2.1.4: deno.jsonc describes the project"),
        (&[("deno.lock", "{}")], "deno 2.1.4: deno.lock locks the packages"),
        // Several languages: one is built, with a warning about the others.
        (
            &[("package.json", NODE), ("requirements.txt", "")],
            "python 3.11.2 (system): requirements.txt lists the packages !runtime::others",
        ),
        (
            &[("package.json", NODE), ("Gemfile", ""), ("Gemfile.lock", "")],
            "ruby 3.1.2: Gemfile.lock locks the packages !runtime::others",
        ),
        (
            &[("package.json", NODE), ("composer.json", "{}")],
            "php 8.2.7: composer.json lists the packages !runtime::others",
        ),
        (
            &[("package.json", NODE), ("deno.json", "{}")],
            "deno 2.1.4: deno.json describes the project !runtime::others",
        ),
        (
            &[("go.mod", ""), ("Cargo.toml", ""), ("pom.xml", "")],
            "go 1.19.8: go.mod describes a module !runtime::others",
        ),
        (
            &[("pom.xml", ""), ("project.clj", "")],
            "java 17.0.15: pom.xml describes the project !runtime::others",
        ),
        // Languages that are not built.
        (&[("mix.exs", "")], "generic: mix.exs belongs to Elixir !runtime::not-built"),
        (&[("Package.swift", "")], "generic: Package.swift belongs to Swift !runtime::not-built"),
        // Only the top folder counts, and only the right spelling.
        (&[("web/requirements.txt", "")], "generic: "),
        (&[("web/package.json", "")], "generic: "),
        (&[("requirements.txt/base.txt", "")], "generic: "),
        // Mistakes.
        (&[("uv.lock", ""), ("poetry.lock", ""), ("pyproject.toml", PROJECT)], "error runtime::two-locks"),
        (&[("pdm.lock", ""), ("Pipfile.lock", ""), ("Pipfile", "")], "error runtime::two-locks"),
        // Even if the tool of neither is installed: they may differ.
        (
            &[("uv.lock", ""), ("poetry.lock", ""), ("pyproject.toml", PROJECT), ("requirements.txt", "")],
            "error runtime::two-locks",
        ),
        (&[("uv.lock", "")], "error runtime::lock-alone"),
        (&[("Pipfile.lock", "")], "error runtime::lock-alone"),
        (&[("pyproject.toml", POETRY)], "error python::poetry-without-lock"),
    ];
    for (files, expected) in cases {
        assert_eq!(line(&look(files, &Wishes::default())), *expected, "{files:?}");
    }
}

#[test]
fn a_process_that_needs_python_gets_it_without_a_manifest() {
    let wishes = wishing(|it| it.needs = Some(RuntimeName::Python));
    let cases: &[(Files, &str)] = &[
        (&[("app.py", "")], "python 3.11.2 (system): Procfile has `wsgi`"),
        (&[("package.json", "")], "python 3.11.2 (system): Procfile has `wsgi` !runtime::others"),
        (
            &[("requirements/base.txt", "")],
            "python 3.11.2 (system): Procfile has `wsgi` !python::requirements-elsewhere",
        ),
        (
            &[("Requirements.txt", "")],
            "python 3.11.2 (system): Procfile has `wsgi` !python::requirements-elsewhere",
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
        (Ruby, &[("config.ru", "")], "ruby 3.1.2: Procfile has `rwsgi`"),
        (Ruby, &[("Gemfile", "")], "ruby 3.1.2: Gemfile lists the packages"),
        (Php, &[("index.php", "")], "php 8.2.7: Procfile has `php`"),
        (Php, &[("package.json", NODE)], "php 8.2.7: Procfile has `php` !runtime::others"),
        (Php, &[("composer.lock", "{}")], "error runtime::lock-alone"),
        (Java, &[("app.war", "")], "java 17.0.15: Procfile has `jwsgi`"),
        (Java, &[("project.clj", "")], "clojure 17.0.15: project.clj describes the project"),
    ];
    for (needs, files, expected) in cases {
        let wishes = wishing(|it| it.needs = Some(*needs));
        assert_eq!(line(&look(files, &wishes)), *expected, "{needs} {files:?}");
    }
}

#[test]
fn files_that_are_served_need_no_build_unless_they_are_made_by_one() {
    let wishes = wishing(|it| it.only_static = true);
    let cases: &[(Files, &str)] = &[
        (&[("index.html", "")], "static: Procfile has nothing but `static`"),
        (&[("package.json", "{}")], "node 20.19.2 Npm: package.json lists the packages"),
    ];
    for (files, expected) in cases {
        assert_eq!(line(&look(files, &wishes)), *expected, "{files:?}");
    }
    // What is committed needs no tool, whichever version of it the app's own tools ask for.
    let wishes = wishing(|it| (it.only_static, it.files_are_there) = (true, true));
    let files: Files = &[("package.json", r#"{"engines": {"node": ">=99"}}"#), ("public/index.html", "")];
    let expected = "static: Procfile has nothing but `static`, and its folder is in the commit";
    assert_eq!(line(&look(files, &wishes)), expected);
    let asked = wishing(|it| {
        (it.only_static, it.files_are_there, it.runtime) = (true, true, Some("node".to_owned()));
    });
    assert_eq!(line(&look(files, &asked)), "error runtime::other-version");
}

#[test]
fn a_toolchain_of_rust_is_rustups_business_or_is_compared() {
    let cases = [
        ("rust-toolchain.toml", "[toolchain]\nchannel = \"1.75\" # ours\n", "asks for Rust 1.75"),
        (
            "rust-toolchain.toml",
            "[toolchain]\nchannel = \"1.80.1\"\n",
            "asks for Rust 1.80.1 !runtime::near-version",
        ),
        ("rust-toolchain", "nightly-2026-01-01\n", "asks for Rust nightly !runtime::near-version"),
        ("rust-toolchain", "[toolchain]\nchannel='stable'\n", "asks for Rust stable"),
    ];
    for (file, text, expected) in cases {
        let found = look(&[("Cargo.toml", ""), (file, text)], &Wishes::default());
        let line = line(&found);
        assert_eq!(line, format!("rust 1.75.0: Cargo.toml describes the project, {file} {expected}"));
        let tree = tree(&[("Cargo.toml", ""), (file, text)]);
        let host = versions().with_tool("rustup", "/opt/cargo/bin/rustup");
        assert!(detect(&tree, &host, &Wishes::default()).unwrap().warnings.is_empty(), "{text}");
    }
}
