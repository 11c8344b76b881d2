//! `cargo xtask bench scale`: a root with 1,000 apps, beside one with ten.
//!
//! Pushing 1,000 apps would take minutes, so most are copies of two that were pushed, a static site and a `web` app that
//! was then stopped: every file and link of theirs in the root, with the name of the app and its port replaced. Only
//! the fingerprint by which piku recognizes a site in nginx stays that of the model. The apps that run were pushed.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use piku_tests::machine::Need;
use piku_tests::{Account, App, TestServer, http};

use super::cost::{Row, command, row, show};
use crate::{prepare, program, step};

/// The limit for `apps`, in milliseconds.
const APPS_MS: f64 = 20.0;
/// The limit for a push to the large root, compared with the small one.
const RATIO: f64 = 1.1;
/// The limit for the emperor at rest, in hundredths of a core.
const EMPEROR: f64 = 1.0;

/// How many apps there are beside the one that is pushed, and how many of them run.
#[derive(Clone, Copy)]
struct Size {
    apps: usize,
    running: usize,
}

const SMALL: Size = Size { apps: 9, running: 2 };
const LARGE: Size = Size { apps: 999, running: 20 };

/// The names of the apps that others are copies of: no other text in a root is like them.
const MODELS: [&str; 2] = ["modelsite", "modelweb"];
/// Where the ports of copies begin. piku picks below, and here only what is free.
const PORTS: usize = 30_000;

/// How long the emperor is watched.
const WATCH: Duration = Duration::from_secs(15);
/// How often nginx is asked whether it has been reloaded.
const LOOK: Duration = Duration::from_millis(2);

/// Measures, and prints a table.
///
/// # Errors
///
/// When a requirement is missing, or a limit is exceeded.
pub(crate) fn run(pushes: usize, runs: usize) -> Result<(), String> {
    prepare::prepare(prepare::For::Demo)?;
    if let Some(missing) = Need::Nginx.missing() {
        return Err(missing);
    }
    let program = program::release()?;
    step::announce("making the roots");
    // On the machine itself, because entering namespaces is not piku's cost.
    let [small, large] = [SMALL, LARGE].map(filled);
    let [few, many] =
        [&small, &large].map(|server| server.app_from("hello-wsgi", "blog").served_as("blog.test"));
    for app in [&few, &many] {
        app.push().succeeds();
    }

    step::announce("measuring");
    let at_rest = emperor_at_rest(&large);
    let mut rows = pushed_by_turns([&few, &many], pushes);
    let ratio = rows[1].median_ms / rows[0].median_ms;
    for (server, size) in [(&small, SMALL), (&large, LARGE)] {
        rows.push(row(&format!("nginx's reload, {} apps", size.apps + 1), reloads(server, pushes), None));
    }
    for (server, size) in [(&small, SMALL), (&large, LARGE)] {
        rows.push(command(
            &format!("piku apps, {} apps", size.apps + 1),
            server,
            program.as_str(),
            &["apps"],
            runs,
        ));
    }
    let apps = rows.last().map_or(f64::NAN, |row| row.median_ms);
    show(&rows);
    println!("\na push to the large root takes {ratio:.2} times one to the small (limit {RATIO})");
    println!(
        "the emperor at rest, {} apps running: {at_rest:.2} % of a core (limit {EMPEROR})",
        LARGE.running + 1
    );

    let misses = [
        (apps > APPS_MS, "`apps` takes too long"),
        (ratio > RATIO, "a push to the large root takes too long"),
        (at_rest > EMPEROR, "the emperor works at rest"),
    ];
    let misses: Vec<&str> = misses.into_iter().filter(|(missed, _)| *missed).map(|(_, what)| what).collect();
    if misses.is_empty() { Ok(()) } else { Err(misses.join("; ")) }
}

/// A server with this many apps: those that run, and static sites and stopped apps by turns.
fn filled(size: Size) -> TestServer {
    let server = TestServer::builder().as_user(Account::Tester).with_nginx().start();
    for number in 1..=size.running {
        let app = server.app(&format!("running{number}")).file("Procfile", "worker: exec sleep 1000000\n");
        app.push().succeeds();
    }
    let [site, web] = MODELS;
    let app = server.app_from("static", site).served_as(&format!("{site}.test"));
    app.push().succeeds();
    let app = server.app_from("hello-web", web).served_as(&format!("{web}.test"));
    app.push().succeeds();
    let port = app.port().to_string();
    server.piku(["stop", web]).succeeds();
    for number in 0..size.apps - size.running - MODELS.len() {
        let (name, own) = (format!("still{number}"), (PORTS + number).to_string());
        copy_app(&server.root(), MODELS[number % 2], &name, &[&port, &own]);
    }
    let listed = server.piku(["apps"]).succeeds().stdout.lines().count();
    assert!(listed >= size.apps, "{listed} apps are listed");
    server
}

/// Makes an app like `model`: every file and link of it in the root, with its name and its port replaced in names and
/// texts.
fn copy_app(root: &Utf8Path, model: &str, name: &str, [port, own]: &[&str; 2]) {
    let renamed = |text: &str| text.replace(model, name).replace(port, own);
    for folder in root.read_dir_utf8().expect("the root is a folder").flatten() {
        for entry in folder.path().read_dir_utf8().into_iter().flatten().flatten() {
            let its = |rest: &str| !rest.starts_with(|next: char| next.is_ascii_alphanumeric());
            let named = entry.file_name().strip_prefix(model).is_some_and(its);
            let holds = || fs::read_to_string(entry.path()).is_ok_and(|holder| holder == model);
            let is_port = folder.file_name() == "ports" && entry.file_name() == *port && holds();
            // Sockets are made when they are needed.
            let kept =
                entry.file_type().is_ok_and(|kind| kind.is_file() || kind.is_dir() || kind.is_symlink());
            if kept && (named || is_port) {
                copy(entry.path(), &folder.path().join(renamed(entry.file_name())), &renamed);
            }
        }
    }
}

/// Copies a file, a link, or a folder, with its modes.
fn copy(from: &Utf8Path, to: &Utf8Path, renamed: &dyn Fn(&str) -> String) {
    let copied = || -> std::io::Result<()> {
        let about = fs::symlink_metadata(from)?;
        if about.is_symlink() {
            return std::os::unix::fs::symlink(renamed(from.read_link_utf8()?.as_str()), to);
        }
        if about.is_dir() {
            fs::create_dir(to)?;
            fs::set_permissions(to, about.permissions())?;
            for entry in from.read_dir_utf8()?.flatten() {
                copy(entry.path(), &to.join(renamed(entry.file_name())), renamed);
            }
            return Ok(());
        }
        match String::from_utf8(fs::read(from)?) {
            Ok(text) => fs::write(to, renamed(&text))?,
            Err(binary) => fs::write(to, binary.as_bytes())?,
        }
        fs::set_permissions(to, about.permissions())
    };
    copied().unwrap_or_else(|error| panic!("{from} can't be copied to {to}: {error}"));
}

/// Pushes small changes of an app to both roots by turns.
fn pushed_by_turns(apps: [&App<'_>; 2], pushes: usize) -> Vec<Row> {
    let mut times = [Vec::new(), Vec::new()];
    for version in 2..2 + u32::try_from(pushes).unwrap_or(0) {
        for (app, times) in apps.iter().zip(&mut times) {
            app.set_version(version);
            app.git().commit("Say another version");
            let begin = Instant::now();
            app.push_with(["main"]).succeeds();
            times.push(begin.elapsed());
        }
    }
    let rows = [SMALL, LARGE].into_iter().zip(times);
    rows.map(|(size, times)| row(&format!("git push, {} apps", size.apps + 1), times, None)).collect()
}

/// How long nginx takes from the order to reload until it answers by its new configuration.
fn reloads(server: &TestServer, times: usize) -> Vec<Duration> {
    let address = server.address();
    let probe = server.root().join("nginx/probe.conf");
    let reload = |number: usize| {
        let text =
            format!("server {{ listen {address}:80; server_name probe.test; return 200 {number}; }}\n");
        fs::write(&probe, text).expect("a site can be written");
        let begin = Instant::now();
        // It warns that 1,000 names take more room than it usually has for them.
        let mut command = server.command("sh");
        let status = command.args(["-c", "exec $PIKU_NGINX_RELOAD"]).stderr(Stdio::null()).status();
        assert!(status.is_ok_and(|status| status.success()), "nginx can't be reloaded");
        let answers = || http::get((address, 80).into(), "probe.test", "/");
        while !answers().is_ok_and(|answer| answer.body == number.to_string()) {
            assert!(begin.elapsed() < Duration::from_secs(60), "nginx is not reloaded");
            thread::sleep(LOOK);
        }
        begin.elapsed()
    };
    (1..=times).map(reload).collect()
}

/// The hundredths of a core that the emperor takes when nothing happens: its master, which writes the log, and the
/// process that watches the vassals.
fn emperor_at_rest(server: &TestServer) -> f64 {
    let master = server.emperor_id().unwrap_or(0);
    let watches = server.text("uwsgi/emperor.pid");
    let spent = || -> Duration {
        let emperor = |id: u32| id == master || watches.trim() == id.to_string();
        let both: Vec<_> = server.processes().into_iter().filter(|process| emperor(process.id)).collect();
        assert_eq!(both.len(), 2, "the emperor is two processes: {both:?}");
        both.iter().map(|process| process.processor_time()).sum()
    };
    let before = (Instant::now(), spent());
    thread::sleep(WATCH);
    (spent() - before.1).as_secs_f64() / before.0.elapsed().as_secs_f64() * 100.0
}
