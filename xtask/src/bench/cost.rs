//! `cargo xtask bench cost`: what piku costs, compared with doing without it in the same run.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use piku_tests::machine::{self, Need};
use piku_tests::{Account, App, TestServer};
use serde::Serialize;

use crate::{prepare, program, step};

/// Some measurements of one operation.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) what: String,
    pub(super) median_ms: f64,
    min_ms: f64,
    runs: usize,
    /// The ratio of medians to a plain push in the same run.
    #[serde(skip_serializing_if = "Option::is_none")]
    times_plain_push: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_rss_kb: Option<u64>,
}

/// Measures, prints a table, and writes `target/bench.json`.
///
/// # Errors
///
/// When a requirement is missing, or a measured command fails.
pub(crate) fn run(pushes: usize, runs: usize) -> Result<(), String> {
    prepare::prepare(prepare::For::Demo)?;
    let program = program::release()?;
    step::announce("measuring");

    let mut rows = Vec::new();
    // On the machine itself, because entering namespaces is not piku's cost.
    let server = TestServer::builder().as_user(Account::Tester);
    let with_nginx = Need::Nginx.missing().is_none();
    let server = if with_nginx { server.with_nginx() } else { server }.start();

    measure_pushes(&server, pushes, with_nginx, &mut rows);
    measure_rollbacks(&server, pushes, &mut rows);
    measure_many_files(&server, pushes, with_nginx, &mut rows);
    rows.push(command("piku apps, 1 app", &server, program.as_str(), &["apps"], runs));
    for number in 2..=50 {
        let app = server.app(&format!("app{number}")).file("Procfile", "worker: exec sleep 1000000\n");
        app.push().succeeds();
    }
    rows.push(command("piku apps, 50 apps", &server, program.as_str(), &["apps"], runs));
    rows.push(command("piku --version", &server, program.as_str(), &["--version"], runs));
    rows.push(command("/bin/true", &server, "/bin/true", &[], runs));
    drop(server);

    show(&rows);
    let file = program::target().join("bench.json");
    let json = serde_json::to_string_pretty(&rows).map_err(|error| error.to_string())?;
    std::fs::write(&file, json + "\n").map_err(|error| format!("{file} can't be written: {error}"))?;
    println!("\nwritten to {file}");
    Ok(())
}

/// Pushes small changes of the same app alternately to a bare repository and to piku.
fn measure_pushes(server: &TestServer, pushes: usize, with_nginx: bool, rows: &mut Vec<Row>) {
    let plain = server.plain_repository("blog").with_files_of(&piku_tests::piku::apps().join("hello-wsgi"));
    let blog = server.app_from("hello-wsgi", "blog");
    let blog = if with_nginx { blog.served_as("blog.test") } else { blog };
    for app in [&plain, &blog] {
        app.push().succeeds();
    }
    let behind = if with_nginx { ", behind nginx" } else { "" };
    let names = [
        "git push to a bare repository".to_owned(),
        format!("git push to piku, nothing to build{behind}"),
        format!("the same, until the new version answers{behind}"),
    ];
    by_turns(&plain, &blog, 2, pushes, names, rows);
}

/// Like [`measure_pushes`], with one changed line among 5,000 files, once there are trees to reuse.
fn measure_many_files(server: &TestServer, pushes: usize, with_nginx: bool, rows: &mut Vec<Row>) {
    let plain = server.plain_repository("many").with_files_of(&piku_tests::piku::apps().join("hello-wsgi"));
    let many = server.app_from("hello-wsgi", "many");
    let many = if with_nginx { many.served_as("many.test") } else { many };
    for app in [&plain, &many] {
        for number in 0..5000 {
            app.write(&format!("files/{}/{number}.txt", number % 50), format!("file {number}\n").repeat(40));
        }
        app.push().succeeds();
    }
    for version in 2..9 {
        many.set_version(version);
        many.push().succeeds();
    }
    let names = [
        "5,000 files: git push of one line to a bare repository",
        "5,000 files: the same to piku",
        "5,000 files: the same, until the new version answers",
    ];
    by_turns(&plain, &many, 9, pushes, names.map(str::to_owned), rows);
}

/// Rolls back and forth between two releases.
fn measure_rollbacks(server: &TestServer, runs: usize, rows: &mut Vec<Row>) {
    let [mut to_exit, mut to_live] = [Vec::new(), Vec::new()];
    let app = server.app_from("hello-wsgi", "back");
    for version in [1, 2] {
        app.set_version(version);
        app.git().run(["commit", "--quiet", "--allow-empty", "-m", "Next"]);
        app.push().succeeds();
    }
    for run in 0..runs {
        // The release that is not live; its number is that of its version.
        let version = 1 + u32::try_from(run % 2).unwrap_or(0);
        let begin = Instant::now();
        let (exit, live) = thread::scope(|scope| {
            let live = scope.spawn(|| until_it_answers(&app, version, begin));
            server.ssh(["rollback", "back", &version.to_string()]).succeeds();
            (begin.elapsed(), live.join().expect("somebody asks the app"))
        });
        to_exit.push(exit);
        to_live.push(live);
    }
    rows.push(row("rollback over ssh", to_exit, None));
    rows.push(row("the same, until the other version answers", to_live, None));
}

/// Pushes alternately to a bare repository and to piku.
fn by_turns(
    plain: &App<'_>,
    blog: &App<'_>,
    first: u32,
    pushes: usize,
    names: [String; 3],
    rows: &mut Vec<Row>,
) {
    let (mut to_plain, mut to_exit, mut to_live) = (Vec::new(), Vec::new(), Vec::new());
    for version in first..first + u32::try_from(pushes).unwrap_or(0) {
        for app in [plain, blog] {
            app.set_version(version);
            app.git().commit("Say another version");
        }
        let begin = Instant::now();
        plain.push_with(["main"]).succeeds();
        to_plain.push(begin.elapsed());

        let begin = Instant::now();
        let (exit, live) = thread::scope(|scope| {
            let live = scope.spawn(|| until_it_answers(blog, version, begin));
            blog.push_with(["main"]).succeeds();
            (begin.elapsed(), live.join().expect("somebody asks the app"))
        });
        to_exit.push(exit);
        to_live.push(live);
    }
    let [plain, to_piku, until_live] = names;
    let plain = row(&plain, to_plain, None);
    let floor = plain.median_ms;
    rows.push(plain);
    rows.push(row(&to_piku, to_exit, Some(floor)));
    rows.push(row(&until_live, to_live, Some(floor)));
}

/// Waits until the app answers with this version.
fn until_it_answers(app: &App<'_>, version: u32, begin: Instant) -> Duration {
    let wanted = format!("Hello from version {version}\n");
    let (address, host) = app.address();
    loop {
        if piku_tests::http::get(address, &host, "/").is_ok_and(|answer| answer.body == wanted) {
            return begin.elapsed();
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "version {version} never answers");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Measures runs of a command on the server itself.
pub(super) fn command(what: &str, server: &TestServer, program: &str, words: &[&str], runs: usize) -> Row {
    let times = (0..runs).map(|_| {
        let mut command = server.command(program);
        command.args(words).stdin(Stdio::null()).stdout(Stdio::null());
        let begin = Instant::now();
        let done = command.status().is_ok_and(|status| status.success());
        assert!(done, "{what} fails");
        begin.elapsed()
    });
    let times = times.collect();
    Row { peak_rss_kb: peak(server, program, words), ..row(what, times, None) }
}

/// The peak memory of the command, according to GNU time.
fn peak(server: &TestServer, program: &str, words: &[&str]) -> Option<u64> {
    let time = machine::find("time")?;
    let mut command: Command = server.command(time.as_str());
    command.args(["-f", "%M", program]).args(words).stdout(Stdio::null());
    let output = command.stderr(Stdio::piped()).output().ok()?;
    String::from_utf8_lossy(&output.stderr).lines().last()?.trim().parse().ok()
}

/// The median of some times.
pub(super) fn row(what: &str, mut times: Vec<Duration>, floor: Option<f64>) -> Row {
    times.sort();
    let ms = |time: &Duration| time.as_secs_f64() * 1000.0;
    let middle = times.len() / 2;
    let median_ms = match times.len() {
        0 => f64::NAN,
        even if even.is_multiple_of(2) => f64::midpoint(ms(&times[middle - 1]), ms(&times[middle])),
        _ => ms(&times[middle]),
    };
    Row {
        what: what.to_owned(),
        median_ms,
        min_ms: times.first().map_or(f64::NAN, ms),
        runs: times.len(),
        times_plain_push: floor.map(|floor| median_ms / floor),
        peak_rss_kb: None,
    }
}

/// Prints a table.
pub(super) fn show(rows: &[Row]) {
    println!("\n| what | median ms | min ms | x plain push | peak MB |\n|---|---|---|---|---|");
    for row in rows {
        let times = row.times_plain_push.map_or(String::new(), |times| format!("{times:.2}"));
        #[expect(clippy::cast_precision_loss, reason = "a few megabytes")]
        let peak = row.peak_rss_kb.map_or(String::new(), |kb| format!("{:.1}", kb as f64 / 1024.0));
        println!("| {} | {:.1} | {:.1} | {times} | {peak} |", row.what, row.median_ms, row.min_ms);
    }
}
