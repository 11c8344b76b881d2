//! What is built, when, and with which Python.

use piku_tests::{TestServer, machine, needs};

#[test]
fn unchanged_requirements_run_no_build_tool() {
    let server = TestServer::new();
    let package = server.package("greeting", "1", "WORD = 'hello'\n");
    let blog = server.app_from("hello-wsgi", "blog").file("requirements.txt", package.requirements());
    blog.push().succeeds();

    // From here on, whoever asks for the package fails.
    package.vanish();
    blog.set_version(2);
    blog.push().succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 2\n");
    server.ssh(["config:set", "blog", "COLOR=blue"]).succeeds();
    server.ssh(["deploy", "blog"]).succeeds();
    server.ssh(["run", "blog", "--", "python", "-c", "import greeting"]).succeeds();
}

#[test]
fn changed_requirements_are_built_and_a_rollback_has_its_own() {
    let server = TestServer::new();
    let one = server.package("greeting", "1", "WORD = 'hello'\n");
    let blog = server.app_from("hello-wsgi", "blog").file("requirements.txt", one.requirements());
    blog.push().succeeds();
    let two = server.package("greeting", "2", "WORD = 'good day'\n");
    blog.write("requirements.txt", two.requirements());
    blog.push().succeeds();

    let word = || {
        server
            .ssh(["run", "blog", "--", "python", "-c", "import greeting; print(greeting.WORD)"])
            .succeeds()
            .stdout
    };
    assert_eq!(word(), "good day\n");
    one.vanish();
    server.ssh(["rollback", "blog"]).succeeds();
    assert_eq!(word(), "hello\n");
}

#[test]
fn a_wsgi_app_imports_what_it_requires() {
    let server = TestServer::new();
    let package = server.package("greeting", "1", "WORD = 'hello'\n");
    let blog = server.app_from("hello-wsgi", "blog").file("requirements.txt", package.requirements());
    blog.write(
        "app.py",
        format!("import greeting\n{}", blog.read("app.py").replace("Hello from", "{greeting.WORD} from")),
    );
    blog.push().succeeds();
    assert_eq!(blog.get("/").body, "hello from version 1\n");
}

#[test]
fn a_build_that_failed_is_tried_again() {
    let server = TestServer::new();
    let package = server.package("greeting", "1", "WORD = 'hello'\n");
    let requirements = package.requirements();
    package.vanish();
    let blog = server.app_from("hello-wsgi", "blog").file("requirements.txt", requirements);
    blog.push().is_refused().says("greeting");

    let _back = server.package("greeting", "1", "WORD = 'hello'\n");
    blog.push().succeeds();
    server.ssh(["run", "blog", "--", "python", "-c", "import greeting"]).succeeds();
}

#[test]
fn a_python_that_is_not_here_is_refused_with_a_list_of_those_that_are() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog").file("ENV", "PYTHON_VERSION=3.99\n");
    blog.push().is_refused().says("3.99").says("3.");
}

#[test]
fn a_worker_runs_on_the_python_that_was_asked_for() {
    needs!(pyenv);
    let (_, version) = machine::other_python().unwrap();
    let server = TestServer::builder().with_pyenv().start();
    let shop = server
        .app_from("hello-web", "shop")
        .file("requirements.txt", "")
        .file(".python-version", format!("{version}\n"));
    shop.push().succeeds();
    server.ssh(["run", "shop", "--", "python", "--version"]).succeeds().says(&version);
}

#[test]
fn a_wsgi_app_on_another_python_than_uwsgis_works_or_is_refused_with_the_way_out() {
    needs!(pyenv, pypi);
    let (_, version) = machine::other_python().unwrap();
    let server = TestServer::builder().with_pyenv().start();
    let app = "import sys\ndef app(environ, start_response):\n    start_response('200 OK', [])\n    return [sys.version.encode()]\n";
    let blog = server
        .app("blog")
        .file("Procfile", "wsgi: app:app\n")
        .file("app.py", app)
        .file("ENV", format!("PYTHON_VERSION={version}\n"));
    let outcome = blog.push();
    if outcome.status == 0 {
        assert!(blog.get("/").body.starts_with(&version), "{outcome}");
    } else {
        outcome.says(&version).says("help:");
    }
}

#[test]
fn a_build_outlives_the_release_that_was_refused_after_it() {
    let server = TestServer::new();
    let package = server.package("greeting", "1", "WORD = 'hello'\n");
    let blog = server.app_from("hello-wsgi", "blog").file("requirements.txt", package.requirements());
    let procfile = blog.read("Procfile");
    blog.write("Procfile", format!("{procfile}release: test -e ready\n"));
    blog.push().is_refused().says("Running release");
    server.ssh(["apps"]).succeeds().never_says("blog");

    // Whoever asks for the package from now on fails.
    package.vanish();
    blog.write("ready", "");
    blog.push().succeeds().says("Nothing to build");
    server.ssh(["run", "blog", "--", "python", "-c", "import greeting"]).succeeds();

    // The next one that is refused is kept beside it, and goes when a newer one is used.
    let builds = || {
        let names = server.names_in("envs/blog").into_iter();
        names.filter(|name| name.starts_with("python-") && !name.contains('.')).count()
    };
    let other = server.package("greeting", "2", "WORD = 'good day'\n");
    blog.write("requirements.txt", other.requirements());
    let app = blog.read("app.py");
    blog.write("app.py", "raise SystemExit('no luck')\n");
    blog.push().is_refused();
    assert_eq!(builds(), 2);
    other.vanish();
    blog.write("app.py", app.replace("VERSION = 1", "VERSION = 2"));
    blog.push().succeeds().says("Nothing to build");
    assert_eq!((blog.get("/").body.as_str(), builds()), ("Hello from version 2\n", 2));
}
