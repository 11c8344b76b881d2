//! The plan of each kind of Python app, as text, and what changes its key.

use piku_runtime::{
    BuildPlan, Interpreter, MemoryTree, PlanError, Planner, Reuse, RuntimeName, Source, Step, Toolbox, Wishes,
};

use crate::given::wishing;

fn host() -> Toolbox {
    Toolbox::new("linux-x86_64-glibc").with_interpreter(python())
}

fn python() -> Interpreter {
    Interpreter::new("3.11.2".parse().unwrap(), "/usr/bin/python3.11", Source::System, true)
}

fn tree(files: &[(&str, &str)]) -> MemoryTree {
    files.iter().fold(MemoryTree::new("4f2a90c"), |tree, (path, text)| tree.with(*path, *text))
}

fn planned(tree: &MemoryTree, host: &Toolbox, wishes: &Wishes) -> Result<BuildPlan, PlanError> {
    crate::given::planned(tree, host, wishes).map(|plan| plan.expect("Python has a build"))
}

/// Shows progress lines and commands, and for which trees the result can be used.
fn shown(files: &[(&str, &str)], host: &Toolbox) -> String {
    let wishes = wishing(|it| it.needs = Some(RuntimeName::Python));
    let plan = planned(&tree(files), host, &wishes).unwrap();
    // The packages come first; the rest of a command that runs a program of our own is long.
    let line = |step: &Step| step.to_string().split("import ").next().unwrap_or_default().trim().to_owned();
    let lines = |plan: &BuildPlan| -> String {
        plan.steps
            .iter()
            .map(|step| format!("# {}\n{}\n", step.says(), line(step)).replace("# \n", ""))
            .collect()
    };
    let mut text = plan.packages.as_deref().map(lines).unwrap_or_default() + &lines(&plan);
    for warning in &plan.warnings {
        text += &format!("! {}\n", warning.message);
    }
    text + &format!("{:?}", plan.reuse)
}

fn with_uv() -> Toolbox {
    host().with_tool("uv", "/usr/bin/uv")
}

const PROJECT: &str = "[project]\nname = \"blog\"\ndependencies = [\"flask>=3\", \"six\"]\n";
const PACKAGE: &str =
    "[project]\nname = \"my-blog\"\ndependencies = [\"flask\"]\n[build-system]\nrequires = [\"hatchling\"]\n";

#[test]
fn requirements_are_installed_by_uv_where_it_is() {
    insta::assert_snapshot!(shown(&[("requirements.txt", "flask\n")], &with_uv()), @r"
    # creating a virtual environment with Python 3.11.2
    UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never /usr/bin/uv venv --no-project --python /usr/bin/python3.11 $BUILD
    # installing pip and setuptools with uv
    UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never /usr/bin/uv pip install --python $BUILD pip setuptools<81
    # installing the packages of requirements.txt with uv
    UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never /usr/bin/uv pip install --python $BUILD -r requirements.txt
    AnyTree
    ");
}

#[test]
fn a_newer_python_comes_with_pip_alone_whoever_makes_the_environment() {
    let mut host = with_uv();
    host.interpreters[0] =
        Interpreter::new("3.12.4".parse().unwrap(), "/usr/bin/python3.12", Source::System, true);
    insta::assert_snapshot!(shown(&[("requirements.txt", "flask\n")], &host), @r"
    # creating a virtual environment with Python 3.12.4
    UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never /usr/bin/uv venv --no-project --seed --python /usr/bin/python3.12 $BUILD
    # installing the packages of requirements.txt with uv
    UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never /usr/bin/uv pip install --python $BUILD -r requirements.txt
    AnyTree
    ");
}

#[test]
fn requirements_are_installed_by_pip_otherwise() {
    insta::assert_snapshot!(shown(&[("requirements.txt", "flask\n")], &host()), @r"
    # creating a virtual environment with Python 3.11.2
    /usr/bin/python3.11 -m venv $BUILD
    # installing the packages of requirements.txt with pip
    $BUILD/bin/python -m pip install --disable-pip-version-check --no-input --progress-bar=off -r requirements.txt
    AnyTree
    ");
}

#[test]
fn virtualenv_steps_in_where_venv_does_not_work() {
    let mut host = host().with_tool("virtualenv", "/usr/bin/virtualenv");
    host.interpreters[0].has_venv = false;
    insta::assert_snapshot!(shown(&[("requirements.txt", "-e .\n")], &host), @r"
    # creating a virtual environment with Python 3.11.2
    /usr/bin/virtualenv --python /usr/bin/python3.11 $BUILD
    # installing the packages of requirements.txt with pip
    $BUILD/bin/python -m pip install --disable-pip-version-check --no-input --progress-bar=off -r requirements.txt
    SameTree
    ");
}

#[test]
fn a_uv_project_is_synced_from_its_lock_file() {
    let lock = "[[package]]\nname = \"blog\"\nsource = { virtual = \".\" }\n";
    insta::assert_snapshot!(shown(&[("uv.lock", lock), ("pyproject.toml", PROJECT)], &with_uv()), @r"
    # installing the packages of uv.lock with uv and Python 3.11.2
    UV_NO_PROGRESS=1 UV_PROJECT_ENVIRONMENT=$BUILD UV_PYTHON_DOWNLOADS=never /usr/bin/uv sync --frozen --no-dev --no-editable --python /usr/bin/python3.11
    AnyTree
    ");
}

#[test]
fn a_uv_project_that_is_a_package_belongs_to_its_commit() {
    let lock = "[[package]]\nname = \"blog\"\nsource = { editable = \".\" }\n";
    assert!(shown(&[("uv.lock", lock), ("pyproject.toml", PACKAGE)], &with_uv()).ends_with("SameCommit"));
}

#[test]
fn poetry_installs_into_the_environment() {
    let host = host().with_tool("poetry", "/usr/bin/poetry");
    insta::assert_snapshot!(shown(&[("poetry.lock", ""), ("pyproject.toml", PACKAGE)], &host), @r"
    # creating a virtual environment with Python 3.11.2
    /usr/bin/python3.11 -m venv $BUILD
    # installing the packages of poetry.lock with Poetry
    POETRY_VIRTUALENVS_CREATE=false VIRTUAL_ENV=$BUILD /usr/bin/poetry install --no-interaction --no-ansi --only main --no-root
    AnyTree
    ");
}

#[test]
fn a_poetry_project_with_its_package_is_installed_too() {
    let host = host().with_tool("poetry", "/usr/bin/poetry");
    let files = [("poetry.lock", ""), ("pyproject.toml", PACKAGE), ("src/my_blog/__init__.py", "")];
    insta::assert_snapshot!(shown(&files, &host), @r"
    # creating a virtual environment with Python 3.11.2
    /usr/bin/python3.11 -m venv $BUILD
    # installing the packages of poetry.lock with Poetry
    POETRY_VIRTUALENVS_CREATE=false VIRTUAL_ENV=$BUILD /usr/bin/poetry install --no-interaction --no-ansi --only main --no-root
    (copy $PACKAGES to $BUILD)
    # starting from a copy of the packages
    $BUILD/bin/python -I -c
    # installing the project itself with pip
    $BUILD/bin/python -m pip install --disable-pip-version-check --no-input --progress-bar=off --no-deps .
    SameCommit
    ");
}

#[test]
fn pdm_installs_into_the_environment() {
    let host = host().with_tool("pdm", "/usr/bin/pdm");
    insta::assert_snapshot!(shown(&[("pdm.lock", ""), ("pyproject.toml", PROJECT)], &host), @r"
    # creating a virtual environment with Python 3.11.2
    /usr/bin/python3.11 -m venv $BUILD
    # installing the packages of pdm.lock with PDM
    PDM_CHECK_UPDATE=false PDM_IGNORE_SAVED_PYTHON=1 VIRTUAL_ENV=$BUILD /usr/bin/pdm install --check --prod --no-editable
    AnyTree
    ");
}

#[test]
fn pipenv_installs_what_is_locked() {
    let host = host().with_tool("pipenv", "/usr/bin/pipenv");
    insta::assert_snapshot!(shown(&[("Pipfile.lock", "{}"), ("Pipfile", "")], &host), @r"
    # creating a virtual environment with Python 3.11.2
    /usr/bin/python3.11 -m venv $BUILD
    # installing the packages of Pipfile.lock with Pipenv
    PIPENV_NOSPIN=1 PIPENV_VERBOSITY=-1 VIRTUAL_ENV=$BUILD /usr/bin/pipenv install --deploy
    AnyTree
    ");
}

#[test]
fn a_lock_file_that_names_the_tree_belongs_to_its_commit_or_its_tree() {
    let tools = ["uv", "poetry", "pdm", "pipenv"];
    let host = tools.iter().fold(host(), |host, tool| host.with_tool(*tool, format!("/usr/bin/{tool}")));
    let pipfile = "{\"_meta\": {\"pipfile-spec\": 6}, \"default\": {\"six\": {\"version\": \"==1\"}}}";
    let cases = [
        ("uv.lock", "source = { registry = \"https://pypi.org/simple\" }\n", Reuse::AnyTree),
        ("uv.lock", "source = { directory = \"lib\" }\n", Reuse::SameCommit),
        ("uv.lock", "source = { path = \"lib.whl\" }\n", Reuse::SameCommit),
        ("poetry.lock", "[package.source]\ntype = \"git\"\n", Reuse::AnyTree),
        ("poetry.lock", "[package.source]\ntype = \"directory\"\n", Reuse::SameCommit),
        ("poetry.lock", "develop = true\n[package.source]\ntype = \"directory\"\n", Reuse::SameTree),
        ("pdm.lock", "name = \"six\"\n", Reuse::AnyTree),
        ("pdm.lock", "path = \"./lib\"\n", Reuse::SameCommit),
        ("pdm.lock", "url = \"file:///${PROJECT_ROOT}/lib.whl\"\n", Reuse::SameCommit),
        ("Pipfile.lock", pipfile, Reuse::AnyTree),
        ("Pipfile.lock", "{\"default\": {\"lib\": {\"path\": \"./lib\"}}}", Reuse::SameCommit),
        ("Pipfile.lock", "{\"default\": {\"lib\": {\"editable\": true, \"path\": \".\"}}}", Reuse::SameTree),
        ("Pipfile", "[packages]\nsix = \"*\"\n", Reuse::AnyTree),
        ("Pipfile", "[packages]\nlib = {path = \"./lib\"}\n", Reuse::SameCommit),
    ];
    for (file, text, reuse) in cases {
        let manifest =
            if file.starts_with("Pipfile") { ("Pipfile", text) } else { ("pyproject.toml", PROJECT) };
        let plan = planned(&tree(&[manifest, (file, text)]), &host, &Wishes::default()).unwrap();
        assert_eq!(plan.reuse, reuse, "{file} {text}");
    }
}

#[test]
fn pipenv_without_a_lock_file_is_warned_of() {
    let host = host().with_tool("pipenv", "/usr/bin/pipenv");
    insta::assert_snapshot!(shown(&[("Pipfile", "")], &host), @r"
    # creating a virtual environment with Python 3.11.2
    /usr/bin/python3.11 -m venv $BUILD
    # installing the packages of Pipfile with Pipenv
    PIPENV_NOSPIN=1 PIPENV_VERBOSITY=-1 VIRTUAL_ENV=$BUILD /usr/bin/pipenv install --skip-lock
    ! `Pipfile` has no `Pipfile.lock`, so the versions of its packages are not fixed
    AnyTree
    ");
}

#[test]
fn a_project_that_is_no_package_gets_what_it_lists() {
    insta::assert_snapshot!(shown(&[("pyproject.toml", PROJECT)], &host()), @r"
    # creating a virtual environment with Python 3.11.2
    /usr/bin/python3.11 -m venv $BUILD
    # installing the packages of pyproject.toml with pip
    $BUILD/bin/python -m pip install --disable-pip-version-check --no-input --progress-bar=off -- flask>=3 six
    AnyTree
    ");
    insta::assert_snapshot!(shown(&[("pyproject.toml", PROJECT)], &with_uv()), @r"
    # creating a virtual environment with Python 3.11.2
    UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never /usr/bin/uv venv --no-project --python /usr/bin/python3.11 $BUILD
    # installing pip and setuptools with uv
    UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never /usr/bin/uv pip install --python $BUILD pip setuptools<81
    # installing the packages of pyproject.toml with uv
    UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never /usr/bin/uv pip install --python $BUILD -r pyproject.toml
    AnyTree
    ");
}

#[test]
fn a_package_is_installed_as_a_copy() {
    insta::assert_snapshot!(shown(&[("pyproject.toml", PACKAGE)], &host()), @r"
    # creating a virtual environment with Python 3.11.2
    /usr/bin/python3.11 -m venv $BUILD
    # installing the packages of pyproject.toml with pip
    $BUILD/bin/python -m pip install --disable-pip-version-check --no-input --progress-bar=off -- flask
    (copy $PACKAGES to $BUILD)
    # starting from a copy of the packages
    $BUILD/bin/python -I -c
    # installing the project itself with pip
    $BUILD/bin/python -m pip install --disable-pip-version-check --no-input --progress-bar=off --no-deps .
    SameCommit
    ");
    insta::assert_snapshot!(shown(&[("setup.py", "")], &with_uv()), @r"
    # creating a virtual environment with Python 3.11.2
    UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never /usr/bin/uv venv --no-project --python /usr/bin/python3.11 $BUILD
    # installing pip and setuptools with uv
    UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never /usr/bin/uv pip install --python $BUILD pip setuptools<81
    # installing the project and its packages with uv
    UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never /usr/bin/uv pip install --python $BUILD .
    SameCommit
    ");
}

#[test]
fn a_project_that_is_a_package_has_a_build_of_its_own_on_top_of_its_packages() {
    let tools = ["uv", "poetry"];
    let equipped = tools.iter().fold(host(), |host, tool| host.with_tool(*tool, format!("/usr/bin/{tool}")));
    let itself = "source = { editable = \".\" }\n";
    let (package, module) = (("pyproject.toml", PACKAGE), ("src/my_blog/__init__.py", ""));
    let cases = [
        (&host(), vec![package], true),
        (&equipped, vec![package], true),
        (&equipped, vec![package, ("uv.lock", itself)], true),
        (&equipped, vec![package, module, ("poetry.lock", "")], true),
        // The tree is among the packages, or may be.
        (
            &equipped,
            vec![package, ("uv.lock", "source = { editable = \".\" }\nsource = { directory = \"lib\" }\n")],
            false,
        ),
        (&equipped, vec![package, module, ("poetry.lock", "type = \"directory\"")], false),
        (&host(), vec![("setup.py", "")], false),
    ];
    for (host, files, apart) in cases {
        let of = |commit: &str, readme: &str| {
            let tree =
                files.iter().fold(MemoryTree::new(commit), |tree, (path, text)| tree.with(*path, *text));
            planned(&tree.with("README", readme), host, &Wishes::default()).unwrap()
        };
        let (one, two) = (of("1", "one"), of("2", "two"));
        assert_ne!(one.key, two.key, "{files:?}");
        let packages = |plan: &BuildPlan| plan.packages.as_ref().map(|packages| packages.key.clone());
        assert_eq!(packages(&one).is_some(), apart, "{files:?}");
        assert_eq!(packages(&one), packages(&two), "{files:?}");
    }
}

#[test]
fn a_process_without_a_manifest_gets_an_empty_environment() {
    insta::assert_snapshot!(shown(&[("app.py", "")], &host()), @r"
    # creating a virtual environment with Python 3.11.2
    /usr/bin/python3.11 -m venv --without-pip $BUILD
    AnyTree
    ");
}

#[test]
fn extra_packages_come_last() {
    let wishes = wishing(|it| it.extra_packages = vec!["pyuwsgi".to_owned()]);
    let plan = planned(&tree(&[("requirements.txt", "")]), &host(), &wishes).unwrap();
    assert_eq!(
        plan.steps.last().unwrap().to_string(),
        "$BUILD/bin/python -m pip install --disable-pip-version-check --no-input --progress-bar=off pyuwsgi"
    );
}

#[test]
fn what_an_app_gets_of_its_build() {
    let plan = planned(&tree(&[("requirements.txt", "")]), &host(), &Wishes::default()).unwrap();
    assert_eq!(plan.provides.path[0].to_string(), "$BUILD/bin");
    assert_eq!(plan.provides.env["VIRTUAL_ENV"].to_string(), "$BUILD");
    assert_eq!(plan.provides.site_packages.unwrap(), "lib/python3.11/site-packages");
    assert_eq!(plan.provides.python, Some(python().version));
}

#[test]
fn a_generic_app_has_nothing_to_build() {
    let tree = tree(&[("index.html", "")]);
    assert_eq!(crate::given::planned(&tree, &host(), &Wishes::default()).unwrap(), None);
}

#[test]
fn requirements_stand_in_for_a_lock_file_whose_tool_is_missing() {
    let requirements = ("requirements.txt", "flask\n");
    let cases: &[&[(&str, &str)]] = &[
        &[("uv.lock", ""), ("pyproject.toml", PROJECT), requirements],
        &[("poetry.lock", ""), ("pyproject.toml", PROJECT), requirements],
        &[("pdm.lock", ""), ("pyproject.toml", PROJECT), requirements],
        &[("Pipfile.lock", ""), ("Pipfile", ""), requirements],
    ];
    let told = |files: &&[(&str, &str)]| {
        let tree = tree(files);
        let planner = Planner::new(&tree, host(), Wishes::default());
        let found = planner.detect().unwrap();
        let plan = planner.plan(&found).unwrap().unwrap();
        assert!(plan.steps.last().unwrap().to_string().ends_with("-r requirements.txt"));
        let warned = found.warnings.first().unwrap();
        format!("{}\nhelp: {}", warned.message, warned.help.as_deref().unwrap())
    };
    insta::assert_snapshot!(cases.iter().map(told).collect::<Vec<_>>().join("\n"), @r"
    `uv.lock` is not used, because this host does not have uv: `requirements.txt` names the packages
    help: to get exactly what is locked, install it on the host, as https://docs.astral.sh/uv shows
    `poetry.lock` is not used, because this host does not have Poetry: `requirements.txt` names the packages
    help: to get exactly what is locked, install it on the host: `pipx install poetry`
    `pdm.lock` is not used, because this host does not have PDM: `requirements.txt` names the packages
    help: to get exactly what is locked, install it on the host: `pipx install pdm`
    `Pipfile.lock` is not used, because this host does not have Pipenv: `requirements.txt` names the packages
    help: to get exactly what is locked, install it on the host: `pipx install pipenv`
    ");
}

#[test]
fn a_missing_tool_is_told_where_nothing_can_stand_in_for_it() {
    let cases: &[&[(&str, &str)]] = &[
        &[("uv.lock", ""), ("pyproject.toml", PROJECT)],
        &[("poetry.lock", ""), ("pyproject.toml", PROJECT)],
        &[("pdm.lock", ""), ("pyproject.toml", PROJECT)],
        &[("Pipfile.lock", ""), ("Pipfile", "")],
    ];
    let told = |files: &&[(&str, &str)]| {
        let error = planned(&tree(files), &host(), &Wishes::default()).unwrap_err();
        format!("error[{}]: {error}\nhelp: {}", error.code(), error.help().unwrap())
    };
    insta::assert_snapshot!(cases.iter().map(told).collect::<Vec<_>>().join("\n"), @r"
    error[runtime::tool-missing]: `uv.lock` needs uv, which this host does not have
    help: install it on the host, as https://docs.astral.sh/uv shows, or push the output of `uv export` as `requirements.txt` beside it
    error[runtime::tool-missing]: `poetry.lock` needs Poetry, which this host does not have
    help: install it on the host (`pipx install poetry`), or push the output of `poetry export` as `requirements.txt` beside it
    error[runtime::tool-missing]: `pdm.lock` needs PDM, which this host does not have
    help: install it on the host (`pipx install pdm`), or push the output of `pdm export` as `requirements.txt` beside it
    error[runtime::tool-missing]: `Pipfile.lock` needs Pipenv, which this host does not have
    help: install it on the host (`pipx install pipenv`), or push the output of `pipenv requirements` as `requirements.txt` beside it
    ");
}

#[test]
fn a_host_without_venv_is_told_which_package_it_lacks() {
    let mut host = host();
    host.interpreters[0].has_venv = false;
    let error = planned(&tree(&[("requirements.txt", "")]), &host, &Wishes::default()).unwrap_err();
    insta::assert_snapshot!(format!("{error}\nhelp: {}", error.help().unwrap()), @r"
    Python 3.11.2 (system) can't make virtual environments on this host
    help: install it on the host: `apt install python3-venv`
    ");
}

#[test]
fn a_package_that_would_be_an_option_is_refused() {
    for name in ["--index-url=http://evil", "", " x", "."] {
        let wishes = wishing(|it| it.extra_packages = vec![name.to_owned()]);
        let error = planned(&tree(&[("requirements.txt", "")]), &host(), &wishes).unwrap_err();
        assert_eq!(error.code(), "python::bad-package");
    }
}

#[test]
fn a_secret_in_a_list_of_packages_is_not_put_on_a_command_line() {
    let text = "[project]\nname = \"a\"\ndependencies = [\"b @ https://me:secret@host/b.zip\"]\n";
    assert!(!shown(&[("pyproject.toml", text)], &host()).contains("secret"));
    let requirements = "--index-url https://me:secret@host/simple\n-c ../c.txt\n";
    assert!(!shown(&[("requirements.txt", requirements)], &host()).contains("secret"));
}

/// The key of an app whose requirements are in two files, after a change to the tree, the host, or the wishes.
fn key(change: impl Fn(&mut MemoryTree, &mut Toolbox, &mut Wishes)) -> String {
    let mut tree = tree(&[("requirements.txt", "-r base.txt\n"), ("base.txt", "flask\n"), ("app.py", "")]);
    let (mut host, mut wishes) = (host(), Wishes::default());
    change(&mut tree, &mut host, &mut wishes);
    planned(&tree, &host, &wishes).unwrap().key.to_string()
}

fn put(tree: &mut MemoryTree, path: &str, text: &str) {
    *tree = std::mem::take(tree).with(path, text);
}

#[test]
fn the_key_changes_with_whatever_decides_the_result() {
    let keys = [
        key(|_, _, _| {}),
        key(|tree, _, _| put(tree, "requirements.txt", "-r base.txt\n#\n")),
        key(|tree, _, _| put(tree, "requirements.txt", "-r base.txt\n.\n")),
        key(|tree, _, _| put(tree, "base.txt", "flask==3\n")),
        key(|_, host, _| host.platform = "linux-aarch64-glibc".to_owned()),
        key(|_, host, _| host.interpreters[0].version = "3.11.3".parse().unwrap()),
        key(|_, host, _| host.interpreters[0].path = "/opt/python3.11".into()),
        key(|_, host, _| *host = with_uv()),
        key(|_, _, wishes| wishes.extra_packages = vec!["pyuwsgi".to_owned()]),
    ];
    let different: std::collections::BTreeSet<_> = keys.iter().collect();
    assert_eq!(different.len(), keys.len(), "{keys:?}");
    assert!(keys.iter().all(|key| key.len() == 16 && key.bytes().all(|byte| byte.is_ascii_hexdigit())));
}

#[test]
fn the_key_stays_with_everything_else() {
    let same = key(|_, _, _| {});
    assert_eq!(same, key(|tree, _, _| put(tree, "app.py", "changed")));
    assert_eq!(same, key(|tree, _, _| put(tree, "unused.txt", "six\n")));
    assert_eq!(same, key(|tree, _, _| put(tree, ".python-version", "3.11\n")));
    assert_eq!(
        same,
        key(|_, host, _| drop(host.tools.insert("virtualenv".to_owned(), "/usr/bin/virtualenv".into())))
    );
    assert_eq!(
        key(|_, host, _| *host = with_uv()),
        key(|_, host, _| drop(host.tools.insert("uv".to_owned(), "/opt/uv".into())))
    );
}

#[test]
fn the_commit_decides_only_where_the_tree_is_installed() {
    let of = |commit: &str, line: &str| {
        let tree = MemoryTree::new(commit).with("requirements.txt", line);
        let plan = planned(&tree, &host(), &Wishes::default()).unwrap();
        (plan.key, plan.reuse)
    };
    for (line, reuse) in
        [("flask\n", Reuse::AnyTree), ("./lib\n", Reuse::SameCommit), ("-e .\n", Reuse::SameTree)]
    {
        let (first, second) = (of("1", line), of("2", line));
        assert_eq!(first.1, reuse, "{line}");
        assert_eq!(first.0 == second.0, reuse == Reuse::AnyTree, "{line}");
    }
}
