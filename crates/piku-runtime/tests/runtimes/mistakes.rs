//! Errors where nothing can be decided or planned, and warnings.

use piku_runtime::{DetectError, Detection, RuntimeName, Toolbox, Wishes};

use crate::given::{Files, detect, look, planned, settings, tree, versions, wishing};

const POETRY: &str = "[tool.poetry]\nname = \"blog\"\npackage-mode = false\n";
const POETRY_OLD: &str = "[tool.poetry]\nname = \"blog\"\n[tool.poetry.dependencies]\npython = \"~3.9\"\n";

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
    let with = |version: &str| wishing(|it| it.python_version = Some(version.to_owned()));
    let none = Wishes::default();
    let old_deno = versions().with_version("deno", "1.46.3".parse().unwrap());
    let found = [
        look(&[], &wishing(|it| it.runtime = Some("cobol".to_owned()))),
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
        look(&[("pyproject.toml", "[project]\nname = \"a\"\nrequires-python = \">= 3.14\"\n")], &none),
        look(&[("pyproject.toml", "[project]\nname = \"a\"\nrequires-python = \"==3.11.4\"\n")], &none),
        look(&[("requirements.txt", ""), ("runtime.txt", "python-3.11.4\n")], &none),
        look(&[("requirements.txt", ""), (".python-version", "3.10\n3.9\n")], &none),
        look(
            &[("pyproject.toml", "[project]\nrequires-python = \">=3.12\"\n"), (".python-version", "3.11\n")],
            &none,
        ),
        look(
            &[("pyproject.toml", "[project]\nrequires-python = \">=3.14\"\n"), (".python-version", "3.11\n")],
            &none,
        ),
        detect(
            &tree(&[("pyproject.toml", POETRY_OLD), ("poetry.lock", "")]),
            &versions().with_tool("uv", "/bin/uv"),
            &none,
        ),
        detect(&tree(&[("requirements.txt", "")]), &Toolbox::new("linux"), &none),
    ];
    insta::assert_snapshot!(found.map(told).join("\n\n"), @r"
    error[runtime::unknown]: there is no runtime `cobol`
    help: set PIKU_RUNTIME to `python`, `ruby`, `php`, `go`, `rust`, `java`, `clojure`, `deno`, `bun`, `node`, `static`, or `generic`, or unset it

    error[runtime::two-locks]: `uv.lock` and `poetry.lock` both lock the packages of this app
    help: keep the one whose tool you use: `git rm poetry.lock` or `git rm uv.lock`

    error[runtime::two-locks]: `package-lock.json` and `yarn.lock` both lock the packages of this app
    help: keep the one whose tool you use: `git rm yarn.lock` or `git rm package-lock.json`; or name it in NODE_PACKAGE_MANAGER

    error[runtime::lock-alone]: `uv.lock` is here, but `pyproject.toml` is not
    help: commit `pyproject.toml` as well, or remove `uv.lock`

    error[runtime::lock-alone]: `package-lock.json` is here, but `package.json` is not
    help: commit `package.json` as well, or remove `package-lock.json`

    error[python::poetry-without-lock]: `pyproject.toml` is written for Poetry, but `poetry.lock` is not here
    help: run `poetry lock` and commit `poetry.lock`

    error[runtime::bad-json]: could not read `package.json` as JSON
      because: expected value at line 2 column 11
    help: correct `package.json`: it must be one JSON object

    error[runtime::bad-json]: could not read `composer.json` as JSON
      because: invalid type: sequence, expected a map at line 1 column 0
    help: correct `composer.json`: it must be one JSON object

    error[node::unknown-package-manager]: `package.json` asks for the package manager `cnpm@9`, which piku does not know
    help: name `npm`, `pnpm`, `yarn`, or `bun`

    error[python::not-cpython]: `.python-version:1` asks for `pypy3.10`, and apps run with CPython only
    help: write a version of CPython such as `3.12` or `3.12.1`

    error[runtime::bad-version]: could not read the Node.js version in `.nvmrc`
      because: `iojs` is not a version
    help: write a version such as `22`, `22.11.0`, or `lts/jod`

    error[runtime::bad-version]: could not read the Ruby version in `.ruby-version`
      because: `jruby-9.4` is not a version
    help: write a version such as `3.3` or `3.3.6`

    error[runtime::bad-version]: could not read the Java version in `.java-version`
      because: `newest` is not a version
    help: write a version such as `17` or `21`

    error[python::no-such-version]: `PYTHON_VERSION` asks for Python 3.12.1, which this host does not have
    help: ask for one that is here (3.11.2 (system), 3.11.2 (pyenv), 3.12.4 (pyenv), 3.12.7 (uv), 3.13.1 (uv)), or install uv on the host, which fetches it: https://docs.astral.sh/uv

    error[runtime::other-version]: `package.json` asks for Node.js ^22, and this host has 20.19.2
    help: install that one on the host; or `apt install nodeenv` and name an exact version in NODE_VERSION, such as `22.11.0`

    error[runtime::other-version]: `.nvmrc` asks for Node.js 18.20.1, and this host has 20.19.2
    help: install nodeenv on the host, which fetches it: `apt install nodeenv`

    error[runtime::other-version]: `.ruby-version` asks for Ruby 3.3.0, and this host has 3.1.2
    help: install that one on the host, or ask for the one that is here

    error[runtime::other-version]: `go.mod` asks for Go 1.22, and this host has 1.19.8
    help: install a newer Go on the host, as https://go.dev/dl shows, or lower the line in `go.mod`

    error[runtime::other-version]: `.java-version` asks for Java 21, and this host has 17.0.15
    help: install a newer JDK on the host and make it the default: `update-alternatives --config javac`

    error[runtime::other-version]: `deno.json` asks for Deno 2 or newer, and this host has 1.46.3
    help: install a newer Deno on the host: `deno upgrade`

    error[python::no-such-version]: `pyproject.toml:3` asks for Python >= 3.14, which this host does not have
    help: ask for one that is here (3.11.2 (system), 3.11.2 (pyenv), 3.12.4 (pyenv), 3.12.7 (uv), 3.13.1 (uv)), or install uv on the host, which fetches it: https://docs.astral.sh/uv

    error[python::no-such-version]: `pyproject.toml:3` asks for Python ==3.11.4, which this host does not have
    help: ask for one that is here (3.11.2 (system), 3.11.2 (pyenv), 3.12.4 (pyenv), 3.12.7 (uv), 3.13.1 (uv)), or install uv on the host, which fetches it: https://docs.astral.sh/uv

    error[python::no-such-version]: `runtime.txt:1` asks for Python 3.11.4, which this host does not have
    help: ask for one that is here (3.11.2 (system), 3.11.2 (pyenv), 3.12.4 (pyenv), 3.12.7 (uv), 3.13.1 (uv)), or install uv on the host, which fetches it: https://docs.astral.sh/uv

    error[python::no-such-version]: `.python-version:1` asks for Python 3.10, which this host does not have
    help: ask for one that is here (3.11.2 (system), 3.11.2 (pyenv), 3.12.4 (pyenv), 3.12.7 (uv), 3.13.1 (uv)), or install uv on the host, which fetches it: https://docs.astral.sh/uv

    error[python::does-not-fit]: `pyproject.toml:2` requires Python >=3.12, and `.python-version:1` asks for 3.11.2
    help: ask for 3.13 in `.python-version`: here are 3.12.4 (pyenv), 3.12.7 (uv), 3.13.1 (uv)

    error[python::does-not-fit]: `pyproject.toml:2` requires Python >=3.14, and `.python-version:1` asks for 3.11.2
    help: let both allow the same version

    error[python::no-such-version]: `pyproject.toml:4` asks for Python ~3.9, which this host does not have
    help: ask for one that is here (3.11.2 (system), 3.11.2 (pyenv), 3.12.4 (pyenv), 3.12.7 (uv), 3.13.1 (uv)), or install it on the host: `uv python install '>=3.9,<3.10'`

    error[python::missing]: this app needs Python, and this host has none
    help: install it on the host: `apt install python3 python3-venv`
    ");
}

#[test]
fn warnings_say_what_to_do() {
    let needs_python = wishing(|it| it.needs = Some(RuntimeName::Python));
    let none = Wishes::default();
    let found = [
        look(&[("requirements/base.txt", "")], &needs_python),
        look(&[("package.json", r#"{"main": "a.js"}"#), ("Gemfile", ""), ("go.mod", "")], &none),
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
fn a_missing_tool_is_told_with_what_brings_it() {
    let cases: &[Files] = &[
        &[("package.json", "{}")],
        &[("package.json", "{}"), ("bun.lock", "")],
        &[("go.mod", "")],
        &[("Gemfile", "")],
        &[("Cargo.toml", "")],
        &[("pom.xml", "")],
        &[("deps.edn", "")],
        &[("composer.json", "{}")],
        &[("deno.json", "{}")],
    ];
    let told = |files: Files, host: &Toolbox| {
        let error = planned(&tree(files), host, &Wishes::default()).unwrap_err();
        format!("error[{}]: {error}\nhelp: {}", error.code(), error.help().unwrap())
    };
    let bare = Toolbox::new("linux");
    let some = ["node", "javac"].into_iter().fold(bare.clone(), |host, tool| host.with_tool(tool, "/bin/x"));
    let half: &[Files] = &[
        &[("package.json", "{}")],
        &[("package.json", "{}"), ("pnpm-lock.yaml", "")],
        &[("package.json", "{}"), ("yarn.lock", "")],
        &[("package.json", "{}"), ("yarn.lock", "__metadata:\n")],
        &[("pom.xml", "")],
        &[("build.gradle", "")],
        &[("deps.edn", "")],
        &[("project.clj", "")],
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|files| told(files, &bare))
        .chain(half.iter().map(|files| told(files, &some)))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    error[runtime::tool-missing]: `package.json` needs Node.js, which this host does not have
    help: install it on the host: `apt install nodejs npm`, or a newer one as https://nodejs.org shows
    error[runtime::tool-missing]: `bun.lock` needs Bun, which this host does not have
    help: install it on the host, as https://bun.sh shows
    error[runtime::tool-missing]: `go.mod` needs Go, which this host does not have
    help: install it on the host: `apt install golang-go`, or a newer one as https://go.dev/dl shows
    error[runtime::tool-missing]: `Gemfile` needs bundler, which this host does not have
    help: install it on the host: `apt install ruby-bundler ruby-dev build-essential`
    error[runtime::tool-missing]: `Cargo.toml` needs cargo, which this host does not have
    help: install it on the host: `apt install cargo`, or a newer one as https://rustup.rs shows
    error[runtime::tool-missing]: `pom.xml` needs a JDK, which this host does not have
    help: install it on the host: `apt install default-jdk-headless`
    error[runtime::tool-missing]: `deps.edn` needs a JDK, which this host does not have
    help: install it on the host: `apt install default-jdk-headless`
    error[runtime::tool-missing]: `composer.json` needs composer, which this host does not have
    help: install it on the host: `apt install composer php-cli unzip`
    error[runtime::tool-missing]: `deno.json` needs Deno, which this host does not have
    help: install it on the host, as https://docs.deno.com/runtime shows
    error[runtime::tool-missing]: `package.json` needs npm, which this host does not have
    help: install it on the host: `apt install npm`
    error[runtime::tool-missing]: `pnpm-lock.yaml` needs pnpm, which this host does not have
    help: install it on the host: `npm install -g pnpm`, or corepack, which fetches it: `npm install -g corepack`
    error[runtime::tool-missing]: `yarn.lock` needs Yarn, which this host does not have
    help: install it on the host: `apt install yarnpkg`
    error[runtime::tool-missing]: `yarn.lock` needs Yarn 2 or newer, which this host does not have
    help: install corepack on the host, which fetches it: `npm install -g corepack`
    error[runtime::tool-missing]: `pom.xml` needs Maven, which this host does not have
    help: install it on the host (`apt install maven`), or commit Maven's wrapper (`mvn wrapper:wrapper`)
    error[runtime::tool-missing]: `build.gradle` needs Gradle, which this host does not have
    help: commit Gradle's wrapper (`gradle wrapper`), or install it on the host (`apt install gradle`)
    error[runtime::tool-missing]: `deps.edn` needs the Clojure tools, which this host does not have
    help: install the Clojure tools on the host, as https://clojure.org/guides/install_clojure shows
    error[runtime::tool-missing]: `project.clj` needs Leiningen, which this host does not have
    help: install it on the host: `apt install leiningen`
    ");
}
