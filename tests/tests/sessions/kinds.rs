//! Apps that uWSGI itself runs, in languages other than Python.

use piku_tests::load::{Connections, Load, Target};
use piku_tests::{App, TestServer, http, needs};

/// Pushes, asks, changes nothing but the commit, and asks the next release.
fn two_releases(app: &App<'_>, path: &str, hello: &str) {
    for release in 1..=2 {
        app.write("notes.txt", release.to_string());
        app.push().succeeds();
        assert_eq!(app.get(path).body, format!("{hello}, release {release}\n"));
    }
}

#[test]
fn php_is_answered_behind_nginx_with_the_files_beside_it() {
    needs!(nginx, php);
    let server = TestServer::with_nginx();
    let app = server.app_from("php", "wiki").served_as("wiki.test");
    two_releases(&app, "/", "Hello from PHP");
    let style = app.get("/style.css");
    assert_eq!(
        (style.body.as_str(), style.header("content-type")),
        ("body { color: black }\n", Some("text/css"))
    );
    assert_eq!(app.get("/none.php").status, 404);
}

#[test]
fn php_of_the_whole_folder_keeps_what_is_not_for_the_world() {
    needs!(php);
    let server = TestServer::new();
    let app = server.app("wiki").file("Procfile", "php: .\n").file("ENV", "SECRET=1\n");
    for file in ["index.php", ".hidden", "sub/.hidden", ".well-known/token", "lib.inc", "page.html"] {
        app.write(file, format!("{file}\n"));
    }
    app.push().succeeds();
    let (address, host) = app.address();
    assert!(address.ip().is_loopback(), "{address}");
    let ask = |path: &str| http::get(address, &host, path).unwrap();
    for (path, body) in
        [("/", "index.php\n"), ("/page.html", "page.html\n"), ("/.well-known/token", ".well-known/token\n")]
    {
        assert_eq!(ask(path).body, body, "{path}");
    }
    for path in [
        "/ENV",
        "//ENV",
        "/%45NV",
        "/./ENV",
        "/sub/../ENV",
        "/Procfile",
        "/.hidden",
        "/sub/.hidden",
        "/%2ehidden",
        "/.git/config",
        "/.well-known/../ENV",
        "/.well-known//../ENV",
        "/../../../envs/wiki/LIVE_ENV",
        "/lib.inc",
        "/ENV/",
        "/ENV/x.php",
        "/ENV%00",
        "/ENV%00.css",
        "/.hidden%00",
        "/%00/../ENV",
        "/ENV%0a",
        "ENV",
        ".hidden",
        "sub/../ENV",
    ] {
        let answer = ask(path);
        assert!(answer.status >= 400, "{path}: {answer:?}");
        assert!(!answer.body.contains("SECRET"), "{path}");
    }
}

#[test]
fn a_rack_app_answers_with_a_site_and_without() {
    needs!(nginx, rack);
    let server = TestServer::with_nginx();
    two_releases(&server.app_from("rack", "songs"), "/all", "Hello from Rack at /all");
    let app = server.app_from("rack", "poems").served_as("poems.test").file("Procfile", "rwsgi: .\n");
    two_releases(&app, "/all", "Hello from Rack at /all");
}

#[test]
fn a_rack_app_that_does_not_load_is_refused_with_rubys_own_words() {
    needs!(rack);
    let server = TestServer::new();
    let app = server.app_from("rack", "songs");
    app.push().succeeds();
    app.write("config.ru", "require 'no_such_gem'\nrun App\n");
    app.push().is_refused().says("cannot load such file -- no_such_gem");
    assert_eq!(app.get("/all").body, "Hello from Rack at /all, release 1\n");
    app.write("config.ru", "run ->(env) { raise 'no luck' }\n");
    app.push().succeeds();
    assert_eq!(app.get("/all").status, 500);
}

#[test]
fn a_java_class_answers_and_one_that_is_not_there_is_refused() {
    needs!(jwsgi);
    let server = TestServer::new();
    let app = server.app_from("jwsgi", "bank");
    two_releases(&app, "/all", "Hello from Java at /all");
    app.write("Procfile", "jwsgi: org.example.Nobody\n");
    app.push().is_refused().says("Nobody");
    assert_eq!(app.get("/all").body, "Hello from Java at /all, release 2\n");
}

#[test]
fn a_folder_that_is_not_there_is_refused() {
    needs!(php);
    let server = TestServer::new();
    let outcome = server.app_from("php", "wiki").file("Procfile", "php: www\n").push().is_refused();
    outcome
        .says("error: there is no folder `www` in the app, which `php` names")
        .says("help: correct the name, or commit the folder; git does not keep empty folders");
}

#[test]
fn changing_the_language_of_a_site_loses_no_request() {
    needs!(nginx, php, rack);
    let server = TestServer::with_nginx();
    let app = server.app_from("php", "wiki").served_as("wiki.test");
    app.push().succeeds();
    let (address, host) = app.address();
    let path = "/".to_owned();
    let load = Load::start(Target { address, host, path, rate: 80, connections: Connections::New });
    app.write("Procfile", "rwsgi: .\n");
    app.write("config.ru", "run ->(env) { [200, {}, [\"Hello from Rack\\n\"]] }\n");
    app.push().succeeds();
    assert_eq!(app.get("/").body, "Hello from Rack\n");
    server.ssh(["ps:scale", "wiki", "rwsgi=2"]).succeeds();
    server.ssh(["restart", "wiki"]).succeeds();
    server.ssh(["rollback", "wiki", "1"]).succeeds();
    let report = load.stop();
    // Neither scaling nor a restart makes a release, and going back makes none.
    assert_eq!(app.get("/").body, "Hello from PHP, release 1\n");
    assert_eq!(report.failures, [], "of {}", report.requests);
}
