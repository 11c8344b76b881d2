//! The runtime that builds nothing: for static sites, and for apps that bring what they need.

use crate::{Detection, Evidence, RuntimeName, SourceTree, Warning};

/// The files by which other languages are known, with the name to call them by.
///
/// A language that gets a runtime of its own leaves this list.
const MANIFESTS: [(&str, &str); 18] = [
    ("Cargo.toml", "Rust"),
    ("Gemfile", "Ruby"),
    ("Package.swift", "Swift"),
    ("build.gradle", "Java"),
    ("build.gradle.kts", "Java"),
    ("build.sbt", "Scala"),
    ("bun.lock", "Bun"),
    ("bun.lockb", "Bun"),
    ("composer.json", "PHP"),
    ("deno.json", "Deno"),
    ("deno.jsonc", "Deno"),
    ("deps.edn", "Clojure"),
    ("go.mod", "Go"),
    ("mix.exs", "Elixir"),
    ("package.json", "Node.js"),
    ("pom.xml", "Java"),
    ("project.clj", "Clojure"),
    ("shard.yml", "Crystal"),
];

/// Reads the tree as one that needs no build, and warns where it looks as if it did.
pub(crate) fn detect(tree: &dyn SourceTree, mut evidence: Vec<Evidence>) -> Detection {
    let asked_for = !evidence.is_empty();
    let warnings = if asked_for { Vec::new() } else { warnings(tree) };
    if !asked_for {
        evidence.extend(
            foreign(tree).map(|(file, language)| Evidence::new(file, format!("belongs to {language}"))),
        );
    }
    Detection { runtime: RuntimeName::Generic, evidence, warnings, python: None }
}

/// Warns of manifests that nothing here builds.
pub(crate) fn warnings(tree: &dyn SourceTree) -> Vec<Warning> {
    let not_built = |(file, language): (&str, &str)| Warning {
        code: "runtime-not-built",
        message: format!("piku does not build {language} apps yet, so `{file}` is not used"),
        help: Some(
            "let the app bring what it needs, or fetch it in a `preflight` or `release` line".to_owned(),
        ),
        file: Some(file.to_owned()),
    };
    foreign(tree).map(not_built).collect()
}

/// Finds the manifests of other languages, in the order of their names.
pub(crate) fn foreign(tree: &dyn SourceTree) -> impl Iterator<Item = (&'static str, &'static str)> {
    let names = tree.names();
    MANIFESTS.into_iter().filter(move |(file, _)| names.iter().any(|name| name == file))
}
