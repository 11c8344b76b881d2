//! The runtime that builds nothing: for static sites, and for apps that bring what they need.

use crate::{Detection, SourceTree, Warning};

/// Manifests of languages that piku does not build, with the name of the language.
const MANIFESTS: [(&str, &str); 7] = [
    ("Package.swift", "Swift"),
    ("build.sbt", "Scala"),
    ("dune-project", "OCaml"),
    ("mix.exs", "Elixir"),
    ("rebar.config", "Erlang"),
    ("shard.yml", "Crystal"),
    ("stack.yaml", "Haskell"),
];

/// Detects a tree that needs no build, and warns if it looks as if it did.
pub(crate) fn detect(tree: &dyn SourceTree, mut found: Detection, asked_for: bool) -> Detection {
    if asked_for {
        return found;
    }
    for (file, language) in foreign(tree) {
        found.because(file, format!("belongs to {language}"));
        found.warn(Warning {
            code: "runtime::not-built",
            message: format!("piku does not build {language} apps, so `{file}` is not used"),
            help: Some(
                "let the app bring what it needs, or build it in a `preflight` or `release` line".to_owned(),
            ),
            file: Some(file.to_owned()),
        });
    }
    found
}

/// Finds manifests of languages that piku does not build, sorted by name.
pub(crate) fn foreign(tree: &dyn SourceTree) -> impl Iterator<Item = (&'static str, &'static str)> {
    let names = tree.names();
    MANIFESTS.into_iter().filter(move |(file, _)| names.iter().any(|name| name == file))
}
