//! Apps of Node.js with packages from the registry.

use piku_tests::{App, TestServer, machine, needs};

fn second_push_installs_nothing(app: &App<'_>, hello: &str) {
    app.push().succeeds().says("Installing the packages of");
    assert_eq!(app.get("/").body, hello);
    app.write("server.js", app.read("server.js").replace("Hello", "Good day"));
    app.push().succeeds().says("Nothing to build").never_says("Installing");
    assert_eq!(app.get("/").body, hello.replace("Hello", "Good day"));
}

#[test]
fn an_express_app_gets_what_npm_has_locked() {
    needs!(node, npm);
    let server = TestServer::new();
    second_push_installs_nothing(&server.app_from("express", "shop"), "Hello from Express\n");
}

#[test]
fn a_pnpm_app_gets_what_pnpm_has_locked() {
    needs!(node, npm, pnpm);
    let server = TestServer::new();
    server.lend("pnpm", &machine::tool("pnpm").unwrap());
    second_push_installs_nothing(&server.app_from("pnpm", "shop"), "Hello from pnpm\n");
}
