//! Which file of a tree marks a runtime.

use crate::{RuntimeName, SourceTree, clojure, deno, go, java, node, php, python, ruby, rust};

/// Finds the file that marks this runtime.
pub(crate) fn manifest(runtime: RuntimeName, tree: &dyn SourceTree) -> Option<&'static str> {
    match runtime {
        RuntimeName::Python => python::manifest(tree),
        RuntimeName::Ruby => ruby::manifest(tree),
        RuntimeName::Php => php::manifest(tree),
        RuntimeName::Go => go::manifest(tree),
        RuntimeName::Rust => rust::manifest(tree),
        RuntimeName::Java => java::manifest(tree),
        RuntimeName::Clojure => clojure::manifest(tree),
        RuntimeName::Deno => deno::manifest(tree),
        RuntimeName::Bun => node::bun_manifest(tree),
        RuntimeName::Node => node::manifest(tree),
        RuntimeName::Static | RuntimeName::Generic => None,
    }
}
