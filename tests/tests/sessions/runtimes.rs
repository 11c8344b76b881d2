//! Apps that are not of Python: built from their sources, each build once.

use camino::Utf8Path;
use piku_tests::{App, TestServer, machine, needs};

const PACKAGE: &str = r#"{"name": "blog", "version": "1.0.0", "scripts": {"build": "node build.js"}}"#;
const LOCK: &str = r#"{"name": "blog", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
  "packages": {"": {"name": "blog", "version": "1.0.0"}}}"#;
/// Writes a server into a folder of its own, as the tools of web pages do, with a setting in it.
const BUILD: &str = "
const fs = require('fs');
fs.mkdirSync('dist', { recursive: true });
const text = JSON.stringify(`${process.env.WORD} from ${fs.readFileSync('version', 'utf8').trim()}`);
fs.writeFileSync('dist/server.js', `
require('http').createServer((_, answer) => answer.end(${text})).listen(process.env.PORT, process.env.BIND_ADDRESS)
`);
";

fn blog(server: &TestServer) -> App<'_> {
    server
        .app("blog")
        .file("Procfile", "web: node dist/server.js\n")
        .file("ENV", "WORD=hello\n")
        .file("package.json", PACKAGE)
        .file("package-lock.json", LOCK)
        .file("build.js", BUILD)
        .file("version", "1\n")
}

#[test]
fn a_build_script_writes_what_the_app_serves() {
    needs!(node);
    let server = TestServer::new();
    let blog = blog(&server);
    blog.push().succeeds().says("from package-lock.json").says("Running the script");
    assert_eq!(blog.get("/").body, "hello from 1");

    blog.write("version", "2\n");
    blog.push().succeeds().says("Running the script");
    assert_eq!(blog.get("/").body, "hello from 2");

    // The old release still has what was built for it.
    server.ssh(["rollback", "blog"]).succeeds();
    assert_eq!(blog.get("/").body, "hello from 1");
    // And what was there before is not made again.
    blog.write("version", "1\n");
    blog.push().succeeds().says("Nothing to build");
    assert_eq!(blog.get("/").body, "hello from 1");
}

#[test]
fn a_setting_that_a_build_reads_makes_a_build_beside_the_running_one() {
    needs!(node);
    let server = TestServer::new();
    let blog = blog(&server);
    blog.push().succeeds();
    let before = server.root().join("apps/blog").canonicalize_utf8().unwrap();
    server.ssh(["config:set", "blog", "WORD=bye"]).succeeds().says("Running the script");
    assert_eq!(blog.get("/").body, "bye from 1");
    let old = std::fs::read_to_string(before.join("dist/server.js")).unwrap();
    assert!(old.contains("hello from 1"), "{old}");
    server.ssh(["restart", "blog"]).succeeds().never_says("Running the script");
    assert_eq!(blog.get("/").body, "bye from 1");
}

#[test]
fn packages_that_are_the_same_are_not_installed_again() {
    needs!(node);
    let server = TestServer::new();
    let server_js = |text: &str| {
        let listen = "listen(process.env.PORT, process.env.BIND_ADDRESS)";
        format!("require('http').createServer((_, answer) => answer.end('{text}')).{listen}\n")
    };
    let shop = server
        .app("shop")
        .file("Procfile", "web: node server.js\n")
        .file("package.json", r#"{"name": "shop", "version": "1.0.0"}"#)
        .file("package-lock.json", LOCK.replace("blog", "shop"))
        .file("server.js", server_js("one"));
    shop.push().succeeds().says("Installing the packages of package-lock.json with npm");
    shop.write("server.js", server_js("two"));
    shop.push().succeeds().says("Nothing to build").never_says("Installing");
    assert_eq!(shop.get("/").body, "two");
    shop.write("yarn.lock", "");
    shop.push().is_refused().says("`package-lock.json` and `yarn.lock` both lock the packages");
    assert_eq!(shop.get("/").body, "two");
}

#[test]
fn a_broken_build_script_refuses_the_push() {
    needs!(node);
    let server = TestServer::new();
    let blog = blog(&server);
    blog.push().succeeds();
    blog.write("build.js", "throw new Error('no luck today')\n");
    blog.push().is_refused().says("no luck today");
    assert_eq!(blog.get("/").body, "hello from 1");
}

#[test]
fn a_tool_that_is_missing_is_named_with_its_package() {
    if machine::find("deno").is_some() {
        return;
    }
    let server = TestServer::new();
    let blog = server.app("blog").file("Procfile", "web: deno run main.ts\n").file("deno.json", "{}");
    blog.push().is_refused().says("`deno.json` needs Deno").says("help:");
}

/// Says its version to everyone who asks.
const PROGRAM: &str = r#"
use std::io::{Read, Write};
fn main() {
    let at = |name| std::env::var(name).unwrap();
    let port = std::net::TcpListener::bind(format!("{}:{}", at("BIND_ADDRESS"), at("PORT"))).unwrap();
    for stream in port.incoming() {
        let mut stream = stream.unwrap();
        let text = "version 1";
        let _ = stream.read(&mut [0; 4096]);
        let _ = write!(stream, "HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len());
    }
}
"#;

#[test]
fn a_rust_program_is_compiled_for_release_and_found_in_both_ways() {
    let server = TestServer::new();
    let compiler = Utf8Path::new(env!("CARGO")).parent().unwrap();
    let bin = server.home().join(".cargo/bin");
    std::fs::create_dir_all(&bin).unwrap();
    for tool in ["cargo", "rustc"] {
        std::os::unix::fs::symlink(compiler.join(tool), bin.join(tool)).unwrap();
    }
    server.namespace().reach(compiler.parent().unwrap());
    server.namespace().own(&server.home().join(".cargo"));
    let meter = server
        .app("meter")
        .file("Procfile", "web: meter\n")
        .file("Cargo.toml", "[package]\nname = \"meter\"\nversion = \"0.1.0\"\nedition = \"2021\"\n")
        .file("Cargo.lock", "version = 3\n\n[[package]]\nname = \"meter\"\nversion = \"0.1.0\"\n")
        .file("src/main.rs", PROGRAM);
    meter.push().succeeds().says("from Cargo.lock");
    assert_eq!(meter.get("/").body, "version 1");

    meter.write("Procfile", "web: ./target/release/meter\n");
    meter.write("src/main.rs", PROGRAM.replace("version 1", "version 2"));
    meter.push().succeeds();
    assert_eq!(meter.get("/").body, "version 2");
    // What was compiled is kept; what was made of it belongs to its commit.
    server.ssh(["rollback", "meter"]).succeeds();
    assert_eq!(meter.get("/").body, "version 1");
    meter.write("src/main.rs", "fn main() { not rust }\n");
    meter.push().is_refused().says("error");
    assert_eq!(meter.get("/").body, "version 1");
}
