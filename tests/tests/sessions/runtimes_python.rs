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
