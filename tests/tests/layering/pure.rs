//! What is planned depends on what is given in, and on nothing that the planning itself asks of the machine.

use std::collections::BTreeSet;

use camino::Utf8Path;
use piku_tests::piku::workspace;

use super::imports::Modules;

/// Where text is read and plans are made, below `deploy/`.
const PURE: [&str; 3] = ["deploy/plan/", "deploy/source/inputs", "deploy/source/procfile_path"];

/// What such a file may take of the machine: values, and how they are spelled.
const VALUES: [&str; 14] = [
    "crate::host::HostError",
    "crate::host::Step",
    "crate::host::Surroundings",
    "crate::host::door::Door",
    "crate::host::facts::Nginx",
    "crate::host::facts::Uwsgi",
    "crate::host::health::Endpoint",
    "crate::host::launch::DaemonRecord",
    "crate::host::launch::DaemonWork",
    "crate::host::launch::Job",
    "crate::host::launch::LaunchRecord",
    "crate::host::launch::LogRecord",
    "crate::host::launch::record_path",
    "crate::host::nginx::Question",
];

/// Values that can also be asked for: only what reads nothing of them.
const SPELLED: [&str; 1] = ["crate::host::socket_access::SocketAccess"];

/// What such a file may take of deploying.
const STAGES: [&str; 5] = [
    "crate::deploy::DeployError",
    "crate::deploy::build::Build",
    "crate::deploy::plan",
    "crate::deploy::source::inputs",
    "crate::deploy::source::procfile_path",
];

/// What asks, or changes something, without a path of ours.
const ASKS: [&str; 4] = ["std::env", "std::fs", "std::process", "std::time::SystemTime"];

/// What of the paths that a pure file names is not for it.
fn effects(paths: &BTreeSet<String>) -> Vec<&String> {
    let within = |path: &str, allowed: &str| {
        path.strip_prefix(allowed).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let fits = |path: &str| {
        if within(path, "crate::host") {
            return VALUES.iter().any(|allowed| within(path, allowed)) || SPELLED.contains(&path);
        }
        if within(path, "crate::release") {
            return ["crate::release::Made", "crate::release::Release"].iter().any(|one| within(path, one));
        }
        let ours = ["crate::deploy", "crate::operations", "crate::piku"].iter().any(|one| within(path, one));
        !ours || STAGES.iter().any(|allowed| within(path, allowed))
    };
    paths.iter().filter(|path| !fits(path)).collect()
}

#[test]
fn plans_and_inputs_ask_nothing_of_the_machine() {
    let src = workspace().join("crates/piku-core/src");
    let is_pure = |file: &str| PURE.iter().any(|start| file.starts_with(start));
    let mut found = Vec::new();
    let mut seen = 0;
    for (file, paths) in Modules::read(&src).named(&src).iter().filter(|(file, _)| is_pure(file)) {
        seen += 1;
        found.extend(effects(paths).into_iter().map(|path| format!("{file}: {path}")));
    }
    let mut sources = Vec::new();
    super::sources(&src, &mut sources);
    for (file, code) in sources {
        let file = file.strip_prefix(&src).unwrap();
        let said = ASKS
            .iter()
            .chain(&super::QUESTIONS)
            .filter(|word| is_pure(file.as_str()) && code.contains(*word));
        found.extend(said.map(|word| format!("{file}: {word}")));
    }
    assert!(seen > 8, "only {seen} files are held to it");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn an_effect_is_told_from_a_value() {
    let folder = tempfile::tempdir().unwrap();
    let src = Utf8Path::from_path(folder.path()).unwrap();
    let text = "use crate::host::{HostError, facts, files, socket_access::SocketAccess};\n\
                use crate::deploy::{DeployError, retire, source::{checkout, inputs::Inputs}};\n\
                fn f() { files::read(); SocketAccess::of(); crate::host::git::program(); facts::uwsgi() }";
    std::fs::write(src.join("lib.rs"), text).unwrap();
    let named = Modules::read(src).named(src);
    assert_eq!(
        effects(&named["lib.rs"]),
        [
            "crate::deploy::retire",
            "crate::deploy::source::checkout",
            "crate::host::facts",
            "crate::host::facts::uwsgi",
            "crate::host::files",
            "crate::host::files::read",
            "crate::host::git::program",
            "crate::host::socket_access::SocketAccess::of",
        ]
    );
}
