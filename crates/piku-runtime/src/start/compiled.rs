//! Programs that are built, and frameworks of Ruby and PHP: Go, Rust, Java, Rack, Deno.

use super::guess::{Start, has, text, value_of};
use super::node;
use crate::SourceTree;

pub(super) fn start(tree: &dyn SourceTree) -> Option<Start> {
    let guesses: [fn(&dyn SourceTree) -> Option<Start>; 6] = [ruby, php, node::deno, go, rust, java];
    guesses.into_iter().find_map(|guess| guess(tree))
}

fn ruby(tree: &dyn SourceTree) -> Option<Start> {
    if has(tree, "config.ru") {
        let rails = has(tree, "config/application.rb") || has(tree, "bin/rails");
        let start = |what: &str| Start::new("rwsgi: config.ru", what);
        if !rails {
            return Some(start("a Rack app (config.ru)"));
        }
        let has_database = has(tree, "config/database.yml");
        let rails = start("a Rails app (config.ru)");
        return Some(if has_database { rails.with_release("bin/rails db:migrate") } else { rails });
    }
    let file = ["app.rb", "main.rb", "server.rb"].into_iter().find(|file| has(tree, file))?;
    let sinatra = text(tree, file).contains("sinatra");
    let options = if sinatra { " -p $PORT -o $BIND_ADDRESS" } else { "" };
    Some(Start::new(format!("web: ruby {file}{options}"), format!("a Ruby program ({file})")))
}

fn php(tree: &dyn SourceTree) -> Option<Start> {
    let folders = [("public/", "public"), ("web/", "web"), ("htdocs/", "htdocs"), ("www/", "www"), ("", ".")];
    let (before, root) = folders.into_iter().find(|(before, _)| has(tree, &format!("{before}index.php")))?;
    Some(Start::new(format!("php: {root}"), format!("a PHP app ({before}index.php)")))
}

/// Programs are in `bin`, named for the module or for their folder in `cmd`.
fn go(tree: &dyn SourceTree) -> Option<Start> {
    let module = text(tree, "go.mod").lines().find_map(|line| {
        let path =
            line.trim().strip_prefix("module ")?.split("//").next()?.trim().trim_matches('"').to_owned();
        // `example.org/shop/v2` makes a program `shop`.
        let is_version = |last: &str| {
            last.strip_prefix('v').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        };
        path.rsplit('/').find(|last| !is_version(last)).map(str::to_owned)
    });
    if module.is_none() {
        return has(tree, "main.go").then(|| Start::new("web: ./bin/main", "a Go program (main.go)"));
    }
    let module = module.filter(|name| is_plain(name))?;
    let sources =
        tree.names().into_iter().filter(|name| name.ends_with(".go") && !name.ends_with("_test.go"));
    let is_program = |name: &String| text(tree, name).lines().any(|line| line.trim_end() == "package main");
    if sources.into_iter().any(|name| is_program(&name)) {
        return Some(Start::new(format!("web: ./bin/{module}"), "a Go program (go.mod)"));
    }
    let commands = [module.as_str(), "server", "web", "app", "api", "main"];
    let command = commands.into_iter().find(|name| has(tree, &format!("cmd/{name}/main.go")))?;
    Some(Start::new(format!("web: ./bin/{command}"), format!("a Go program (cmd/{command}/main.go)")))
}

/// Programs are in `target/release`, named for the package unless `[[bin]]` says otherwise.
fn rust(tree: &dyn SourceTree) -> Option<Start> {
    let manifest = text(tree, "Cargo.toml");
    let table = |name: &str| {
        let rest = manifest.split_once(name)?.1;
        let end = rest.find("\n[").unwrap_or(rest.len());
        Some(&rest[..end])
    };
    let package = table("[package]").and_then(|table| value_of(table, "name"));
    let default = table("[package]").and_then(|table| value_of(table, "default-run"));
    let bin = table("[[bin]]").and_then(|table| value_of(table, "name"));
    let name = default.or(bin).or(package).filter(|name| is_plain(name))?;
    Some(Start::new(format!("web: ./target/release/{name}"), "a Rust program (Cargo.toml)"))
}

/// Spring's jars are whole programs.
fn java(tree: &dyn SourceTree) -> Option<Start> {
    let files = [("pom.xml", "target"), ("build.gradle", "build/libs"), ("build.gradle.kts", "build/libs")];
    let (file, folder) = files.into_iter().find(|(file, _)| has(tree, file))?;
    let options = if text(tree, file).contains("springframework") {
        " -Dserver.port=$PORT -Dserver.address=$BIND_ADDRESS"
    } else {
        ""
    };
    Some(Start::new(format!("web: java{options} -jar {folder}/*.jar"), format!("a Java program ({file})")))
}

/// Whether the name needs no quoting.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}
