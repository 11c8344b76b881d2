//! Pushes that are refused: the reason is the last thing on the screen, and nothing has changed.

use piku_tests::{App, Outcome, TestServer, eventually};

/// How many lines are still on the screen: a mistake is drawn in seven.
const LAST: usize = 12;

/// Pushes, and requires that it is refused with each of the reasons among the last lines, the branch where
/// it was, every process still running, and the old version answering.
#[track_caller]
fn refused(server: &TestServer, app: &App<'_>, reasons: &[&str]) -> Outcome {
    let (branch, running) = (app.on_server("main"), server.processes_of(app.name()));
    let (live, apps) =
        (app.get("/").body, std::fs::canonicalize(server.root().join("apps").join(app.name())).unwrap());
    assert!(!running.is_empty(), "the old version runs");

    let outcome = app.push().is_refused();

    for reason in reasons {
        assert!(outcome.stderr.contains(reason), "`{reason}` was expected in:\n{outcome}");
    }
    let (said, last) = (outcome.remote(), reasons.last().unwrap());
    assert!(
        said[said.len().saturating_sub(LAST)..].iter().any(|line| line.contains(last)),
        "`{last}` was expected at the end of:\n{outcome}"
    );
    assert!(outcome.stderr.contains("[remote rejected]"), "{outcome}");

    assert_eq!(app.on_server("main"), branch, "the branch has not moved");
    assert_eq!(app.get("/").body, live, "the old version answers");
    assert_eq!(
        std::fs::canonicalize(server.root().join("apps").join(app.name())).unwrap(),
        apps,
        "the old tree is the live one"
    );
    let now = server.processes();
    for process in running {
        assert!(now.iter().any(|other| other.id == process.id), "{} {} is gone", process.id, process.command);
    }
    outcome
}

/// A server with version 1 of `hello-wsgi` live, and a change of the app.
fn refused_after(change: impl FnOnce(&TestServer, &App<'_>), reasons: &[&str]) {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();

    blog.set_version(2);
    change(&server, &blog);
    let outcome = refused(&server, &blog, reasons);

    // What was refused leaves nothing behind that a restart would bring up, and the way forward is open.
    server.ssh(["restart", "blog"]).succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 1\n", "{outcome}");
}

#[test]
fn a_procfile_with_three_mistakes_shows_all_three() {
    refused_after(
        |_, blog| blog.write("Procfile", "wsgi: app:app\nworker\nwo rker: x\nwsgi: other:app\n"),
        &["Procfile:2:", "Procfile:3:", "Procfile:4:"],
    );
}

#[test]
fn a_bad_env_line() {
    refused_after(|_, blog| blog.write("ENV", "COLOR=blue\n9lives yes\n"), &["ENV:2:"]);
}

#[test]
fn a_requirement_that_does_not_exist() {
    refused_after(
        |_, blog| blog.write("requirements.txt", "--no-index\nno-such-package==1\n"),
        &["no-such-package"],
    );
}

#[test]
fn a_failing_preflight() {
    refused_after(
        |_, blog| blog.write("Procfile", "wsgi: app:app\npreflight: echo the disk is full; exit 3\n"),
        &["the disk is full", "preflight"],
    );
}

#[test]
fn a_failing_release() {
    refused_after(
        |_, blog| blog.write("Procfile", "wsgi: app:app\nrelease: echo no table users; exit 3\n"),
        &["no table users", "release"],
    );
}

#[test]
fn an_app_that_can_not_be_imported() {
    refused_after(
        |_, blog| blog.write("app.py", "import no_such_module\nVERSION = 2\n"),
        &["no_such_module"],
    );
}

#[test]
fn a_wsgi_entry_that_is_not_there() {
    refused_after(|_, blog| blog.write("Procfile", "wsgi: app:no_such_entry\n"), &["no_such_entry"]);
}

#[test]
fn a_web_process_that_never_opens_its_port() {
    let server = TestServer::new();
    let shop = server.app_from("hello-web", "shop").file("ENV", "PIKU_HEALTHCHECK_TIMEOUT=4\n");
    shop.write("Procfile", "web: python3 -u app.py\nworker: exec sleep 1000\n");
    shop.push().succeeds();

    shop.write("app.py", "import time\nprint('asleep', flush=True)\ntime.sleep(600)\n");
    let outcome = refused(&server, &shop, &["shop"]);
    outcome.says("Waiting for web.1, 4 seconds at most: so far it did not open its port");

    // A process that has written nothing has no lines, and is known all the same.
    assert_eq!(server.ssh(["logs", "shop", "worker", "--no-follow"]).succeeds().stdout, "");
    server.ssh(["logs", "shop", "wroker", "--no-follow"]).ends_with(1).says("it has web, worker");
}

#[test]
fn a_web_process_that_ends_at_once() {
    let server = TestServer::new();
    let shop = server.app_from("hello-web", "shop").file("ENV", "PIKU_HEALTHCHECK_TIMEOUT=5\n");
    shop.push().succeeds();

    shop.write("app.py", "raise SystemExit('the key is missing')\n");
    refused(&server, &shop, &["the key is missing"]);
}

#[test]
fn a_health_check_that_gets_an_error() {
    let server = TestServer::new();
    let shop =
        server.app_from("hello-web", "shop").file("ENV", "PIKU_HEALTHCHECK=/\nPIKU_HEALTHCHECK_TIMEOUT=3\n");
    shop.push().succeeds();

    shop.write("app.py", shop.read("app.py").replace("send_response(200)", "send_response(500)"));
    refused(&server, &shop, &["500"]);
}

#[test]
fn a_first_push_that_fails_can_be_corrected() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog").file("Procfile", "wsgi app:app\n");
    blog.push().is_refused().says("Procfile:1:").says("no colon after `wsgi`");
    assert_eq!(blog.on_server("main"), None);
    // There is no app: nothing lists it, and nothing of it is left.
    assert_eq!(server.ssh(["apps"]).succeeds().stdout, "");
    for folder in ["apps", "data", "envs", "events", "logs", "releases", "repos"] {
        assert!(server.names_in(folder).is_empty(), "{folder}: {:?}", server.names_in(folder));
    }
    blog.write("Procfile", "wsgi: nowhere:app\n");
    blog.push().is_refused().says("nowhere");
    assert_eq!(server.ssh(["apps"]).succeeds().stdout, "");
    assert!(server.names_in("data").is_empty());

    blog.write("Procfile", "wsgi: app:app\n");
    blog.push().succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
}

#[test]
fn a_push_without_a_procfile_and_one_in_another_encoding() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.remove("Procfile");
    blog.push().is_refused().ends_saying(6, "there is no Procfile in the commit");
    blog.write("procfile", "wsgi: app:app\n");
    blog.push().is_refused().ends_saying(6, "git mv procfile Procfile");
    blog.remove("procfile");

    blog.write("Procfile", b"wsgi: app:app\nw\xf6rker: x\n");
    blog.push().is_refused().says("Procfile");
    blog.write("Procfile", "wsgi: app:app\n<<<<<<< HEAD\n");
    blog.push().is_refused().says("Procfile:2:1");
}

#[test]
fn a_server_whose_emperor_is_not_running_says_so() {
    let server = TestServer::builder().without_emperor().start();
    let blog = server.app_from("hello-wsgi", "blog").file("ENV", "PIKU_HEALTHCHECK_TIMEOUT=3\n");
    blog.push().is_refused().says("emperor");
}

#[test]
fn a_procfile_that_leads_out_of_the_tree_is_none() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    std::fs::remove_file(blog.git().folder().join("Procfile")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", blog.git().folder().join("Procfile")).unwrap();
    let outcome = blog.push().is_refused().says("there is no Procfile");
    assert!(!outcome.stderr.contains("root:"), "{outcome}");
}

#[test]
fn what_a_push_brings_moves_nobodys_cursor() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    let procfile = "wsgi: app:app\nrelease: printf '\\033[31mred\\033[0m\\007 text\\n'\n";
    blog.write("Procfile", procfile);
    blog.write("ENV", "COLOR=\"\u{1b}[2J\"\n");
    blog.git().commit("Clear\u{1b}[2J the\u{7} screen");
    let push = blog.push_with(["HEAD"]).succeeds().says("red text").says(r"Clear\u{1b}[2J the\u{7} screen");
    let odd = |line: &&str| {
        line.starts_with("remote:") && line.trim_end_matches("\u{1b}[K").contains(['\u{1b}', '\u{7}'])
    };
    let lines: Vec<&str> = push.stderr.lines().filter(odd).collect();
    assert!(lines.is_empty(), "{lines:?}");
}

#[test]
fn a_push_that_brings_nothing_makes_no_app() {
    let server = TestServer::builder().without_emperor().start();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.git().commit("One");
    let nothing_is_there = || {
        assert!(server.names_in("repos").is_empty(), "{:?}", server.names_in("repos"));
        assert_eq!(server.piku(["apps"]).succeeds().stdout, "");
    };
    blog.push_with(["--delete", "main"]).is_refused();
    nothing_is_there();
    for branch in ["left", "right"] {
        blog.git().run(["branch", branch]);
    }
    blog.push_with(["left", "right"]).is_refused().says("left, right");
    nothing_is_there();
    blog.push_with(["HEAD:refs/piku/releases/1"]).is_refused();
    nothing_is_there();

    // A tag is something.
    blog.git().run(["tag", "v1"]);
    blog.push_with(["v1"]).succeeds();
    assert!(blog.on_server("v1").is_some());
}

#[test]
fn the_branch_that_deploys_is_read_as_every_setting() {
    let server = TestServer::new();
    let blog = server
        .app_from("hello-wsgi", "blog")
        .file("ENV", "LIVE=main\nPIKU_DEPLOY_BRANCH= refs/heads/$LIVE \n");
    blog.push().succeeds();
    blog.git().run(["checkout", "--quiet", "-b", "draft"]);
    blog.set_version(2);
    blog.push().succeeds().says("PIKU_DEPLOY_BRANCH is `main`");
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    server.ssh(["config:set", "blog", "PIKU_DEPLOY_BRANCH=draft"]).succeeds();
    blog.set_version(3);
    blog.push().succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 3\n");
}

#[test]
fn a_push_that_another_push_has_overtaken() {
    let server = TestServer::new();
    let slow = "while [ -e \"$DATA_ROOT/hold\" ]; do sleep 0.05; done";
    let ada = server
        .app_from("hello-wsgi", "blog")
        .file("slow.sh", slow)
        .file("Procfile", "wsgi: app:app\nrelease: sh slow.sh\n");
    ada.push().succeeds();
    let bob = server.app("blog");
    bob.git().run(["pull", "--quiet", "piku", "main"]);
    let hold = server.root().join("data/blog/hold");
    std::fs::write(&hold, "").unwrap();

    ada.set_version(2);
    let first = ada.push_in_background();
    eventually("the first deploy holds", || {
        server.processes().iter().any(|process| process.command.contains("slow.sh")).then_some(())
    });
    bob.set_version(3);
    let second = bob.push_in_background();
    eventually("the second is told that it waits", || {
        second.output().contains("is pushing `blog`").then_some(())
    });
    std::fs::remove_file(&hold).unwrap();

    first.wait().succeeds();
    second.wait().is_refused().says("`main` has moved").ends_saying(4, "fetch and merge");
    assert_eq!(ada.get("/").body, "Hello from version 2\n");
    assert_eq!(ada.on_server("main"), Some(ada.git().run(["rev-parse", "HEAD"])));
}
