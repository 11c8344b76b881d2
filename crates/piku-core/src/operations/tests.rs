//! The forms of results as JSON, on which other programs rely: what `--json` prints.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::*;
use crate::diagnostic::FileDiagnostic;
use crate::error::{Error, ErrorRecord};
use crate::host::HostError;

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

/// Writes a value, and requires that it reads back as what it was.
fn there_and_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) -> String {
    let text = json(value);
    assert_eq!(serde_json::from_str::<T>(&text).unwrap(), *value);
    text
}

#[test]
fn results_of_changes_and_listings_have_one_form_each() {
    let done = Done { release: 4, live: true, stopped: false, addresses: vec!["http://x.org/".into()] };
    let destroyed = Destroyed { removed: vec!["/r/apps/blog".into()], kept: vec!["/r/data/blog".into()] };
    let app = AppStatus {
        name: "blog".parse().unwrap(),
        running: true,
        release: None,
        maintenance: false,
        lock: None,
    };
    let process = ProcessStatus {
        index: 1,
        state: State::Running,
        pid: Some(7),
        since: Some(1),
        restarts: 0,
        last_ending: None,
        memory: Some(4096),
        cpu_ms: Some(20),
        port: Some(4001),
    };
    let kind = KindStatus {
        kind: "web".into(),
        count: 1,
        processes: vec![process],
        next: None,
        last: None,
        last_result: None,
    };
    let release = ReleaseEntry {
        number: 4,
        created: "2026-11-25T08:30:00Z".parse().unwrap(),
        commit: "1ee8373".into(),
        cause: "push of main".into(),
        by: None,
        live: true,
        live_since: None,
        subject: Some("Say hello".into()),
        state: ReleaseState::Live,
    };
    let line = LogLine {
        time: Some("2026-11-26T08:30:00.123Z".parse().unwrap()),
        process: "web.1".into(),
        kind: "web".into(),
        line: "GET /".into(),
    };
    let all = [
        there_and_back(&done),
        there_and_back(&destroyed),
        there_and_back(&app),
        there_and_back(&kind),
        there_and_back(&release),
        there_and_back(&line),
        json(&doctor::Finding { level: Level::Warning, about: "git", what: "old".into(), fix: None }),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    {"release":4,"live":true,"stopped":false,"addresses":["http://x.org/"]}
    {"removed":["/r/apps/blog"],"kept":["/r/data/blog"]}
    {"name":"blog","running":true,"release":null,"maintenance":false,"lock":null}
    {"kind":"web","count":1,"processes":[{"index":1,"state":"running","pid":7,"since":1,"restarts":0,"last_ending":null,"memory":4096,"cpu_ms":20,"port":4001}],"next":null,"last":null,"last_result":null}
    {"number":4,"created":"2026-11-25T08:30:00Z","commit":"1ee8373","cause":"push of main","by":null,"live":true,"live_since":null,"subject":"Say hello","state":"live"}
    {"time":"2026-11-26T08:30:00.123Z","process":"web.1","kind":"web","line":"GET /"}
    {"level":"warning","about":"git","what":"old","fix":null}
    "#);
}

#[test]
fn a_refusal_is_its_code_its_causes_and_what_to_do() {
    let app = "blog".parse().unwrap();
    let cause = std::io::Error::from(std::io::ErrorKind::NotFound);
    let refused = [
        Error::NeverDeployed { app, is_legacy: false },
        HostError::Start { program: "git".into(), source: cause }.into(),
    ];
    let lines = refused.map(|error| {
        assert_eq!(serde_json::from_str::<ErrorRecord>(&json(&error)).unwrap(), ErrorRecord::from(&error));
        json(&error)
    });
    insta::assert_snapshot!(lines.join("\n"), @r#"
    {"code":"app::never-deployed","message":"`blog` has no release yet","help":"push it: `git push piku@<server>:blog main`"}
    {"code":"host::start","message":"could not start `git`: entity not found","help":null}
    "#);
}

#[test]
fn what_check_found_is_written_without_the_texts() {
    let mut found = piku_procfile::Diagnostic::warning("env::quoted", 0..1, "odd");
    found.help = Some("write it without".to_owned());
    let checked = Checked {
        processes: Some(vec![CheckedProcess { name: "web".into(), command: "node app.js".into() }]),
        env: None,
        runtime: Some("node".into()),
        diagnostics: vec![FileDiagnostic::of_whole("ENV", found)],
    };
    insta::assert_snapshot!(json(&checked), @r#"{"processes":[{"name":"web","command":"node app.js"}],"env":null,"runtime":"node","diagnostics":[{"severity":"warning","code":"env::quoted","file":"ENV","line":1,"column":1,"message":"odd","help":"write it without"}]}"#);
}
