//! Apps of Node.js, and sites that its tools make.

use piku_tests::{Browser, TestServer, machine, needs};

use super::{Visit, keeps_what_visitors_write, push_with_another_readme};

#[test]
fn an_express_app_locked_by_yarn() {
    needs!(nginx, node, npm, yarn);
    let server = TestServer::with_nginx();
    server.lend("yarn", &machine::tool("yarn").unwrap());
    let app = server.app_from("express-board", "board").served_as("board.test");
    // It comes without a Procfile; the push says which one it needs.
    app.push().is_refused().says("web: yarn start");
    app.write("Procfile", "web: yarn start\n");
    app.push().succeeds().says("Installing the packages of yarn.lock with Yarn");
    let visit = Visit { page: "/", field: "message", file: ("/style.css", "text/css") };
    keeps_what_visitors_write(&server, &app, &visit);
}

#[test]
fn a_static_site_that_vite_builds() {
    needs!(nginx, node, npm, pnpm);
    let server = TestServer::with_nginx();
    server.lend("pnpm", &machine::tool("pnpm").unwrap());
    let app = server.app_from("vite-landing", "landing").served_as("landing.test");
    app.push().is_refused().says("static: dist");
    app.write("Procfile", "static: dist\n");
    app.push().succeeds().says("Installing the packages of pnpm-lock.yaml with pnpm");

    let browser = Browser::of(&app);
    let script = || {
        let page = browser.get("/").body;
        let file = page.split("src=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
        let answer = browser.get(&file);
        let kind = answer.header("content-type").unwrap_or_default();
        assert!(answer.status == 200 && kind.ends_with("/javascript"), "{answer:?}");
        answer.body
    };
    assert!(script().contains("Vite"));
    assert!(browser.get("/robots.txt").header("content-type").unwrap().starts_with("text/plain"));
    push_with_another_readme(&app);
    assert!(script().contains("Vite"));
    // A setting that the build reads.
    server.ssh(["config:set", "landing", "VITE_NAME=Ada"]).succeeds().never_says("nstalling");
    assert!(script().contains("Ada"));
    server.ssh(["rollback", "landing"]).succeeds();
    assert!(!script().contains("Ada"));
}
