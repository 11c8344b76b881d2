//! What a person sees when a build fails: the tool's last words, and below them what was being done.

use piku_tests::{App, Outcome, TestServer, machine, needs};

/// The last lines that piku sent: git itself says below them that the hook declined.
fn end(outcome: &Outcome, lines: usize) -> String {
    let shown = outcome.to_string();
    let remote: Vec<&str> = shown.lines().filter_map(|line| line.strip_prefix("remote: ")).collect();
    let remote: Vec<&str> = remote
        .into_iter()
        .filter(|line| !line.trim().is_empty() && !line.contains("hook declined"))
        .collect();
    remote[remote.len().saturating_sub(lines)..].join("\n")
}

fn shop<'a>(server: &'a TestServer, package: &str) -> App<'a> {
    server.app("shop").file("Procfile", "web: node server.js\n").file("package.json", package)
}

#[test]
fn packages_that_do_not_match_the_lock_file_refuse_the_push() {
    needs!(node);
    let server = TestServer::new();
    let shop = shop(&server, r#"{"name": "shop", "version": "1.0.0", "dependencies": {"express": "4"}}"#)
        .file(
            "package-lock.json",
            r#"{"name": "shop", "version": "1.0.0", "lockfileVersion": 3, "packages": {}}"#,
        );
    let outcome = shop.push().is_refused().says("npm ci");
    insta::assert_snapshot!(end(&outcome, 2), @r"
    error: the build failed while installing the packages of package-lock.json with npm
      cause: `/usr/bin/npm ci --no-audit --no-fund '--include=dev'` ended with exit status 1
    ");
}

#[test]
fn a_script_that_fails_has_the_last_word() {
    needs!(node);
    let server = TestServer::new();
    let shop = shop(
        &server,
        r#"{"name": "shop", "version": "1.0.0", "scripts": {"build": "echo no luck; exit 3"}}"#,
    );
    let outcome = shop.push().is_refused();
    insta::assert_snapshot!(end(&outcome, 4), @r"
           > echo no luck; exit 3
           no luck
    error: the build failed while running the script `build` of package.json
      cause: `/usr/bin/npm run build` ended with exit status 3
    ");
}

#[test]
fn a_script_has_the_settings_and_nothing_of_the_connection() {
    needs!(node);
    let server = TestServer::new();
    let script =
        "node -p 'Object.keys(process.env).filter(it => !it.startsWith(`npm_`)).sort().join(` `)'; exit 1";
    let package = serde_json::json!({"name": "shop", "version": "1.0.0", "scripts": {"build": script}});
    let shop = shop(&server, &package.to_string()).file("ENV", "COLOR=blue\n");
    let outcome = shop.push().is_refused().says(" COLOR ").never_says(" SSH_").never_says("GIT_DIR");
    let seen = outcome.remote().into_iter().find(|line| line.contains(" COLOR ")).unwrap().to_owned();
    insta::assert_snapshot!(seen, @"APP BIND_ADDRESS COLOR DATA_ROOT EDITOR GIT_REV HOME INIT_CWD LANG LOG_ROOT NODE PATH PIKU_RELEASE PORT PROC_TYPE PWD USER");
}

#[test]
fn two_lock_files_refuse_the_push() {
    let server = TestServer::new();
    let shop = shop(&server, "{}").file("package-lock.json", "{}").file("yarn.lock", "");
    insta::assert_snapshot!(end(&shop.push().is_refused(), 3), @r"
    error: could not decide how to build `shop`
      cause: `package-lock.json` and `yarn.lock` both lock the packages of this app
    help: keep the one whose tool you use: `git rm yarn.lock` or `git rm package-lock.json`; or name it in NODE_PACKAGE_MANAGER
    ");
}

#[test]
fn another_node_than_the_one_that_is_asked_for_refuses_the_push() {
    needs!(node);
    let server = TestServer::new();
    let shop = shop(&server, "{}").file("ENV", "NODE_VERSION=99\n");
    insta::assert_snapshot!(end(&shop.push().is_refused(), 3).replace(&node_version(), "$NODE"), @r"
    error: could not decide how to build `shop`
      cause: `NODE_VERSION` asks for Node.js 99, and this host has $NODE
    help: install that one on the host; or `apt install nodeenv` and name an exact version in NODE_VERSION, such as `22.11.0`
    ");
}

fn node_version() -> String {
    let output = std::process::Command::new("node").arg("--version").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().trim_start_matches('v').to_owned()
}

#[test]
fn a_tool_that_is_missing_refuses_the_push_and_the_check() {
    if machine::find("go").is_some() {
        return;
    }
    let server = TestServer::new();
    let meter = server.app_from("go", "meter");
    insta::assert_snapshot!(end(&meter.push().is_refused(), 3), @r"
    error: could not decide how to build `meter`
      cause: `go.mod` needs Go, which this host does not have
    help: install it on the host: `apt install golang-go`, or a newer one as https://go.dev/dl shows
    ");
    let folder = meter.git().folder().to_string();
    server.piku(["check", folder.as_str()]).is_refused().says("`go.mod` needs Go");
}

#[test]
fn a_go_program_that_does_not_compile_refuses_the_push() {
    needs!(go);
    let server = TestServer::new();
    let meter =
        server.app_from("go", "meter").file("main.go", "package main\n\nfunc main() { nonsense() }\n");
    meter
        .push()
        .is_refused()
        .says("undefined: nonsense")
        .ends_saying(3, "the build failed while building the programs with Go");
}

#[test]
fn a_silent_build_says_what_is_still_running() {
    needs!(node);
    let server = TestServer::new();
    let script = "echo begun; sleep 10.5; echo done";
    let package = serde_json::json!({"name": "shop", "version": "1.0.0", "scripts": {"build": script}});
    let shop = shop(&server, &package.to_string())
        .file("server.js", "require('http').createServer((_, a) => a.end('hi')).listen(process.env.PORT)\n");
    shop.push().succeeds().says("-----> Still running after 10 s: npm run build");
}
