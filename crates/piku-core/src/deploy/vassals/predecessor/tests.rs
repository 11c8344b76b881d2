//! Stopping the processes of the previous release.

#![allow(clippy::disallowed_methods, reason = "tests start processes of their own")]

use camino::Utf8PathBuf;

use super::*;
use crate::cancel::Cancel;
use crate::host::Surroundings;
use crate::host::emperor::tests::speak;

const NAME: &str = "blog_worker.1@blog.3.0.ini";

fn worker() -> Enabled {
    Enabled::Ours(NAME.parse().unwrap())
}

fn root(folder: &tempfile::TempDir) -> Root {
    let root = Root::new(Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap());
    std::fs::create_dir_all(root.uwsgi_enabled()).unwrap();
    std::fs::create_dir_all(root.uwsgi()).unwrap();
    std::fs::write(root.uwsgi_enabled().join(NAME), "").unwrap();
    root
}

#[test]
fn a_process_that_does_not_end_in_time_refuses_the_deploy() {
    let folder = tempfile::tempdir().unwrap();
    let (root, surroundings) = (root(&folder), Surroundings::of_tests("/home/piku".into()));
    let scene = Scene { root: &root, surroundings: &surroundings, cancel: &Cancel::default() };
    // The test itself plays the vassal's master.
    let me = std::process::id();
    speak(&root.emperor_stats(), format!(r#"{{"vassals":[{{"id":"{NAME}","pid":{me}}}],"blacklist":[]}}"#));
    let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let short = Duration::from_millis(20);
    let refused = end_within(&scene, &[worker()], short, &mut |_| {}).unwrap_err();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(refused.code(), "deploy::still-running");
    let shown = refused.to_string();
    assert!(shown.starts_with("an old process has not ended: sleep (process "), "{shown}");
    assert!(!root.uwsgi_enabled().join(NAME).exists());
    assert!(
        !are_gone_within(&root, &"blog".parse().unwrap(), &[worker()], short, &mut |_| {}),
        "the emperor still knows it"
    );
}

#[test]
fn an_emperor_that_hangs_has_not_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let (root, surroundings) = (root(&folder), Surroundings::of_tests("/home/piku".into()));
    let scene = Scene { root: &root, surroundings: &surroundings, cancel: &Cancel::default() };
    let (names, short) = ([worker()], Duration::from_millis(20));
    let gone = || are_gone_within(&root, &"blog".parse().unwrap(), &names, short, &mut |_| {});
    assert!(gone(), "nobody listens");
    speak(&root.emperor_stats(), String::new());
    assert!(!gone());
    let refused = end_within(&scene, &names, short, &mut |_| {}).unwrap_err();
    assert!(refused.to_string().starts_with("the uWSGI emperor does not answer on `"), "{refused}");
    assert!(refused.help().is_some());
    assert!(root.uwsgi_enabled().join(NAME).exists(), "nothing is taken away that may not end");
}

#[test]
fn who_waits_for_long_is_told_for_what_and_only_once() {
    let folder = tempfile::tempdir().unwrap();
    let root = root(&folder);
    let me = std::process::id();
    speak(&root.emperor_stats(), format!(r#"{{"vassals":[{{"id":"{NAME}","pid":{me}}}],"blacklist":[]}}"#));
    let mut told = Vec::new();
    let mut report = |event: crate::event::Event<'_>| {
        if let crate::event::Event::Stage(text) = event {
            told.push(text.to_owned());
        }
    };
    let names = [worker(), Enabled::Ours("blog_-cron.1@blog.3.1.ini".parse().unwrap())];
    let long = Duration::from_millis(1300);
    assert!(!are_gone_within(&root, &"blog".parse().unwrap(), &names, long, &mut report));
    assert_eq!(told, ["Waiting for the cron jobs, worker.1 to end, 20 s at most"]);
}
