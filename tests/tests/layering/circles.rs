//! No file of a crate takes something, by whatever way, from one that takes something from it.

use std::collections::{BTreeMap, BTreeSet};

use piku_tests::piku::workspace;

use super::imports::Modules;

/// The files that reach themselves, those of one circle together.
fn circles(arrows: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<Vec<String>> {
    let reached = |start: &String| {
        let mut seen = BTreeSet::new();
        let mut next = vec![start];
        while let Some(file) = next.pop() {
            next.extend(arrows.get(file).into_iter().flatten().filter(|other| seen.insert((*other).clone())));
        }
        seen
    };
    let all: BTreeMap<&String, BTreeSet<String>> = arrows.keys().map(|file| (file, reached(file))).collect();
    let own = all.iter().filter(|(file, below)| below.contains(**file));
    own.map(|(file, below)| below.iter().filter(|other| all[other].contains(*file)).cloned().collect())
        .collect()
}

#[test]
fn no_file_depends_on_itself_by_way_of_others() {
    let mut found = String::new();
    let crates = workspace().join("crates").read_dir_utf8().unwrap().flatten().map(|entry| entry.into_path());
    for package in crates {
        let src = package.join("src");
        let arrows = Modules::read(&src).arrows(&src);
        for circle in circles(&arrows) {
            for file in &circle {
                let inside: Vec<_> = arrows[file].iter().filter(|other| circle.contains(other)).collect();
                found += &format!("{src}: {file} -> {inside:?}\n");
            }
        }
    }
    assert!(found.is_empty(), "circles of imports:\n{found}");
}

#[test]
fn a_circle_is_seen_through_a_re_export_and_a_path_in_code() {
    let folder = tempfile::tempdir().unwrap();
    let src = camino::Utf8Path::from_path(folder.path()).unwrap();
    for (file, text) in [
        ("lib.rs", "mod a; mod b; mod c; mod d; pub use a::A; pub(crate) use b::{inner::B, *};"),
        ("a.rs", "use crate::{B, c}; pub struct A; fn f() { c::g() }"),
        ("b/mod.rs", "pub mod inner; pub fn made() {}"),
        ("b/inner.rs", "use std::fmt; pub struct B(super::super::A);"),
        ("c.rs", "pub fn g() { crate::made() }\n#[cfg(test)]\nmod tests { use crate::A; }"),
        // Reads of nobody who reads of it: a name alone in a comment or a text is no import.
        ("d.rs", "// crate::A\nuse crate::A; const D: &str = \"crate::d\";"),
    ] {
        std::fs::create_dir_all(src.join(file).parent().unwrap()).unwrap();
        std::fs::write(src.join(file), text).unwrap();
    }
    let arrows = Modules::read(src).arrows(src);
    let said: Vec<String> = arrows
        .iter()
        .flat_map(|(file, others)| others.iter().map(move |other| format!("{file} -> {other}")))
        .collect();
    assert_eq!(
        said,
        ["a.rs -> b/inner.rs", "a.rs -> c.rs", "b/inner.rs -> a.rs", "c.rs -> b/mod.rs", "d.rs -> a.rs"]
    );
    let found = circles(&arrows);
    assert_eq!(Vec::from_iter(found), [["a.rs", "b/inner.rs"]]);
}
