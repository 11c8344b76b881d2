//! kill -9 at every step of a deploy, and a full disk at every step: what is found afterwards.
//!
//! strace(1) ends the deploying process at the n-th call of each kind that changes what others see, before the call
//! is carried out; so every step is met once, and nothing of piku knows of it.

use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::thread;

use piku_tests::{App, TestServer, eventually, needs, piku};

/// The system calls that make, move, and remove files. What is written meanwhile is in files that have no name yet.
const CALLS: [&str; 12] = [
    "mkdir",
    "mkdirat",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "rmdir",
];

/// No deploy makes so many calls of one kind; one that does would go on for ever.
const MOST: usize = 60;

/// One step that a deploy was ended at, and what was found.
#[derive(Debug)]
struct Row {
    deploy: &'static str,
    step: String,
    served: String,
    afterwards: String,
    wrong: Vec<String>,
}

/// What ends at a step: the process, or the room on the disk.
#[derive(Clone, Copy)]
enum Fault {
    Kill,
    FullDisk,
}

impl Fault {
    fn injection(self, call: &str, number: usize) -> String {
        match self {
            Self::Kill => format!("inject={call}:signal=KILL:when={number}"),
            Self::FullDisk => format!("inject={call}:error=ENOSPC:when={number}"),
        }
    }
}

/// Runs piku on the server with a fault at the n-th call of a kind. Gives its exit status and the call, or `None`
/// when there was no n-th.
fn with_fault(
    server: &TestServer,
    words: &[&str],
    fault: Fault,
    call: &str,
    number: usize,
) -> Option<(i32, String)> {
    let trace = server.home().join(format!("trace.{call}.{number}.{}", words.join(".").replace('/', "_")));
    let mut command = server.command("strace");
    command.args(["-qq", "-e", "signal=none", "-o", trace.as_str(), "-e", &format!("trace={call}")]);
    command.args(["-e", &fault.injection(call, number), piku::program().as_str()]).args(words);
    let output = command.output().unwrap();
    let text = std::fs::read_to_string(&trace).unwrap_or_default();
    std::fs::remove_file(&trace).unwrap();
    let hit = text.lines().filter(|line| line.starts_with(call)).nth(number - 1)?;
    let home = server.home().as_str();
    let shown =
        hit.split(" = ").next().unwrap_or(hit).replace(&format!("{home}/.piku/"), "").replace(home, "~");
    let status = output.status.code().unwrap_or(137);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("panicked"), "{shown}: {said}");
    Some((status, shown))
}

/// Where the version of the `web` app is: piku watches processes whose code is new for seconds, which would be spent at
/// every step.
const VERSION: &str = "README";

/// Commits a new version and hands it to the server's repository, past every hook.
fn hand_over(server: &TestServer, app: &App<'_>, version: u32) {
    if app.read(VERSION).is_empty() {
        app.set_version(version);
    } else {
        app.write(VERSION, format!("VERSION = {version}\n"));
    }
    if app.git().is_dirty() {
        app.git().commit("Change the app");
    }
    let repository = server.root().join("repos").join(app.name());
    if !repository.exists() {
        server.git(["init", "--quiet", "--bare", repository.as_str()]).succeeds();
        server.git(["-C", repository.as_str(), "symbolic-ref", "HEAD", "refs/heads/main"]).succeeds();
    }
    // A file, since git fetches from no repository that is owned by somebody else.
    let bundle = app.git().folder().join(".git/handed-over");
    app.git().run(["bundle", "create", "--quiet", bundle.as_str(), "HEAD"]);
    let from = bundle.as_str();
    server.git(["-C", repository.as_str(), "fetch", "--quiet", from, "+HEAD:refs/heads/main"]).succeeds();
    // As many files each time, so that the n-th call is the same one.
    server.git(["-C", repository.as_str(), "repack", "--quiet", "-a", "-d"]).succeeds();
}

/// The version that five requests in a row are answered with; or how they differ.
fn served(app: &App<'_>) -> Result<Option<String>, String> {
    let ask = |_| match app.try_get("/") {
        Ok(answer) if answer.status == 200 => Some(answer.body.trim().to_owned()),
        _ => None,
    };
    let mut answers: Vec<Option<String>> = (0..5).map(ask).collect();
    answers.dedup();
    if let [one] = answers.as_slice() {
        Ok(one.clone())
    } else {
        Err(format!("different answers: {answers:?}"))
    }
}

/// What is wrong with an app whose last command has succeeded.
fn inconsistencies(server: &TestServer, app: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let live =
        server.root().join("apps").join(app).read_link_utf8().map(|to| to.to_string()).unwrap_or_default();
    let live = live.split('/').nth_back(1).unwrap_or_default().to_owned();
    let record = server.text(&format!("releases/{app}/{live}/release.json"));
    let record: serde_json::Value = serde_json::from_str(&record).unwrap_or_default();
    let mine = |name: &String| name.contains(&format!("@{app}."));
    for name in server.names_in("uwsgi-enabled").iter().filter(|name| mine(name)) {
        // The router of a port outlives releases.
        if !name.contains(&format!("@{app}.{}.", record["run"])) && !name.contains("_-port.") {
            wrong.push(format!("{name} is enabled, and run {} of {live} is live", record["run"]));
        }
    }
    for name in server.names_in(&format!("releases/{app}")) {
        let record = server.root().join("releases").join(app).join(&name).join("release.json");
        if !["spare", "spare.git", "waiting"].contains(&name.as_str()) && !record.exists() {
            wrong.push(format!("releases/{app}/{name} is half made"));
        }
    }
    let env = server.text(&format!("envs/{app}/LIVE_ENV"));
    if !env.lines().any(|line| line == format!("PIKU_RELEASE={live}")) {
        wrong.push(format!("LIVE_ENV is not that of release {live}"));
    }
    wrong
}

/// Files that never got their names, when every app has had its last command.
fn leftovers(server: &TestServer) -> Vec<String> {
    let folders =
        ["", "apps", "nginx", "uwsgi-available", "uwsgi-enabled", "run", "locks", "ports", "numbers"];
    let names = folders
        .into_iter()
        .flat_map(|folder| server.names_in(folder).into_iter().map(move |name| format!("{folder}/{name}")));
    names.filter(|name| name.contains("/.piku-")).collect()
}

/// Waits until no process of another release than the live one runs.
fn only_the_live_release_runs(server: &TestServer, app: &str) {
    let env = server.text(&format!("envs/{app}/LIVE_ENV"));
    let live = env.lines().find(|line| line.starts_with("PIKU_RELEASE=")).unwrap().to_owned();
    eventually(&format!("only {live} of {app} runs"), || {
        let of_another = server.processes_of(app).into_iter().find(|process| {
            let env = process.environment();
            env.iter().any(|one| one.starts_with(b"PIKU_RELEASE="))
                && !env.contains(&live.clone().into_bytes())
        });
        of_another.map_or(Some(()), |_| None)
    });
}

/// Ends the redeploy of an app at every step.
fn walk_redeploys(
    server: &TestServer,
    app: &App<'_>,
    deploy: &'static str,
    fault: Fault,
    rows: &Mutex<Vec<Row>>,
) {
    let name = app.name();
    let mut version = 1;
    app.push().succeeds();
    // So many that one is pruned and one is recycled.
    for _ in 0..3 {
        version += 1;
        hand_over(server, app, version);
        server.piku(["deploy", name]).succeeds();
    }
    for call in CALLS {
        for number in 1..MOST {
            let old = format!("Hello from version {version}");
            // What the kill left may be either; what is live now counts from here on.
            version += 1;
            hand_over(server, app, version);
            let Some((status, step)) = with_fault(server, &["deploy", name], fault, call, number) else {
                break;
            };
            let new = format!("Hello from version {version}");
            let mut wrong = Vec::new();
            let served = match served(app) {
                Ok(Some(text)) if text == old => "old".to_owned(),
                Ok(Some(text)) if text == new => "new".to_owned(),
                other => {
                    wrong.push(format!("served {other:?}"));
                    "neither".to_owned()
                }
            };
            match (fault, status, served.as_str()) {
                (Fault::FullDisk, 0, "old") => wrong.push("succeeded, and the old one is served".to_owned()),
                (Fault::FullDisk, 1, "new") => wrong.push("refused, and the new one is served".to_owned()),
                (Fault::FullDisk, 0 | 1, _) | (Fault::Kill, ..) => {}
                (Fault::FullDisk, other, _) => wrong.push(format!("ended with status {other}")),
            }
            let next = server.piku(["restart", name]);
            if next.status != 0 {
                wrong.push(format!("the next command fails: {next}"));
            }
            wrong.extend(inconsistencies(server, name));
            let tree = server.root().join("apps").join(name);
            let text = std::fs::read_to_string(tree.join(VERSION))
                .or_else(|_| std::fs::read_to_string(tree.join("app.py")))
                .unwrap();
            let live = text.lines().find_map(|line| line.strip_prefix("VERSION = ")).unwrap().to_owned();
            let afterwards = app.try_get("/").map(|answer| answer.body.trim().to_owned()).unwrap_or_default();
            if afterwards != format!("Hello from version {live}") {
                wrong.push(format!("version {live} is live, and the answer is `{afterwards}`"));
            }
            version = live.parse().unwrap();
            let afterwards = if afterwards == new { "new" } else { "old" }.to_owned();
            note(rows, Row { deploy, step, served, afterwards, wrong });
        }
        only_the_live_release_runs(server, name);
    }
}

/// What an app has written before a deploy: a database with its journal, and a folder.
fn write_data(server: &TestServer, name: &str, version: u32) {
    let tree = server.root().join("apps").join(name).canonicalize_utf8().unwrap();
    let folder = tree.join(format!("up-{version}"));
    std::fs::create_dir(&folder).unwrap();
    let files = [
        (tree.join(format!("db-{version}")), "rows"),
        (tree.join(format!("db-{version}-wal")), "more"),
        (folder.join("x"), "x"),
    ];
    for (path, text) in files {
        std::fs::write(&path, text).unwrap();
        server.namespace().own(&path);
    }
    server.namespace().own(&folder);
}

/// What of it is not where the app finds it. SQLite looks for the journal beside the file that the path leads to.
fn missing_data(server: &TestServer, name: &str, version: u32) -> Vec<String> {
    let tree = server.root().join("apps").join(name);
    let read = |path: camino::Utf8PathBuf| std::fs::read_to_string(path).unwrap_or_default();
    let database = tree.join(format!("db-{version}"));
    let real = database.canonicalize_utf8().unwrap_or(database);
    let found = [
        read(real.clone()),
        read(real.with_file_name(format!("db-{version}-wal"))),
        read(tree.join(format!("up-{version}/x"))),
    ];
    if found == ["rows", "more", "x"] { Vec::new() } else { vec![format!("of version {version}: {found:?}")] }
}

/// Ends a deploy that moves what the app has written at every step of the move.
fn walk_moves(server: &TestServer, rows: &Mutex<Vec<Row>>) {
    let app = server.app_from("hello-wsgi", "notes");
    app.write("Procfile", "wsgi: app:app\n");
    app.push().succeeds();
    let mut version = 2;
    let mut prepare = || {
        version += 1;
        write_data(server, "notes", version);
        hand_over(server, &app, version);
        version
    };
    prepare();
    let steps = steps_of_moves(server);
    assert!(steps.len() > 8, "{steps:?}");
    for (call, number) in steps {
        let version = prepare();
        let Some((_, step)) = with_fault(server, &["deploy", "notes"], Fault::Kill, call, number) else {
            continue;
        };
        // Whoever serves now finds everything, and so does what the next command leaves.
        let mut wrong = missing_data(server, "notes", version);
        let next = server.piku(["restart", "notes"]);
        if next.status != 0 {
            wrong.push(format!("the next command fails: {next}"));
        }
        wrong.extend(missing_data(server, "notes", version));
        wrong.extend(inconsistencies(server, "notes"));
        if !app.try_get("/").is_ok_and(|answer| answer.status == 200) {
            wrong.push("afterwards it does not answer".to_owned());
        }
        let served = "either".to_owned();
        note(rows, Row { deploy: "move", step, served: served.clone(), afterwards: served, wrong });
    }
    let all: Vec<String> = (3..=version).flat_map(|version| missing_data(server, "notes", version)).collect();
    assert!(all.is_empty(), "{all:?}");
}

/// Carries out a deploy, and gives the kinds and numbers of those of its calls that move something or note that.
fn steps_of_moves(server: &TestServer) -> Vec<(&'static str, usize)> {
    let trace = server.home().join("moves");
    let mut command = server.command("strace");
    command.args([
        "-qq",
        "-e",
        "signal=none",
        "-o",
        trace.as_str(),
        "-e",
        &format!("trace={}", CALLS.join(",")),
    ]);
    command.args([piku::program().as_str(), "deploy", "notes"]);
    assert!(command.output().unwrap().status.success());
    let text = std::fs::read_to_string(&trace).unwrap();
    std::fs::remove_file(&trace).unwrap();
    let of = |call: &'static str| {
        let lines = text.lines().filter(move |line| line.split('(').next() == Some(call)).enumerate();
        let moves = lines.filter(|(_, line)| line.contains("data/notes") || line.contains("PERSISTED"));
        moves.map(move |(at, _)| (call, at + 1))
    };
    CALLS.into_iter().flat_map(of).collect()
}

/// Ends the first deploy of an app at every step, each of a new app.
fn walk_first_deploys<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    server: &'scope TestServer,
    calls: &[&str],
    rows: &Mutex<Vec<Row>>,
) {
    let mut gone = Vec::new();
    for call in calls {
        for number in 1..MOST {
            let name = format!("first-{call}-{number}");
            let app = server.app_from("hello-wsgi", &name).served_as(&format!("{name}.test"));
            app.write("Procfile", "wsgi: app:app\n");
            hand_over(server, &app, 2);
            let Some((_, step)) = with_fault(server, &["deploy", &name], Fault::Kill, call, number) else {
                server.piku(["destroy", &name, "--force"]).succeeds();
                break;
            };
            let mut wrong = Vec::new();
            let served = match served(&app) {
                Ok(Some(text)) if text == "Hello from version 2" => "new".to_owned(),
                Ok(None) => "nothing".to_owned(),
                other => {
                    wrong.push(format!("served {other:?}"));
                    "neither".to_owned()
                }
            };
            let next = server.piku(["deploy", &name]);
            if next.status == 0 {
                wrong.extend(inconsistencies(server, &name));
            } else {
                wrong.push(format!("the next command fails: {next}"));
            }
            let right = app.try_get("/").is_ok_and(|answer| answer.body == "Hello from version 2\n");
            if !right {
                wrong.push("afterwards it does not answer".to_owned());
            }
            gone.push(scope.spawn(move || server.piku(["destroy", &name, "--force"])));
            note(rows, Row { deploy: "first deploy", step, served, afterwards: "new".to_owned(), wrong });
        }
    }
    for destroyed in gone {
        destroyed.join().unwrap().succeeds();
    }
}

fn note(rows: &Mutex<Vec<Row>>, row: Row) {
    rows.lock().unwrap_or_else(PoisonError::into_inner).push(row);
}

/// Writes the table to `target/`, and fails when a row of it is not right.
fn report(file: &str, rows: Vec<Row>) {
    let mut table =
        "| deploy | ended before | served at once | after the next command | |\n|---|---|---|---|---|\n"
            .to_owned();
    for Row { deploy, step, served, afterwards, wrong } in &rows {
        let verdict = if wrong.is_empty() { "ok".to_owned() } else { wrong.join("; ") };
        writeln!(table, "| {deploy} | `{step}` | {served} | {afterwards} | {verdict} |").unwrap();
    }
    std::fs::write(piku::workspace().join("target").join(file), &table).unwrap();
    assert!(rows.len() > 20, "too few steps were met for this to be a walk:\n{table}");
    let wrong: Vec<&Row> = rows.iter().filter(|row| !row.wrong.is_empty()).collect();
    assert!(wrong.is_empty(), "{} of {} steps: {wrong:#?}", wrong.len(), rows.len());
}

#[test]
fn a_deploy_killed_at_any_step_leaves_one_release_serving_and_the_next_command_repairs() {
    needs!(nginx, strace);
    let server = TestServer::with_nginx();
    let rows = Mutex::new(Vec::new());
    let wsgi = server.app_from("hello-wsgi", "blog").served_as("blog.test");
    wsgi.write("Procfile", "wsgi: app:app\n");
    // So many that their tree is recycled.
    let wsgi = wsgi.with_many_files();
    let web = server.app_from("hello-web", "shop").served_as("shop.test").file(VERSION, "VERSION = 1\n");
    web.write(
        "app.py",
        web.read("app.py").replace("VERSION = 1", &format!("exec(open('{VERSION}').read())")),
    );
    for app in [&wsgi, &web] {
        app.write("ENV", app.read("ENV") + "PIKU_KEEP_RELEASES=2\n");
    }
    thread::scope(|scope| {
        scope.spawn(|| walk_redeploys(&server, &wsgi, "redeploy, wsgi", Fault::Kill, &rows));
        scope.spawn(|| walk_redeploys(&server, &web, "redeploy, web", Fault::Kill, &rows));
        let (some, others) = CALLS.split_at(CALLS.len() / 2);
        scope.spawn(|| walk_first_deploys(scope, &server, some, &rows));
        scope.spawn(|| walk_first_deploys(scope, &server, others, &rows));
        scope.spawn(|| walk_moves(&server, &rows));
    });
    report("fault-walk.md", rows.into_inner().unwrap());
    assert_eq!(leftovers(&server), [""; 0]);
}

#[test]
fn a_disk_that_is_full_at_any_step_leaves_one_release_serving_and_the_next_command_works() {
    needs!(strace);
    let server = TestServer::new();
    let rows = Mutex::new(Vec::new());
    let app = server.app_from("hello-wsgi", "blog");
    app.write("Procfile", "wsgi: app:app\n");
    app.write("ENV", "PIKU_KEEP_RELEASES=2\n");
    let app = app.with_many_files();
    walk_redeploys(&server, &app, "redeploy, wsgi", Fault::FullDisk, &rows);
    report("fault-walk-full-disk.md", rows.into_inner().unwrap());
    assert_eq!(leftovers(&server), [""; 0]);
}

#[test]
fn everything_comes_back_by_itself_when_the_emperor_is_killed_and_when_the_machine_starts_anew() {
    needs!(nginx);
    let mut server = TestServer::with_nginx();
    let versions = |server: &TestServer| {
        ["blog.test", "shop.test"].map(|host| {
            let answers = || Some(server.get(host, "/")).filter(|answer| answer.status == 200);
            eventually(&format!("{host} answers"), answers).body
        })
    };
    for (from, name) in [("hello-wsgi", "blog"), ("hello-web", "shop")] {
        let app = server.app_from(from, name).served_as(&format!("{name}.test"));
        app.push().succeeds();
        app.set_version(2);
        app.push().succeeds();
    }
    let wanted = ["Hello from version 2\n"; 2].map(str::to_owned);
    server.kill_emperor();
    eventually("every process has noticed", || server.processes_of("blog").is_empty().then_some(()));
    server.start_emperor();
    assert_eq!(versions(&server), wanted);
    server.ssh(["restart", "blog"]).succeeds();

    // In the middle of a deploy: the vassals of two releases are enabled when the machine starts anew.
    let enabled = server.root().join("uwsgi-enabled");
    let live =
        server.names_in("uwsgi-enabled").into_iter().find(|name| name.starts_with("blog_wsgi")).unwrap();
    let half = server.root().join("uwsgi-available").join("blog_wsgi.1@blog.9.1.ini");
    std::fs::copy(enabled.join(&live), &half).unwrap();
    std::fs::hard_link(&half, enabled.join(half.file_name().unwrap())).unwrap();
    server.namespace().own(&half);
    server.stop_emperor();
    server.start_emperor();
    assert_eq!(versions(&server), wanted);
    server.ssh(["restart", "blog"]).succeeds();
    let left = server.names_in("uwsgi-enabled").into_iter().filter(|name| name.starts_with("blog_wsgi"));
    assert_eq!(left.count(), 1);
    assert_eq!(versions(&server), wanted);
}
