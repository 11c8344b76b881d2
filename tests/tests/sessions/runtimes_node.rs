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

/// A package whose install script reads the app's configuration and writes into its folders, as those of puppeteer and
/// msw do.
const PUP: &str = r#"{"name": "pup", "version": "1.0.0", "scripts": {"postinstall": "node install.js"}}"#;
const PUP_INSTALL: &str = "
const { readFileSync, writeFileSync, mkdirSync } = require('fs');
const app = process.env.INIT_CWD;
const color = readFileSync(`${app}/pup.config`, 'utf8').trim();
mkdirSync(`${app}/public`, { recursive: true });
writeFileSync(`${app}/public/worker.js`, color);
writeFileSync('chosen', color);
";
const PUP_LOCK: &str = r#"{"name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": {
  "": {"name": "shop", "version": "1.0.0", "dependencies": {"pup": "file:pup-1.0.0.tgz"}},
  "node_modules/pup": {"version": "1.0.0", "resolved": "file:pup-1.0.0.tgz", "hasInstallScript": true}}}"#;
/// Changes a file of a package in place, as some tools do.
const PUP_BUILD: &str = "
const { appendFileSync, readFileSync, writeFileSync } = require('fs');
appendFileSync('node_modules/pup/log', ' built');
const of = (file) => readFileSync(file, 'utf8');
const says = [of('public/worker.js'), of('node_modules/pup/chosen')].join(' ') + of('node_modules/pup/log');
writeFileSync('server.js', `
require('http').createServer((_, answer) => answer.end('${says}')).listen(process.env.PORT, process.env.BIND_ADDRESS)
`);
";

/// An archive as `npm pack` makes it.
fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("package")).unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join("package").join(name), text).unwrap();
    }
    let mut tar = std::process::Command::new("tar");
    let packed = tar.args(["-czf", "-", "-C"]).arg(folder.path()).arg("package").output().unwrap();
    assert!(packed.status.success(), "{packed:?}");
    packed.stdout
}

#[test]
fn scripts_run_where_the_tree_is_and_a_changed_readme_installs_nothing() {
    needs!(node, npm);
    let server = TestServer::new();
    let package = r#"{"name": "shop", "version": "1.0.0", "dependencies": {"pup": "file:pup-1.0.0.tgz"},
        "scripts": {"build": "node build.js"}}"#;
    let shop = server
        .app("shop")
        .file("Procfile", "web: node server.js\n")
        .file("package.json", package)
        .file("package-lock.json", PUP_LOCK)
        .file("pup-1.0.0.tgz", archive(&[("package.json", PUP), ("install.js", PUP_INSTALL)]))
        .file("pup.config", "blue\n")
        .file("build.js", PUP_BUILD);
    shop.push().succeeds().says("Installing the packages").says("Running the install scripts of pup");
    assert_eq!(shop.get("/").body, "blue blue built");

    shop.write("README", "Read this.\n");
    shop.push().succeeds().says("Packages unchanged").never_says("Installing");
    assert_eq!(shop.get("/").body, "blue blue built");

    shop.write("pup.config", "red\n");
    shop.push().succeeds().never_says("Installing");
    assert_eq!(shop.get("/").body, "red red built");
    // Both releases have what was made for them.
    server.ssh(["rollback", "shop"]).succeeds();
    assert_eq!(shop.get("/").body, "blue blue built");
}
