//! `cargo xtask bench downtime`: requests at a steady rate during every kind of change.

use std::thread;
use std::time::{Duration, Instant};

use piku_tests::load::{Connections, Load, Report, Target};
use piku_tests::machine::Need;
use piku_tests::{App, TestServer};
use serde::Serialize;

use crate::{prepare, program, step};

/// Requests a second.
const RATE: u32 = 80;

/// The longest time that an answer may take.
const SLOWEST: Duration = Duration::from_millis(300);

/// Pause between two changes and after the last, so that late effects count for the right change.
const QUIET: Duration = Duration::from_millis(2500);

/// What is measured.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only apps of this kind
    #[arg(long, value_parser = ["wsgi", "web"])]
    only: Option<String>,
    /// Fewer changes, to see whether it works
    #[arg(long)]
    quick: bool,
}

/// The results of several changes of one kind.
#[derive(Debug, Serialize)]
struct Row {
    app: String,
    connections: &'static str,
    change: &'static str,
    changes: usize,
    requests: usize,
    failed: usize,
    slowest_ms: f64,
    p99_ms: f64,
    /// The median time a change took for the user.
    seconds: f64,
    /// The first failures.
    seen: Vec<String>,
}

/// A kind of change: its name, how often it is made, and how to make it the n-th time.
type Change<'a> = (&'static str, usize, Box<dyn Fn(usize) + 'a>);

/// Measures, prints a table, and writes `target/bench-downtime.json`.
///
/// # Errors
///
/// When a requirement is missing, or a request failed or was too slow.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    prepare::prepare(prepare::For::Demo)?;
    if let Some(missing) = Need::Nginx.missing() {
        return Err(missing);
    }
    program::release()?;
    step::announce("measuring");
    let mut rows = Vec::new();
    for kind in ["wsgi", "web"] {
        if options.only.as_deref().is_some_and(|only| only != kind) {
            continue;
        }
        for (connections, processes) in [(Connections::New, 1), (Connections::Kept, 1), (Connections::New, 4)]
        {
            measure(kind, connections, processes, options.quick, &mut rows);
        }
    }
    let file = program::target().join("bench-downtime.json");
    let json = serde_json::to_string_pretty(&rows).map_err(|error| error.to_string())?;
    std::fs::write(&file, json + "\n").map_err(|error| format!("{file} can't be written: {error}"))?;
    println!("\nwritten to {file}");
    verdict(&rows)
}

/// One app under load, during every kind of change.
fn measure(kind: &str, connections: Connections, processes: u32, quick: bool, rows: &mut Vec<Row>) {
    let server = TestServer::with_nginx();
    let name = format!("slow-{kind}");
    let app = server.app_from(&name, kind).served_as(&format!("{kind}.test"));
    app.write("ENV", app.read("ENV") + "PIKU_HEALTHCHECK=/up\nPIKU_HEALTHCHECK_TIMEOUT=3\n");
    app.push().succeeds();
    let scale = |count: u32| drop(server.ssh(["ps:scale", kind, &format!("{kind}={count}")]).succeeds());
    if processes > 1 {
        scale(processes);
    }
    let (address, host) = app.address();
    let load = Load::start(Target { address, host, path: "/".to_owned(), rate: RATE, connections });
    thread::sleep(QUIET);

    let times = |full: usize| if quick { 1 } else { full };
    let steps = [processes + 1, processes.div_ceil(2) + 1, processes];
    let changes: [Change<'_>; 6] = [
        ("push", times(10), Box::new(|n| push(&app, n))),
        ("restart", times(3), Box::new(|_| drop(server.ssh(["restart", kind]).succeeds()))),
        (
            "config:set",
            times(3),
            Box::new(|n| drop(server.ssh(["config:set", kind, &format!("N={n}")]).succeeds())),
        ),
        ("ps:scale", 3, Box::new(|n| scale(steps[n % steps.len()]))),
        ("rollback", times(3), Box::new(|_| drop(server.ssh(["rollback", kind]).succeeds()))),
        ("push that is refused", times(3), Box::new(|n| push_sick(&app, n))),
    ];
    for (change, count, make) in changes {
        let from = load.elapsed();
        let mut took: Vec<Duration> = (0..count)
            .map(|n| {
                let begin = Instant::now();
                make(n);
                let took = begin.elapsed();
                thread::sleep(QUIET);
                took
            })
            .collect();
        took.sort();
        let report = load.between(from, load.elapsed() - QUIET / 5);
        let shown = format!("{kind}, {processes} process{}", if processes == 1 { "" } else { "es" });
        let row = row(shown, connections, change, count, took[count / 2], &report);
        show(&row, rows.is_empty());
        rows.push(row);
    }
    drop(load.stop());
}

fn push(app: &App<'_>, n: usize) {
    app.write("app.py", app.read("app.py").replace("HEALTHY = False", "HEALTHY = True"));
    app.set_version(u32::try_from(n).unwrap_or(0) + 2);
    app.push().succeeds();
}

/// Pushes a version that does not become healthy.
fn push_sick(app: &App<'_>, n: usize) {
    app.set_version(u32::try_from(n).unwrap_or(0) + 100);
    app.write("app.py", app.read("app.py").replace("HEALTHY = True", "HEALTHY = False"));
    app.push().is_refused();
}

fn row(
    app: String,
    connections: Connections,
    change: &'static str,
    changes: usize,
    took: Duration,
    report: &Report,
) -> Row {
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let seen = |failure: &piku_tests::load::Failure| {
        format!("at {:.3} s: {}", failure.due.as_secs_f64(), failure.what)
    };
    Row {
        app,
        connections: if connections == Connections::New { "new" } else { "kept" },
        change,
        changes,
        requests: report.requests,
        failed: report.failures.len(),
        slowest_ms: ms(report.slowest),
        p99_ms: ms(report.p99),
        seconds: took.as_secs_f64(),
        seen: report.failures.iter().take(5).map(seen).collect(),
    }
}

/// Prints a row as soon as it is measured, since the whole takes minutes.
fn show(row: &Row, first: bool) {
    if first {
        println!(
            "\n| app | connections | change | times | requests | failed | slowest ms | p99 ms | seconds each |"
        );
        println!("|---|---|---|---|---|---|---|---|---|");
    }
    let Row { app, connections, change, changes, requests, failed, slowest_ms, p99_ms, seconds, seen } = row;
    println!(
        "| {app} | {connections} | {change} | {changes} | {requests} | {failed} | {slowest_ms:.0} | {p99_ms:.0} | {seconds:.2} |"
    );
    for failure in seen {
        println!("  {failure}");
    }
}

fn verdict(rows: &[Row]) -> Result<(), String> {
    let failed: usize = rows.iter().map(|row| row.failed).sum();
    let requests: usize = rows.iter().map(|row| row.requests).sum();
    let slowest = rows.iter().map(|row| row.slowest_ms).fold(0.0, f64::max);
    println!("\n{failed} of {requests} requests failed; the slowest answer took {slowest:.0} ms");
    let limit = SLOWEST.as_secs_f64() * 1000.0;
    if failed == 0 && slowest < limit {
        return Ok(());
    }
    Err(format!("not a request may fail, and none take {limit:.0} ms"))
}
