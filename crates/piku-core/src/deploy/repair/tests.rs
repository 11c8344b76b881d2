//! What repair starts, and what it only reports.

#![allow(clippy::disallowed_methods, reason = "tests look at a folder of their own")]

use camino::Utf8PathBuf;

use super::*;
use crate::deploy::vassals::enabled::Enabled;
use crate::event::Event;
use crate::host::emperor::tests::speak;
use crate::host::launch::record_path;

const RELEASE: &str = r#"{"number":3,"commit":"0123","created":"2026-11-23T04:30:00Z","cause":{"what":"restart"},"tree_of":3,
    "settings":"","formation":{},"live_env":{},
    "vassals":["blog_web.1@blog.3.1.ini","blog_worker.1@blog.3.1.ini"],"ports":[]}"#;

/// What would be done to the vassals, whether any are started, and what is told.
fn mending(root: &Root) -> (Result<(String, bool), HostError>, Vec<String>) {
    let mut told = Vec::new();
    let release: Release = serde_json::from_str(RELEASE).unwrap();
    let found = processes::difference(root, &"blog".parse().unwrap(), Some(&release), &mut |event| {
        if let Event::Warning { message, help } = event {
            told.push(format!("{message}; {}", help.unwrap_or_default()));
        }
    });
    let shown = |steps: Vec<Step>| {
        let steps: String = steps.iter().map(|step| format!("{step}\n")).collect();
        steps.replace(root.path().as_str(), "$PIKU")
    };
    (found.map(|found| (shown(found.start.clone()), !found.start.is_empty())), told)
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

#[test]
fn what_serves_ends_last_unless_the_live_release_needs_its_port_or_its_room() {
    let folder = tempfile::tempdir().unwrap();
    let root = root(&folder);
    let enable = |name: &str| std::fs::write(root.uwsgi_enabled().join(name), "").unwrap();
    let record = |name: &str, slot: &str| {
        let daemon =
            format!(r#"{{"work":{{"command":"x"}},"cwd":"/","slot":{slot},"drain_ms":0,"drain_port":null}}"#);
        let text = format!(r#"{{"uwsgi":"/u","env":{{}},"daemon":{daemon}}}"#);
        std::fs::write(record_path(&root.uwsgi_available(), name), text).unwrap();
    };
    for name in ["blog_web.1@blog.3.1.ini", "blog_worker.1@blog.3.1.ini"] {
        enable(name);
    }
    record("blog_web.1@blog.4.1.ini", "null");
    record("blog_web.2@blog.4.1.ini", "\"/run/blog@web.2.slot\"");
    for kind in ["web.1", "web.2", "wsgi.1", "worker.1"] {
        enable(&format!("blog_{kind}@blog.4.1.ini"));
    }
    let release: Release = serde_json::from_str(RELEASE).unwrap();
    let find = || {
        let found =
            processes::difference(&root, &"blog".parse().unwrap(), Some(&release), &mut |_| {}).unwrap();
        let shown = |all: &[Enabled]| {
            all.iter().map(|one| format!("{}.{}", one.kind(), one.index())).collect::<Vec<_>>().join(" ")
        };
        (shown(&found.ending), shown(&found.serving))
    };
    assert_eq!(find(), ("web.2 worker.1".to_owned(), "web.1 wsgi.1".to_owned()));
    std::fs::remove_file(root.uwsgi_enabled().join("blog_web.1@blog.3.1.ini")).unwrap();
    assert_eq!(find(), ("web.1 web.2 worker.1 wsgi.1".to_owned(), String::new()));
}
