//! What an app writes in its own folder is there after every change, without anybody having said so before.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::panic;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use piku_tests::{App, TestServer, eventually};

/// Writes rows into a database of its own and into one of the commit, and files of every kind beside.
const APP: &str = r#"
import os, sqlite3

VERSION = 1
HERE = os.path.dirname(os.path.abspath(__file__))


def database(name, mode):
    opened = sqlite3.connect(os.path.join(HERE, name), timeout=20)
    opened.execute(f"pragma journal_mode={mode}")
    opened.execute("create table if not exists numbers (n integer)")
    return opened


def put(name, text):
    os.makedirs(os.path.dirname(os.path.join(HERE, name)), exist_ok=True)
    with open(os.path.join(HERE, name), "a") as file:
        file.write(text)


def app(environ, start_response):
    words = environ["PATH_INFO"].strip("/").split("/")
    if words[0] == "add":
        for name, mode in [("db.sqlite3", "delete"), ("var/seed.db", "wal")]:
            opened = database(name, mode)
            opened.execute("insert into numbers values (?)", (int(words[1]),))
            opened.commit()
            opened.close()
        body = "added"
    elif words[0] == "rows":
        found = []
        for name, mode in [("db.sqlite3", "delete"), ("var/seed.db", "wal")]:
            found.append({row[0] for row in database(name, mode).execute("select n from numbers")})
        body = " ".join(str(n) for n in sorted(found[0] & found[1]))
    elif words[0] == "write":
        put("uploads/deep/cat.jpg", "cat")
        put("media/dog.jpg", "dog")
        put("app.log", "line\n")
        put("package-lock.json", "{}")
        os.makedirs(os.path.join(HERE, "__pycache__"), exist_ok=True)
        with open(os.path.join(os.fsencode(HERE), b"caf\xe9.txt"), "w") as file:
            file.write("odd")
        os.symlink("/etc", os.path.join(HERE, "outside"))
        os.symlink(os.path.join(HERE, "media"), os.path.join(HERE, "inside"))
        body = "written"
    else:
        body = f"version {VERSION}"
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body.encode()]
"#;

fn counting<'server>(server: &'server TestServer, name: &str) -> App<'server> {
    let app = server
        .app(name)
        .file("app.py", APP)
        .file("Procfile", "wsgi: app:app\nrelease: echo made > made.txt; test ! -e db.sqlite3 || python3 look.py\n")
        .file("look.py", "import sqlite3\nsqlite3.connect('db.sqlite3').execute('select count(*) from numbers').fetchone()\n")
        .file("media/logo.svg", "logo")
        .file(".gitignore", "db.sqlite3\nuploads/\n__pycache__/\n");
    fs::create_dir(app.git().folder().join("var")).unwrap();
    let seed = "import sqlite3; s = sqlite3.connect('var/seed.db'); s.execute('create table numbers (n integer)'); s.commit()";
    let made = Command::new("python3").args(["-c", seed]).current_dir(app.git().folder()).status();
    assert!(made.unwrap().success());
    app
}

/// The numbers that both databases have.
fn rows(app: &App<'_>) -> Vec<u32> {
    let answer = app.get("/rows");
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

/// Has the app write ten rows a second while `work` is done. Afterwards every row is there that it has acknowledged.
fn while_it_writes(app: &App<'_>, next: &AtomicU32, work: impl FnOnce()) {
    let done = AtomicBool::new(false);
    let acknowledged = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut acknowledged = Vec::new();
            while !done.load(Ordering::Relaxed)
                || acknowledged.len() < 3 && next.load(Ordering::Relaxed) < 1000
            {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if app.try_get(&format!("/add/{number}")).is_ok_and(|answer| answer.body == "added") {
                    acknowledged.push(number);
                }
                thread::sleep(Duration::from_millis(50));
            }
            acknowledged
        });
        let worked = panic::catch_unwind(panic::AssertUnwindSafe(work));
        done.store(true, Ordering::Relaxed);
        let acknowledged = writer.join().unwrap();
        worked.unwrap_or_else(|reason| panic::resume_unwind(reason));
        acknowledged
    });
    let found = rows(app);
    let lost: Vec<&u32> = acknowledged.iter().filter(|number| !found.contains(number)).collect();
    assert!(lost.is_empty(), "lost {lost:?} of {} rows", acknowledged.len());
}

#[test]
fn every_row_that_an_app_has_written_survives_pushes_rollbacks_and_settings() {
    let server = TestServer::new();
    let app = counting(&server, "blog");
    app.push().succeeds();
    let next = AtomicU32::new(1);
    while_it_writes(&app, &next, || {});
    assert_eq!(app.get("/write").body, "written");
    let push = |text: &str| {
        app.write("README", text);
        app.push().succeeds()
    };
    while_it_writes(&app, &next, || {
        let first = push("one")
            .says("Stopping the old processes first")
            .says("uploads/ (1 file")
            .says("db.sqlite3 (");
        let first = first.says("var/seed.db (").says("media/dog.jpg (").says("PIKU_PERSIST='!");
        // What the build and the `release` command made is made again, and what decides the build is the commit's.
        first.never_says("made.txt (").says("`package-lock.json`");
    });
    let read = |path: &str| server.text(&format!("apps/blog/{path}"));
    let everything = || {
        for (path, text) in
            [("uploads/deep/cat.jpg", "cat"), ("media/dog.jpg", "dog"), ("inside/dog.jpg", "dog")]
        {
            assert_eq!(read(path), text, "{path}");
        }
        assert_eq!((read("app.log").as_str(), read("media/logo.svg").as_str()), ("line\n", "logo"));
        let tree = server.root().join("apps/blog");
        assert_eq!(
            fs::read_to_string(tree.as_std_path().join(OsStr::from_bytes(b"caf\xe9.txt"))).unwrap(),
            "odd"
        );
        assert_eq!(tree.join("outside").read_link_utf8().unwrap(), "/etc");
        assert!(!tree.join("made.txt").is_symlink() && !tree.join("package-lock.json").exists());
    };
    everything();
    let quietly =
        |outcome: piku_tests::Outcome| outcome.succeeds().never_says("Moving").never_says("Stopping the old");
    while_it_writes(&app, &next, || drop(quietly(server.ssh(["rollback", "blog"]))));
    while_it_writes(&app, &next, || drop(quietly(server.ssh(["config:set", "blog", "A=1"]))));
    while_it_writes(&app, &next, || {
        drop(quietly(server.ssh(["config:set", "blog", "PIKU_PERSIST=uploads"])))
    });
    while_it_writes(&app, &next, || drop(quietly(server.ssh(["config:unset", "blog", "PIKU_PERSIST"]))));
    while_it_writes(&app, &next, || drop(quietly(server.ssh(["restart", "blog"]))));
    while_it_writes(&app, &next, || drop(quietly(server.ssh(["ps:scale", "blog", "wsgi=2"]))));
    everything();
    // The app's database counts, and not the commit's, even if that changes.
    fs::write(app.git().folder().join("var/seed.db"), "another").unwrap();
    while_it_writes(&app, &next, || drop(push("two").says("where blog has its own").says("var/seed.db")));
    while_it_writes(&app, &next, || drop(quietly(server.ssh(["deploy", "blog"]))));
    everything();
    server.ssh(["config:set", "blog", "PIKU_KEEP_RELEASES=1"]).succeeds();
    everything();
    let before = rows(&app);
    server.ssh(["destroy", "blog", "--force"]).succeeds();
    assert!(before.len() > 30, "{before:?}");
    assert_eq!(server.text("data/blog/media/dog.jpg"), "dog");
    assert!(fs::metadata(server.root().join("data/blog/db.sqlite3")).unwrap().len() > 0);
}

#[test]
fn a_release_of_an_older_version_and_a_refused_one_lose_nothing() {
    let server = TestServer::new();
    let app = counting(&server, "blog");
    app.push().succeeds();
    let next = AtomicU32::new(1);
    while_it_writes(&app, &next, || {});
    assert_eq!(app.get("/write").body, "written");
    // Older versions of piku made no listing.
    fs::remove_file(server.root().join("releases/blog/1/listing")).unwrap();
    let text = app.read("app.py");
    // It is refused when everything has been moved: the old release goes on with its files.
    app.write("app.py", "raise SystemExit('broken')\n");
    while_it_writes(&app, &next, || drop(app.push().is_refused().says("Moving what blog wrote")));
    assert_eq!(app.get("/").body, "version 1");
    assert_eq!(server.text("apps/blog/uploads/deep/cat.jpg"), "cat");
    app.write("app.py", &text);
    while_it_writes(&app, &next, || drop(app.push().succeeds().never_says("Moving")));
    assert_eq!(server.text("apps/blog/media/dog.jpg"), "dog");
    assert!(!server.root().join("apps/blog/made.txt").is_symlink());

    // The app replaces a link by a file of its own, and removes another.
    let tree = server.root().join("apps/blog");
    fs::remove_file(tree.join("app.log")).unwrap();
    fs::remove_file(tree.join("media/dog.jpg")).unwrap();
    fs::write(tree.join("app.log"), "newer").unwrap();
    while_it_writes(&app, &next, || drop(server.ssh(["deploy", "blog"]).succeeds().says("app.log (5 bytes")));
    assert_eq!(
        (server.text("apps/blog/app.log").as_str(), tree.join("app.log").is_symlink()),
        ("newer", true)
    );
    assert!(!tree.join("media/dog.jpg").exists());

    // Left out, a path begins anew, and nothing of it is removed.
    server.ssh(["config:set", "blog", "PIKU_PERSIST=!uploads"]).succeeds().says("`uploads` is left out");
    assert!(!tree.join("uploads").exists());
    assert_eq!(server.text("data/blog/uploads/deep/cat.jpg"), "cat");
    server.ssh(["config:set", "blog", "PIKU_PERSIST=ENV"]).is_refused().says("piku reads it from the commit");

    // A folder of the commit where the app has a file.
    app.write("app.log/x", "x");
    app.push().is_refused().says("the commit has `app.log/x`").says("PIKU_PERSIST=!app.log");
    assert_eq!(server.text("apps/blog/app.log"), "newer");
    eventually("the app answers", || {
        app.try_get("/rows").is_ok_and(|answer| answer.status == 200).then_some(())
    });
}

/// Saves a list by renaming a file, and writes files beside those of the commit.
const SAVES: &str = r#"
import json, os, time

VERSION = 1
HERE = os.path.dirname(os.path.abspath(__file__))
time.sleep(float(os.environ.get("SLOW", "0")))
assert "BROKEN" not in os.environ


def app(environ, start_response):
    words = environ["PATH_INFO"].strip("/").split("/")
    path = os.path.join(HERE, *words[1:])
    if words[0] == "save":
        try:
            numbers = json.load(open("list.json"))
        except FileNotFoundError:
            numbers = []
        with open("list.json.tmp", "w") as file:
            json.dump(numbers + [int(words[1])], file)
        os.replace("list.json.tmp", "list.json")
    elif words[0] == "link":
        os.symlink("../notes/first", path)
    elif words[0] == "write":
        with open(path, "w") as file:
            file.write(words[-1])
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [open(path if words[0] in ("read", "link") else "list.json").read().encode()]
"#;

#[test]
fn files_that_are_saved_by_renaming_and_new_ones_beside_those_of_the_commit_are_kept() {
    let server = TestServer::new();
    let blog = server.app("blog").file("app.py", SAVES).file("Procfile", "wsgi: app:app\n");
    let blog = blog.file("pages/home", "home").file("notes/first", "first");
    blog.push().succeeds();
    let read = |path: &str| blog.get(path).body;
    let push = |text: &str| {
        blog.write("README", text);
        blog.push().succeeds()
    };
    assert_eq!(read("/save/1"), "[1]");
    read("/write/pages/with%20a%20blank");
    let first = push("one").says("this deploy moves `list.json` and `pages/with a blank`, which they may be");
    first.says("PIKU_PERSIST='pages' moves that folder as a whole").never_says("was moved before");
    assert_eq!(
        (read("/save/2").as_str(), read("/read/pages/with%20a%20blank").as_str()),
        ("[1, 2]", "with a blank")
    );
    push("two")
        .says("this deploy moves `list.json`,")
        .says("list.json was moved before: blog saves it by renaming");
    server.ssh(["rollback", "blog"]).succeeds().never_says("Stopping the old");
    assert_eq!(read("/save/3"), "[1, 2, 3]");

    // A folder is kept as a whole of which parts are kept already, and some are new.
    read("/write/pages/new");
    assert_eq!(read("/link/pages/link"), "first");
    // When everything has been moved, the release is refused: nothing has changed for the one that goes on.
    server.ssh(["config:set", "blog", "PIKU_PERSIST=pages", "BROKEN=1"]).is_refused();
    assert_eq!(read("/read/pages/with%20a%20blank"), "with a blank");
    read("/write/pages/newer");
    let set = server.ssh(["config:set", "blog", "PIKU_PERSIST=pages"]).succeeds();
    set.never_says("this release lacks").never_says("rescued");
    let everything = || {
        for name in ["home", "with%20a%20blank", "new", "newer"] {
            assert_eq!(read(&format!("/read/pages/{name}")), name.replace("%20", " "));
        }
        assert_eq!(read("/read/pages/link"), "first");
        assert_eq!(read("/save/4"), "[1, 2, 3, 4]");
        assert!(server.root().join("apps/blog/pages").is_symlink());
    };
    everything();
    read("/write/pages/later");
    server.ssh(["config:set", "blog", "PIKU_PERSIST=pages/deep", "SLOW=2"]).succeeds();
    assert_eq!(read("/read/pages/later"), "later");

    // What the old processes write while the new ones start beside them.
    blog.write("README", "three");
    let push = blog.push_in_background();
    eventually("the new process starts", || push.output().contains("Starting wsgi.1").then_some(()));
    assert_eq!(read("/save/5"), "[1, 2, 3, 4, 5]");
    read("/write/notes/late");
    push.wait().succeeds().says("wrote in its old folder while it was replaced");
    assert_eq!(
        (read("/read/list.json").as_str(), read("/read/notes/late").as_str()),
        ("[1, 2, 3, 4, 5]", "late")
    );
    assert!(server.root().join("apps/blog/notes/late").is_symlink());
    assert_eq!(read("/read/notes/first"), "first");

    // The disk with its data is away for a deploy.
    let (data, away) = (server.root().join("data/blog"), server.root().join("data/away"));
    fs::rename(&data, &away).unwrap();
    server.ssh(["deploy", "blog"]).is_refused().says("`list.json` of `blog` is not in its data any more");
    drop(fs::remove_dir_all(&data));
    fs::rename(&away, &data).unwrap();
    server.ssh(["deploy", "blog"]).succeeds().never_says("any more");
    assert_eq!(
        (read("/read/list.json").as_str(), read("/read/notes/late").as_str()),
        ("[1, 2, 3, 4, 5]", "late")
    );

    // What it has written since is data too.
    read("/write/notes/last");
    server.ssh(["destroy", "blog", "--force"]).succeeds().says("rescued");
    let rescued = server.names_in("data/blog/rescued");
    let last = |name: &String| server.text(&format!("data/blog/rescued/{name}/notes/last"));
    assert!(rescued.iter().any(|name| last(name) == "last"), "{rescued:?}");
    assert_eq!(server.text("data/blog/pages/later"), "later");
}
