//! What a person sees when a build fails: the tool's last words, and below them what was being done.

use camino::Utf8Path;
use piku_tests::{App, Outcome, TestServer, needs};

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
    let server = TestServer::new();
    // No Debian package brings it, and no test installs it.
    let meter = server
        .app("meter")
        .file("Procfile", "worker: deno run main.ts\n")
        .file("deno.json", "{}")
        .file("ENV", "PIKU_RUNTIME=deno\n");
    insta::assert_snapshot!(end(&meter.push().is_refused(), 3), @r"
    error: could not decide how to build `meter`
      cause: `deno.json` needs Deno, which this host does not have
    help: install it on the host, as https://docs.deno.com/runtime shows
    ");
    let folder = meter.git().folder().to_string();
    server.piku(["check", folder.as_str()]).is_refused().says("`deno.json` needs Deno");
}

/// Pushes an app of `tests/apps` with one file spoilt: what the tool says of it, and the end of what a person sees.
fn spoilt(server: &TestServer, app: &str, file: &str, content: &str, says: &str) -> String {
    let app = server.app_from(app, app).file(file, content);
    end(&app.push().is_refused().says(says), 2)
}

#[test]
fn a_go_program_that_does_not_compile_refuses_the_push() {
    needs!(go);
    let server = TestServer::new();
    let main = "package main\n\nfunc main() { nonsense() }\n";
    let end = spoilt(&server, "go", "main.go", main, "undefined: nonsense");
    // The rest of the command is a folder whose name is a hash of the version of Go, too.
    let (end, _) = end.split_once(" -o ").unwrap();
    insta::assert_snapshot!(end, @r"
    error: the build failed while building the programs with Go
      cause: `/usr/bin/go build -trimpath '-buildvcs=false' '-mod=readonly' -modcacherw
    ");
}

#[test]
fn a_rust_program_that_does_not_compile_refuses_the_push() {
    needs!(crates);
    let server = TestServer::new();
    let compiler = Utf8Path::new(env!("CARGO")).parent().unwrap();
    for tool in ["cargo", "rustc"] {
        server.lend(tool, &compiler.join(tool));
    }
    let end = spoilt(
        &server,
        "rust",
        "src/main.rs",
        "fn main() { nonsense() }\n",
        "cannot find function `nonsense`",
    );
    insta::assert_snapshot!(end.replace(server.home().as_str(), "$HOME"), @r"
    error: the build failed while building the programs with cargo
      cause: `$HOME/.local/bin/cargo build --release --locked` ended with exit status 101
    ");
}

#[test]
fn a_gradle_project_that_does_not_compile_refuses_the_push() {
    needs!(gradle);
    let server = TestServer::new();
    let main = "src/main/java/Main.java";
    insta::assert_snapshot!(spoilt(&server, "gradle", main, "class Main { nonsense }\n", "BUILD FAILED"), @r"
    error: the build failed while building build.gradle with Gradle
      cause: `/usr/bin/gradle --no-daemon '--console=plain' --build-cache assemble` ended with exit status 1
    ");
}

#[test]
fn a_clojure_project_that_does_not_compile_refuses_the_push() {
    needs!(leiningen);
    let server = TestServer::new();
    let core = "(ns hello.core (:gen-class))\n(defn -main [] (nonsense))\n";
    let says = "Unable to resolve symbol: nonsense";
    insta::assert_snapshot!(spoilt(&server, "clojure", "src/hello/core.clj", core, says), @r"
    error: the build failed while building project.clj with Leiningen
      cause: `/usr/bin/lein uberjar` ended with exit status 1
    ");
}

#[test]
fn gems_that_do_not_match_the_lock_file_refuse_the_push() {
    needs!(bundler);
    let server = TestServer::new();
    let gemfile =
        "source 'https://rubygems.org'\n\ngem 'greeting', path: 'vendor/greeting'\ngem 'nonsense'\n";
    insta::assert_snapshot!(spoilt(&server, "bundler", "Gemfile", gemfile, "nonsense"), @r"
    error: the build failed while installing the gems of Gemfile.lock with bundler
      cause: `/usr/bin/bundle install` ended with exit status 16
    ");
}

#[test]
fn packages_of_php_that_can_not_be_had_refuse_the_push() {
    needs!(composer, php);
    let server = TestServer::new();
    let lock = server.app_from("composer", "composer").read("composer.lock");
    let lock = lock.replace("\"platform\": []", "\"platform\": {\"php\": \">=99\"}");
    insta::assert_snapshot!(spoilt(&server, "composer", "composer.lock", &lock, "php >=99"), @r"
    error: the build failed while installing the packages of composer.lock with composer
      cause: `/usr/bin/composer install --no-dev --no-interaction --no-progress --prefer-dist --optimize-autoloader` ended with exit status 2
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
