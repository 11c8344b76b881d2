//! Apps of other languages, and of none.

use camino::Utf8Path;
use piku_tests::{App, TestServer, needs};

fn push_and_push_again(app: &App<'_>, hello: &str, built: &str) {
    app.push().succeeds();
    assert!(app.get("/").body.starts_with(hello), "{}", app.get("/").body);
    app.push_with(["HEAD:refs/heads/again"]).succeeds().never_says(built);
    assert!(app.get("/").body.starts_with(hello), "{}", app.get("/").body);
}

#[test]
fn a_go_program_is_built_once_for_its_commit() {
    needs!(go);
    let server = TestServer::new();
    push_and_push_again(&server.app_from("go", "meter"), "Hello from Go", "Building the programs");
}

#[test]
fn a_rust_program_gets_its_crates() {
    needs!(crates);
    let server = TestServer::new();
    let compiler = Utf8Path::new(env!("CARGO")).parent().unwrap();
    for tool in ["cargo", "rustc"] {
        server.lend(tool, &compiler.join(tool));
    }
    push_and_push_again(
        &server.app_from("rust", "meter"),
        "Hello from Rust, number",
        "Building the programs",
    );
}

#[test]
fn a_gradle_project_becomes_an_archive() {
    needs!(gradle);
    let server = TestServer::new();
    push_and_push_again(&server.app_from("gradle", "meter"), "Hello from Java", "Building build.gradle");
}

#[test]
fn a_project_of_leiningen_becomes_an_archive() {
    needs!(leiningen);
    let server = TestServer::new();
    push_and_push_again(&server.app_from("clojure", "meter"), "Hello from Clojure", "Building project.clj");
}

#[test]
fn bundler_installs_what_the_lock_file_holds() {
    needs!(bundler);
    let server = TestServer::new();
    let app = server.app_from("bundler", "songs");
    app.push().succeeds().says("Installing the gems");
    assert_eq!(app.get("/").body, "Hello from a gem\n");
    app.write(
        "app.rb",
        app.read("app.rb")
            .replace("Greeting::TEXT.b", "Greeting::TEXT.upcase.b")
            .replace("{Greeting::TEXT}", "{Greeting::TEXT.upcase}"),
    );
    app.push().succeeds().never_says("Installing");
    assert_eq!(app.get("/").body, "HELLO FROM A GEM\n");
}

#[test]
fn composer_makes_the_classes_of_a_php_app_known() {
    needs!(composer, php);
    let server = TestServer::new();
    push_and_push_again(
        &server.app_from("composer", "wiki"),
        "Hello from a class",
        "Installing the packages",
    );
}

#[test]
fn sinatra_is_served_by_the_systems_ruby() {
    needs!(ruby);
    let server = TestServer::new();
    let app = server.app_from("sinatra", "songs");
    app.push().succeeds();
    assert_eq!(app.get("/").body, "Hello from Sinatra\n");
    app.write("app.rb", app.read("app.rb").replace("Hello", "Good day"));
    app.push().succeeds();
    assert_eq!(app.get("/").body, "Good day from Sinatra\n");
}

#[test]
fn a_folder_of_files_needs_no_process() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let app = server.app_from("static", "pages").served_as("pages.test");
    app.push().succeeds().says("Static site");
    assert_eq!(app.get("/").body, "<h1>Hello from a file</h1>\n");
    app.write("public/index.html", "two\n");
    app.push().succeeds();
    assert_eq!(app.get("/").body, "two\n");
}
