//! An app before its first release: settings come first, and a first push that is refused leaves nothing.

use std::os::unix::fs::symlink;

use piku_tests::{App, TestServer, eventually};

/// Everything below piku's root that bears the name of the app, except for its lock, its counts, and complete builds,
/// which the next push uses.
fn traces(server: &TestServer, app: &str) -> Vec<String> {
    let folders = [
        "apps",
        "cache",
        "data",
        "events",
        "logs",
        "nginx",
        "releases",
        "repos",
        "run",
        "uwsgi",
        "uwsgi-available",
        "uwsgi-enabled",
    ];
    let mut found = Vec::new();
    for folder in folders {
        found.extend(server.names_in(folder).into_iter().map(|name| format!("{folder}/{name}")));
    }
    found.retain(|path| path.contains(app));
    let own = server
        .names_in(&format!("envs/{app}"))
        .into_iter()
        .filter(|name| !name.starts_with("python-") && name != "cache");
    found.extend(own.map(|name| format!("envs/{app}/{name}")));
    found
}

#[track_caller]
fn is_refused_without_a_trace(server: &TestServer, blog: &App<'_>, procfile: &str, reason: &str) {
    blog.write("Procfile", procfile);
    blog.push().is_refused().says(reason);
    assert_eq!(traces(server, "blog"), [""; 0], "after {procfile}");
    server.ssh(["apps"]).succeeds().never_says("blog");
}

#[test]
fn a_refused_first_push_leaves_nothing_whatever_refused_it() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    // Half a repository, as a full disk leaves it.
    std::fs::create_dir_all(server.root().join("repos/blog/objects")).unwrap();
    server.namespace().own(&server.root().join("repos"));

    is_refused_without_a_trace(&server, &blog, "web\n", "there is a mistake in Procfile");
    blog.write("requirements.txt", "./nowhere\n");
    is_refused_without_a_trace(&server, &blog, "wsgi: app:app\n", "the build failed");
    blog.remove("requirements.txt");
    let release = "wsgi: app:app\nrelease: echo rows > \"$DATA_ROOT/db\"; exit 3\n";
    is_refused_without_a_trace(&server, &blog, release, "the `release` command");
    is_refused_without_a_trace(&server, &blog, "web: echo x > \"$DATA_ROOT/db\"; exit 3\n", "web.1");

    let begun = server.home().join("begun");
    blog.write("Procfile", format!("wsgi: app:app\nrelease: touch {begun}; exec sleep 613\n"));
    let push = blog.push_in_background();
    eventually("the release command runs", || begun.exists().then_some(()));
    push.end_with("KILL");
    eventually("nothing is left", || traces(&server, "blog").is_empty().then_some(()));

    // What was there before is kept.
    std::fs::create_dir_all(server.root().join("data/blog")).unwrap();
    std::fs::write(server.root().join("data/blog/old"), "rows").unwrap();
    server.namespace().own(&server.root().join("data"));
    blog.write("Procfile", release);
    blog.push().is_refused();
    assert_eq!(traces(&server, "blog"), ["data/blog"]);
    assert_eq!(server.text("data/blog/old"), "rows");

    blog.write("Procfile", "wsgi: app:app\n");
    blog.push().succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
}

#[test]
fn settings_may_come_before_the_first_push() {
    let server = TestServer::new();
    server.ssh(["config:set", "shop", "UWSGI_PROCESSES=many"]).is_refused();
    server.ssh(["config:unset", "shop", "COLOR"]).ends_with(1).says("there is no app `shop`");
    server.ssh(["apps"]).succeeds().never_says("shop");

    server.ssh(["config:set", "shop", "COLOR=blue"]).succeeds().says("`shop` is a new app");
    server.ssh(["config:set", "shop", "SIZE=2"]).succeeds().never_says("new app");
    server.ssh(["config:set", "shpo", "COLOR=red"]).succeeds().says("there is `shop`");
    server.ssh(["destroy", "shpo", "--force"]).succeeds();
    server.ssh(["apps"]).succeeds().says("shop  (no release yet)").never_says("shpo");
    assert_eq!(server.ssh(["config", "shop"]).succeeds().stdout, "COLOR=blue\nSIZE=2\n");
    server.ssh(["config:unset", "shop", "SIZE"]).succeeds();
    for command in ["stop", "start", "restart", "deploy", "ps"] {
        server.ssh([command, "shop"]).ends_with(1).says("`shop` has no release yet");
    }
    server.ssh(["apps:create", "shop"]).ends_with(1).says("there is an app `shop` already");

    let shop = server.app_from("hello-wsgi", "shop").file("Procfile", "wsgi\n");
    shop.push().is_refused();
    assert_eq!(server.ssh(["config:get", "shop", "COLOR"]).succeeds().stdout, "blue\n");
    shop.write("Procfile", "wsgi: app:app\n");
    shop.push().succeeds();
    let env: serde_json::Value = serde_json::from_str(&shop.get("/env").body).unwrap();
    assert_eq!(env["COLOR"], "blue");

    server.ssh(["apps:create", "empty"]).succeeds().says("`empty` is a new app");
    let empty = server.app("empty").file("Procfile", "web\n");
    empty.push().is_refused();
    server.ssh(["apps"]).succeeds().says("empty");
    server.ssh(["destroy", "empty", "--force"]).succeeds();
    server.ssh(["apps"]).succeeds().never_says("empty");
}

#[test]
fn a_push_says_what_check_says_of_files_that_are_not_read() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog").file("etc/settings", "COLOR=blue\n");
    let folder = blog.git().folder().to_owned();
    let messages = |outcome: &piku_tests::Outcome| {
        let text = outcome.stdout.clone() + &outcome.stderr;
        let lines = text
            .lines()
            .filter_map(|line| line.split_once("[file::").map(|(_, rest)| rest.trim().to_owned()));
        let mut lines: Vec<String> = lines.collect();
        lines.sort();
        lines
    };
    symlink("/etc/hostname", folder.join("ENV")).unwrap();
    symlink("../elsewhere.txt", folder.join("requirements.txt")).unwrap();
    let wanted = ["ENV", "requirements.txt"].map(|file| {
        format!("not-regular]: `{file}` is not a regular file, but a link that leads out of the app's folder or nowhere: it is not read")
    });
    assert_eq!(messages(&server.piku(["check", folder.as_str()]).ends_with(1)), wanted);
    // Without its settings it does not go live.
    assert_eq!(messages(&blog.push().is_refused()), wanted[..1]);
    server.ssh(["apps"]).succeeds().never_says("blog");
    blog.remove("ENV");
    let (checked, pushed) = (server.piku(["check", folder.as_str()]).succeeds(), blog.push().succeeds());
    assert_eq!(messages(&checked), messages(&pushed));
    assert_eq!(messages(&checked), wanted[1..]);

    // A link to another file of the app is that file.
    blog.remove("requirements.txt");
    symlink("etc/settings", folder.join("ENV")).unwrap();
    server.piku(["check", folder.as_str()]).succeeds().never_says("file::");
    blog.push().succeeds().never_says("file::");
    let env: serde_json::Value = serde_json::from_str(&blog.get("/env").body).unwrap();
    assert_eq!(env["COLOR"], "blue");

    // A file with a hole takes no space, and reading it would take three gigabytes.
    blog.remove("ENV");
    std::fs::File::create(folder.join("package.json")).unwrap().set_len(3 << 30).unwrap();
    std::fs::File::create(folder.join("ENV")).unwrap().set_len(3 << 30).unwrap();
    let checked = server.piku(["check", folder.as_str()]).ends_with(1);
    assert_eq!(
        messages(&checked),
        [
            "too-large]: `ENV` is larger than the limit of 1 MiB (1048576 bytes)",
            "too-large]: `package.json` is larger than the limit of 16 MiB (16777216 bytes)"
        ]
    );
}
