//! Apps of Python, by each of the tools that lock packages.

use piku_tests::{App, TestServer, machine, needs};

/// Pushes, asks, and pushes again with another source and the same packages.
fn second_push_installs_nothing(app: &App<'_>, hello: &str) {
    app.push().succeeds();
    assert_eq!(app.get("/").body, hello);
    app.write("app.py", app.read("app.py").replace("Hello", "Good day"));
    app.push().succeeds().says("Nothing to build").never_says("nstalling");
    assert_eq!(app.get("/").body, hello.replace("Hello", "Good day"));
}

#[test]
fn a_flask_app_gets_what_its_requirements_list() {
    needs!(pypi);
    let server = TestServer::new();
    let app = server.app_from("hello-flask", "notes").file("Procfile", "wsgi: app:app\n");
    second_push_installs_nothing(&app, "Hello from Flask, version 1\n");
}

#[test]
fn a_uv_project_gets_what_is_locked() {
    needs!(pypi, uv);
    let server = TestServer::new();
    server.lend("uv", &machine::tool("uv").unwrap());
    // uv brings certificates of its own; where a proxy stands between, it needs those of the machine.
    let app = server.app_from("uv", "notes").file("ENV", "UV_SYSTEM_CERTS=true\n");
    second_push_installs_nothing(&app, "Hello from Bottle\n");
}

#[test]
fn a_poetry_project_gets_what_is_locked() {
    needs!(pypi, poetry);
    let server = TestServer::new();
    server.lend("poetry", &machine::tool("poetry").unwrap());
    let certificates = "/etc/ssl/certs/ca-certificates.crt";
    let env = format!("SSL_CERT_FILE={certificates}\nREQUESTS_CA_BUNDLE={certificates}\n");
    let app = server.app_from("poetry", "notes").file("ENV", env);
    second_push_installs_nothing(&app, "Hello from Bottle\n");
}

#[test]
fn fastapi_is_served_by_uvicorn() {
    needs!(pypi);
    let server = TestServer::new();
    let app = server.app_from("fastapi", "notes");
    app.push().succeeds();
    assert_eq!(app.get("/").body, r#"{"hello":"FastAPI"}"#);
    app.write("README", "two\n");
    app.push().succeeds().says("Nothing to build").never_says("nstalling");
    assert_eq!(app.get("/").status, 200);
}

#[test]
fn django_migrates_before_it_serves_and_keeps_its_database() {
    needs!(pypi);
    let server = TestServer::new();
    let app = server.app_from("django", "notes");
    app.push().succeeds().says("Applying visits.0001_initial... OK");
    assert_eq!(app.get("/").body, "visit 1\n");
    app.write("README", "two\n");
    app.push().succeeds().says("Nothing to build").says("No migrations to apply").never_says("nstalling");
    assert_eq!(app.get("/").body, "visit 2\n");

    let broken = "raise SystemExit('no such table, and no way to make it')\n";
    app.write("visits/migrations/0002_broken.py", broken);
    app.push().is_refused().says("no such table").ends_saying(3, "release");
    assert_eq!(app.get("/").body, "visit 3\n");
}

#[test]
fn django_has_its_static_files_in_every_release() {
    needs!(pypi);
    let server = TestServer::new();
    let app = server.app_from("django", "notes").file("Procfile", "wsgi: manage:application\n");
    let style = || std::fs::read_to_string(server.root().join("apps/notes/staticfiles/visits/style.css"));
    app.push().succeeds().says("python manage.py collectstatic --noinput").says("1 static file copied to");
    assert_eq!(style().unwrap(), "body { color: black }\n");

    // The tree is a new one, and nothing that decides the files has changed.
    app.write("README", "two\n");
    app.push().succeeds().never_says("collectstatic");
    assert_eq!(style().unwrap(), "body { color: black }\n");

    app.write("visits/static/visits/style.css", "body { color: blue }\n");
    app.push().succeeds().says("1 static file copied to");
    assert_eq!(style().unwrap(), "body { color: blue }\n");

    let manage = app.read("manage.py");
    let broken = "import sys\nif 'collectstatic' in sys.argv: sys.exit('no luck with styles')\n";
    app.write("manage.py", format!("{broken}{manage}"));
    app.push().is_refused().says("no luck with styles").says("DISABLE_COLLECTSTATIC=1");
    assert_eq!(style().unwrap(), "body { color: blue }\n");
    app.write("ENV", "DISABLE_COLLECTSTATIC=1\n");
    app.push().succeeds().never_says("collectstatic");
    assert!(style().is_err());

    app.write("ENV", "");
    app.write("manage.py", manage.replace("    STATIC_ROOT=", "    UNUSED="));
    app.push().succeeds().says("No static files are collected: `STATIC_ROOT` is not set");

    // pip lists some hundred versions, and the reason is one of them.
    app.write("requirements.txt", "numpy==1.21.2\n");
    app.push()
        .is_refused()
        .says("`numpy==1.21.2` needs Python >=3.7,<3.11")
        .says("help: ask for a Python >=3.7,<3.11 in `.python-version` or PYTHON_VERSION")
        .never_says("1.21.6");
}

#[test]
fn what_windows_editors_and_other_tools_leave_is_told_before_anything_is_installed() {
    let server = TestServer::new();
    let package = server.package("greeting", "1", "WORD = 'hello'\n");
    let blog = server.app_from("hello-wsgi", "my-blog").file("Pipfile", "").file("Pipfile.lock", "{}");
    blog.write("requirements.txt", b"# f\xfcr alle\n".as_slice());
    blog.push().is_refused().says("requirements.txt:1: this is not UTF-8").says("iconv -f WINDOWS-1252");

    // The tool of the lock file is missing, and a module may have a hyphen.
    blog.write("requirements.txt", package.requirements());
    blog.write("my-blog.py", blog.read("app.py"));
    blog.write("Procfile", "wsgi: my-blog:app\n");
    blog.push().succeeds().says("`Pipfile.lock` is not used").says("from requirements.txt");
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    server.ssh(["run", "my-blog", "--", "python", "-c", "import greeting, pkg_resources"]).succeeds();

    blog.write(".python-version", "pypy3.10\n");
    blog.push().is_refused().says("`.python-version:1` asks for `pypy3.10`");
}

/// What uv does when it fetches a Python: it puts a folder where it looks for them.
const FETCHES: &str = r#"#!/bin/sh
test "$1 $2" = "python install" || exec "$HOME/real/uv" "$@"
test "$UV_PYTHON_INSTALL_DIR" = "$HOME/.local/share/uv/python" || exit 3
mkdir -p "$UV_PYTHON_INSTALL_DIR"
echo "fetching $3"
mv "$HOME/later" "$UV_PYTHON_INSTALL_DIR/cpython-VERSION.99-linux-x86_64-gnu"
"#;

#[test]
fn a_python_that_nobody_has_is_fetched_by_uv() {
    needs!(pypi, pyenv, uv);
    let (pyenv, version) = machine::other_python().unwrap();
    let server = TestServer::new();
    let home = server.home();
    std::fs::create_dir_all(home.join("real")).unwrap();
    std::os::unix::fs::symlink(machine::tool("uv").unwrap(), home.join("real/uv")).unwrap();
    let versions = pyenv.join("versions").read_dir_utf8().unwrap().flatten();
    let real = versions.map(|it| it.into_path()).find(|it| it.join(format!("bin/python{version}")).is_file());
    std::os::unix::fs::symlink(real.unwrap(), home.join("later")).unwrap();
    std::fs::create_dir_all(home.join("lend")).unwrap();
    let uv = home.join("lend/uv");
    std::fs::write(&uv, FETCHES.replace("VERSION", &version)).unwrap();
    std::fs::set_permissions(&uv, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    server.lend("uv", &uv);
    server.namespace().reach(&pyenv);
    server.namespace().reach(machine::tool("uv").unwrap().ancestors().nth(2).unwrap());
    for own in ["real", "later", "lend"] {
        server.namespace().own(&home.join(own));
    }
    let shop = server
        .app_from("hello-web", "shop")
        .file("requirements.txt", "")
        .file("ENV", "UV_SYSTEM_CERTS=true\n")
        .file("pyproject.toml", format!("[project]\nname = \"shop\"\nrequires-python = \"=={version}.*\"\n"));
    let wanted = format!("=={version}.*");
    shop.push().succeeds().says(&format!("Fetching Python {wanted} with uv")).says(&format!(
        "Python {version}.99 (uv), from requirements.txt, because pyproject.toml requires Python {wanted}"
    ));
    server.ssh(["run", "shop", "--", "python", "--version"]).succeeds().says(&version);
}

#[test]
fn a_changed_file_of_a_project_installs_the_project_and_not_its_packages() {
    needs!(pypi);
    let server = TestServer::new();
    let project = "[project]\nname = \"blog\"\nversion = \"1\"\ndependencies = [\"waitress\"]\n\n\
                   [build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n";
    let code =
        |text: &str| format!("def app(environ, start):\n    start('200 OK', [])\n    return [b'{text}']\n");
    let blog = server
        .app("blog")
        .file("Procfile", "web: waitress-serve --listen=$BIND_ADDRESS:$PORT blog:app\n")
        .file("pyproject.toml", project)
        .file("src/blog/__init__.py", code("one"));
    blog.push()
        .succeeds()
        .says("Installing the packages of pyproject.toml")
        .says("Installing the project itself");
    // `waitress-serve` belongs to the packages, and finds what is installed on top of them.
    assert_eq!(blog.get("/").body, "one");
    blog.write("src/blog/__init__.py", code("two"));
    blog.push()
        .succeeds()
        .says("Packages unchanged: nothing to install")
        .never_says("Installing the packages")
        .never_says("waitress-");
    assert_eq!(blog.get("/").body, "two");
    server.ssh(["rollback", "blog"]).succeeds();
    assert_eq!(blog.get("/").body, "one");
}
