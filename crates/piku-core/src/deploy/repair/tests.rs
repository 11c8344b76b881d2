//! What repair starts, and what it only reports.

#![allow(clippy::disallowed_methods, reason = "tests look at a folder of their own")]

use camino::Utf8PathBuf;

use super::*;
use crate::event::Event;
use crate::host::emperor::tests::speak;

const RELEASE: &str = r#"{"number":3,"commit":"0123","created":"2026-11-23T04:30:00Z","cause":{"what":"restart"},"tree_of":3,
    "settings":"","formation":{},"live_env":{},
    "vassals":["blog_web.1@blog.3.1.ini","blog_worker.1@blog.3.1.ini"],"ports":[]}"#;

/// What would be done to the vassals, whether any are started, and what is told.
fn mending(root: &Root) -> (Result<(String, bool), HostError>, Vec<String>) {
    let mut told = Vec::new();
    let release: Release = serde_json::from_str(RELEASE).unwrap();
    let found = vassals(root, &"blog".parse().unwrap(), Some(&release), &mut |event| {
        if let Event::Warning { message, help } = event {
            told.push(format!("{message}; {}", help.unwrap_or_default()));
        }
    });
    let shown = |steps: Vec<Step>| {
        let steps: String = steps.iter().map(|step| format!("{step}\n")).collect();
        steps.replace(root.path().as_str(), "$PIKU")
    };
    (found.map(|(steps, restarted)| (shown(steps), restarted)), told)
}

fn root(folder: &tempfile::TempDir) -> Root {
    let root = Root::new(Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap());
    for path in [root.uwsgi_available(), root.uwsgi_enabled(), root.uwsgi()] {
        std::fs::create_dir_all(path).unwrap();
    }
    for name in ["blog_web.1@blog.3.1.ini", "blog_worker.1@blog.3.1.ini"] {
        let path = root.uwsgi_available().join(name);
        std::fs::write(record_path(&root.uwsgi_available(), name), "{}").unwrap();
        std::fs::write(path, "[uwsgi]").unwrap();
    }
    root
}

#[test]
fn a_process_whose_files_are_gone_is_named_and_the_others_are_started() {
    let folder = tempfile::tempdir().unwrap();
    let root = root(&folder);
    std::fs::remove_file(root.uwsgi_available().join("blog_web.1@blog.3.1.ini")).unwrap();
    let (found, told) = mending(&root);
    let (steps, restarted) = found.unwrap();
    assert!(restarted);
    assert!(
        !steps.contains("blog_web") && steps.contains("enable $PIKU/uwsgi-enabled/blog_worker"),
        "{steps}"
    );
    let told: Vec<String> = told.iter().map(|line| line.replace(root.path().as_str(), "$PIKU")).collect();
    assert_eq!(
        told,
        [
            "web.1 of `blog` is not running and can't be started: its files `$PIKU/uwsgi-available/blog_web.1@blog.3.1.ini*` \
          are gone; `piku deploy blog` creates them again"
        ]
    );
}

#[test]
fn nothing_is_started_under_a_name_that_a_hanging_emperor_may_know() {
    let folder = tempfile::tempdir().unwrap();
    let root = root(&folder);
    speak(&root.emperor_stats(), String::new());
    assert!(matches!(mending(&root).0, Err(HostError::EmperorSilent { .. })));
}
