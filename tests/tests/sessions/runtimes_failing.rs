//! What a person sees when a build fails: the tool's last words, and below them what was being done.

use piku_tests::{App, Outcome, TestServer, machine, needs};

/// The last lines that the server sent, but those that change with the machine.
fn end(outcome: &Outcome, lines: usize) -> String {
    let shown = outcome.to_string();
    let remote: Vec<&str> = shown.lines().filter_map(|line| line.strip_prefix("remote: ")).collect();
    let remote: Vec<&str> = remote.into_iter().filter(|line| !line.trim().is_empty()).collect();
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
    insta::assert_snapshot!(end(&outcome, 2), @"");
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
    insta::assert_snapshot!(end(&outcome, 5), @"");
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
    insta::assert_snapshot!(seen, @"");
}

#[test]
fn two_lock_files_refuse_the_push() {
    let server = TestServer::new();
    let shop = shop(&server, "{}").file("package-lock.json", "{}").file("yarn.lock", "");
    insta::assert_snapshot!(end(&shop.push().is_refused(), 3), @"");
}

#[test]
fn another_node_than_the_one_that_is_asked_for_refuses_the_push() {
    needs!(node);
    let server = TestServer::new();
    let shop = shop(&server, "{}").file("ENV", "NODE_VERSION=99\n");
    insta::assert_snapshot!(end(&shop.push().is_refused(), 3).replace(&node_version(), "$NODE"), @"");
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
    insta::assert_snapshot!(end(&meter.push().is_refused(), 3), @"");
    let folder = meter.git().folder().to_string();
    server.piku(["check", folder.as_str()]).is_refused().says("`go.mod` needs Go");
}

#[test]
fn a_go_program_that_does_not_compile_refuses_the_push() {
    needs!(go);
    let server = TestServer::new();
    let meter =
        server.app_from("go", "meter").file("main.go", "package main\n\nfunc main() { nonsense() }\n");
    insta::assert_snapshot!(end(&meter.push().is_refused().says("undefined: nonsense"), 2), @r"
    error: the build failed while building the programs with Go
      cause: `go build -trimpath -buildvcs=false -mod=readonly -modcacherw -o bin/ .` ended with exit status 1
    ");
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
