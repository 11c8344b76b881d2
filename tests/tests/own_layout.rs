//! Whoever embeds the leaves gets a layout of their own, without a word of piku in it.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "../examples/own_layout.rs"]
mod own_layout;

use own_layout::configuration;

#[test]
fn an_embedder_generates_vassals_and_a_site_for_its_own_folders() {
    let procfile = b"wsgi: shop.wsgi:application\nworker: python -m shop.jobs\n";
    let files = configuration("shop", "shop.example.org", procfile).unwrap();
    let all: String = files.iter().map(|file| format!("==> {}\n{}\n", file.path, file.text)).collect();
    assert!(!all.to_lowercase().contains("piku"), "{all}");
    insta::assert_snapshot!(all);
}

#[test]
fn an_embedder_hears_of_every_mistake_with_its_place() {
    let error = configuration("shop", "shop.example.org", b"web.1: x\nworker:\n").err().unwrap();
    let places: Vec<String> =
        error.to_string().lines().map(|line| line.split(": ").next().unwrap().to_owned()).collect();
    assert_eq!(places, ["1:4", "2:7"]);
}

#[test]
fn a_name_that_could_leave_its_line_is_refused() {
    let procfile = b"worker: python -m shop.jobs\n";
    for (name, host) in [("shop\n", "shop.example.org"), ("$(x)", "shop.example.org"), ("shop", "a;b")] {
        assert!(configuration(name, host, procfile).is_err(), "{name:?} {host:?}");
    }
}
