//! Screens of different sizes, drawn without a terminal.

use piku_core::Snapshot;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::{Value, json};

use super::super::lines;
use super::super::view::{Then, View, Wish};
use super::*;

const NOW: i64 = 1_795_687_512;

fn process(name: &str, state: &str, memory: u64, cpu: f64, since: i64, restarts: u32) -> Value {
    json!({
        "process": name, "state": state, "pid": 4000 + since, "since": NOW - since,
        "restarts": restarts, "memory": memory, "cpu": cpu,
    })
}

fn traffic(per_second: f64, failed: u64) -> Value {
    let seconds: Vec<u64> = (0..60).map(|second| second % 9).collect();
    let minute = |ago: i64, requests: u64| {
        json!({
            "begin": format!("2026-11-26T10:0{}:00Z", 4 - ago), "requests": requests,
            "refused": 3, "failed": failed, "p50_ms": 12, "p95_ms": 1400,
        })
    };
    json!({
        "per_second": per_second, "failed_per_second": 0.2, "seconds": seconds,
        "lately": minute(0, 740), "minutes": [minute(1, 600), minute(0, 740)],
    })
}

fn app(name: &str, processes: &[Value], traffic: Value) -> Value {
    json!({ "app": name, "release": 3, "stopped": false, "processes": processes, "traffic": traffic })
}

fn snapshot(apps: &[Value]) -> Snapshot {
    let machine = json!({
        "cores": 2, "load": 0.42, "memory": 2_147_483_648_u64, "available": 1_825_361_100_u64,
    });
    serde_json::from_value(json!({ "time": "2026-11-26T10:05:12Z", "machine": machine, "apps": apps }))
        .unwrap()
}

fn blog() -> Value {
    let web = process("wsgi.1", "running", 26_947_000, 0.3, 90_000, 0);
    let worker = process("worker.1", "failing", 8_000_000, 101.2, 12, 7);
    app("blog", &[web, worker], traffic(12.3, 4))
}

fn two() -> Snapshot {
    let web = process("web.1", "running", 61_000_000, 3.0, 400, 1);
    let down = json!({
        "process": "cron", "state": "down", "pid": null, "since": null, "restarts": 0, "memory": null, "cpu": null,
    });
    snapshot(&[blog(), app("shop", &[web, down], traffic(0.0, 0))])
}

fn view(app: Option<&str>, snapshots: &[Snapshot]) -> View {
    let mut view = View::new(app.map(|app| app.parse().unwrap()), jiff::tz::TimeZone::UTC, true);
    snapshots.iter().cloned().for_each(|snapshot| view.take(snapshot));
    view
}

fn screen(view: &View, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| render(view, frame.area(), frame.buffer_mut())).unwrap();
    let shown = terminal.backend().to_string();
    shown.lines().map(|line| line.trim_matches('"').trim_end()).collect::<Vec<_>>().join("\n")
}

#[test]
fn all_apps_fit_on_an_ordinary_screen() {
    insta::assert_snapshot!(screen(&view(None, &[two(), two()]), 80, 24));
}

#[test]
fn a_narrow_or_low_screen_has_what_matters_most() {
    let view = view(None, &[two()]);
    insta::assert_snapshot!("narrow", screen(&view, 50, 20));
    insta::assert_snapshot!("low", screen(&view, 80, 8));
    for (width, height) in [(1, 1), (3, 2), (20, 3), (7, 40), (300, 5)] {
        screen(&view, width, height);
    }
}

#[test]
fn nothing_to_show_is_said() {
    insta::assert_snapshot!("empty", screen(&view(None, &[snapshot(&[])]), 80, 24));
    assert_eq!(screen(&view(None, &[]), 80, 2).trim_end(), "Looking at the apps …");
    let none = app("blog", &[], Value::Null);
    assert!(
        screen(&view(None, &[snapshot(std::slice::from_ref(&none))]), 80, 24)
            .contains("no app has a process")
    );
    assert!(screen(&view(Some("blog"), &[snapshot(&[none])]), 80, 24).contains("no processes are running"));
}

#[test]
fn one_app_is_shown_with_its_minutes() {
    insta::assert_snapshot!(screen(&view(Some("blog"), &[snapshot(&[blog()])]), 80, 24));
}

#[test]
fn keys_sort_move_and_open() {
    let mut view = view(None, &[two()]);
    let names =
        |view: &View| view.rows().iter().map(|(_, one)| one.process.clone()).collect::<Vec<_>>().join(" ");
    assert_eq!(names(&view), "wsgi.1 worker.1 web.1 cron");
    assert_eq!(view.wish(Wish::Next), Then::Go);
    assert_eq!(names(&view), "web.1 wsgi.1 worker.1 cron", "by memory");
    view.wish(Wish::Next);
    assert_eq!(names(&view), "worker.1 web.1 wsgi.1 cron", "by CPU time");
    view.wish(Wish::Reverse);
    assert_eq!(names(&view), "cron wsgi.1 web.1 worker.1");
    view.wish(Wish::Previous);
    view.wish(Wish::Previous);
    view.wish(Wish::Reverse);
    assert_eq!(names(&view), "wsgi.1 worker.1 web.1 cron");
    view.wish(Wish::Move(-1));
    view.wish(Wish::Page(1));
    view.wish(Wish::Move(1));
    assert_eq!(view.selected, 3, "no further than the last row");
    assert_eq!(view.wish(Wish::Open), Then::Watch(Some("shop".parse().unwrap())));
    assert_eq!(view.wish(Wish::Open), Then::Go, "it is shown already");
    assert_eq!(view.wish(Wish::Back), Then::Watch(None));
    assert_eq!((view.wish(Wish::Back), view.wish(Wish::Quit)), (Then::End, Then::End));
}

#[test]
fn the_selected_row_stays_on_the_screen() {
    let many: Vec<Value> = (1..=40).map(|n| process(&format!("web.{n}"), "running", 1, 0.0, 5, 0)).collect();
    let mut view = view(None, &[snapshot(&[app("blog", &many, Value::Null)])]);
    assert!(!screen(&view, 80, 24).contains("web.40"));
    view.wish(Wish::Last);
    assert!(screen(&view, 80, 24).contains("web.40"));
}

#[test]
fn a_name_can_not_drive_the_terminal() {
    let odd = process("we\u{1b}[2Jb\u{7}.1", "running", 1, 0.0, 5, 0);
    let shown = screen(&view(None, &[snapshot(&[app("blog", &[odd], Value::Null)])]), 80, 24);
    assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
}

#[test]
fn plain_tables_have_the_same_figures() {
    let zone = jiff::tz::TimeZone::UTC;
    insta::assert_snapshot!("tables_of_all", lines::all(&two(), false, &zone).join("\n"));
    insta::assert_snapshot!("tables_of_one", lines::all(&snapshot(&[blog()]), true, &zone).join("\n"));
    assert_eq!(lines::all(&snapshot(&[]), false, &zone), [""; 0]);
}
