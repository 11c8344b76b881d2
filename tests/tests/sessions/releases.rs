//! What makes a release, what only runs one, and the way back.

use std::os::unix::fs::PermissionsExt;

use piku_tests::{App, TestServer};
use serde_json::Value;

/// The numbers of all releases that are kept, and that of the live one.
fn numbers(server: &TestServer, app: &str) -> (Vec<u64>, u64) {
    let listed = server.ssh(["releases", app, "--json"]).succeeds().json();
    let all = listed.as_array().unwrap();
    let number = |release: &Value| release["number"].as_u64().unwrap();
    let live = all.iter().find(|release| release["live"] == true).unwrap();
    (all.iter().map(number).collect(), number(live))
}

fn push(app: &App<'_>, version: u32) {
    app.set_version(version);
    app.push().succeeds();
    assert_eq!(app.get("/").body, format!("Hello from version {version}\n"));
}

fn workers(server: &TestServer) -> usize {
    server.processes_of("blog").iter().filter(|one| one.command.starts_with("python3 -u app.py")).count()
}

#[test]
fn only_code_and_settings_make_a_release() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    push(&blog, 1);
    for words in [
        vec!["restart", "blog"],
        vec!["ps:scale", "blog", "worker=2"],
        vec!["stop", "blog"],
        vec!["start", "blog"],
        vec!["restart", "blog"],
    ] {
        server.ssh(words).succeeds();
        assert_eq!(numbers(&server, "blog"), (vec![1], 1));
    }
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    assert_eq!(workers(&server), 2);

    server.ssh(["config:set", "blog", "COLOR=blue"]).succeeds();
    assert_eq!(numbers(&server, "blog"), (vec![1, 2], 2));
    server.ssh(["rollback", "blog"]).succeeds();
    assert_eq!(numbers(&server, "blog"), (vec![1, 2], 1));
    assert!(!blog.get("/env").body.contains("COLOR"));
    // Going back leaves the counts as they are, and what is live is what changes follow.
    assert_eq!(workers(&server), 2);
    server.ssh(["restart", "blog"]).succeeds();
    server.ssh(["config:set", "blog", "SIZE=7"]).succeeds();
    assert_eq!(numbers(&server, "blog"), (vec![1, 2, 3], 3));
    let env = blog.get("/env").body;
    assert!(env.contains(r#""SIZE": "7""#) && !env.contains("COLOR"), "{env}");
    assert!(env.contains(r#""PIKU_RELEASE": "3""#), "{env}");
}

#[test]
fn rollback_goes_further_back_each_time_and_never_forward() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    (1..=3).for_each(|version| push(&blog, version));
    server.ssh(["restart", "blog"]).succeeds();
    server.ssh(["restart", "blog"]).succeeds();

    server.ssh(["rollback", "blog"]).succeeds().says("Going back to release 2 of blog");
    assert_eq!(blog.get("/").body, "Hello from version 2\n");
    server.ssh(["restart", "blog"]).succeeds();
    server.ssh(["rollback", "blog"]).succeeds().says("Going back to release 1 of blog");
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    server.ssh(["rollback", "blog"]).ends_with(1);
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    assert_eq!(numbers(&server, "blog"), (vec![1, 2, 3], 1));

    // What is pushed then comes after the first, and not after what was given up.
    push(&blog, 4);
    server.ssh(["rollback", "blog"]).succeeds().says("Going back to release 1 of blog");
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
}

#[test]
fn settings_push_no_commit_out_of_reach() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog").file("ENV", "PIKU_KEEP_RELEASES=2\n");
    (1..=3).for_each(|version| push(&blog, version));
    for number in 0..6 {
        server.ssh(["config:set", "blog", &format!("NUMBER={number}")]).succeeds();
    }
    assert_eq!(numbers(&server, "blog"), ((2..=9).collect(), 9));
    server.ssh(["rollback", "blog", "2"]).succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 2\n");
}

#[test]
fn what_is_built_runs_whatever_came_of_the_machine_s_tools() {
    let server = TestServer::new();
    let package = server.package("greeting", "1", "WORD = 'hello'\n");
    let blog = server.app_from("hello-wsgi", "blog").file("requirements.txt", package.requirements());
    push(&blog, 1);
    push(&blog, 2);
    server.ssh(["config:set", "blog", "COLOR=blue"]).succeeds();

    // The package is to be had nowhere any more, and the next build would be another tool's.
    package.vanish();
    let uv = server.home().join("tools/uv");
    std::fs::create_dir_all(uv.parent().unwrap()).unwrap();
    std::fs::write(&uv, "#!/bin/sh\ntouch $HOME/uv-was-started\nexit 1\n").unwrap();
    std::fs::set_permissions(&uv, std::fs::Permissions::from_mode(0o755)).unwrap();
    server.lend("uv", &uv);
    for words in [
        vec!["stop", "blog"],
        vec!["start", "blog"],
        vec!["restart", "blog"],
        vec!["ps:scale", "blog", "worker=2"],
        vec!["config:unset", "blog", "COLOR"],
        vec!["rollback", "blog", "1"],
    ] {
        let stopped = words[0] == "stop";
        server.ssh(words).succeeds();
        assert!(stopped || blog.get("/").status == 200);
    }
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    server.ssh(["run", "blog", "--", "python", "-c", "import greeting"]).succeeds();
    assert!(!server.home().join("uv-was-started").exists(), "a tool was started");
    // A setting that decides the build is another matter.
    server.ssh(["config:set", "blog", "PYTHON_VERSION=3"]).ends_with(1);
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
}

#[test]
fn a_build_that_is_gone_is_made_again_and_that_is_said() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    push(&blog, 1);
    for name in server.names_in("envs/blog").into_iter().filter(|name| name.starts_with("python-")) {
        let path = server.root().join("envs/blog").join(name);
        if path.is_symlink() {
            std::fs::remove_file(path).unwrap();
        } else {
            std::fs::remove_dir_all(path).unwrap();
        }
    }
    server.ssh(["restart", "blog"]).succeeds().says("The build of release 1 is gone; making it again");
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    assert_eq!(numbers(&server, "blog"), (vec![1], 1));
}

#[test]
fn settings_of_a_stopped_app_wait_for_its_start_and_an_edited_file_for_a_restart() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    push(&blog, 1);
    server.ssh(["stop", "blog"]).succeeds();
    let set = server.ssh(["config:set", "blog", "COLOR=blue"]).succeeds();
    set.says("Release 2 of blog is ready; `start blog` makes it live");
    assert!(server.processes_of("blog").is_empty());
    assert_eq!(numbers(&server, "blog"), (vec![1, 2], 1));
    server.ssh(["start", "blog"]).succeeds();
    assert_eq!(numbers(&server, "blog"), (vec![1, 2], 2));
    assert!(blog.get("/env").body.contains(r#""COLOR": "blue""#));

    let file = server.root().join("envs/blog/ENV");
    std::fs::write(file, "COLOR=red\n").unwrap();
    server.ssh(["restart", "blog"]).succeeds().says("was edited: making a release with it");
    assert_eq!(numbers(&server, "blog"), (vec![1, 2, 3], 3));
    assert!(blog.get("/env").body.contains(r#""COLOR": "red""#));
}

#[test]
fn releases_that_were_made_when_each_run_was_one_go_on() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    (1..=3).for_each(|version| push(&blog, version));
    // As they were recorded then: the third was a restart of the second, and the counts of runs were those of releases.
    let folder = server.root().join("releases/blog");
    std::fs::remove_file(server.root().join("numbers/blog@releases")).unwrap();
    for number in 1..=3 {
        let path = folder.join(number.to_string()).join("release.json");
        let mut record: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let fields = record.as_object_mut().unwrap();
        for field in ["run", "after", "made"] {
            assert!(fields.remove(field).is_some(), "{field}");
        }
        if number == 3 {
            fields.insert("cause".to_owned(), serde_json::json!({ "what": "restart" }));
        }
        std::fs::write(&path, record.to_string()).unwrap();
    }

    server.ssh(["restart", "blog"]).succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 3\n");
    server.ssh(["config:set", "blog", "COLOR=blue"]).succeeds();
    assert_eq!(numbers(&server, "blog"), (vec![1, 2, 3, 4], 4));
    server.ssh(["rollback", "blog"]).succeeds();
    server.ssh(["rollback", "blog"]).succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 2\n");
    push(&blog, 5);
    assert_eq!(numbers(&server, "blog"), (vec![1, 2, 3, 4, 5], 5));
}

#[test]
fn everything_that_happened_is_told_in_its_order() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    push(&blog, 1);
    push(&blog, 2);
    blog.write("app.py", "import nowhere\n");
    blog.push().is_refused();
    server.ssh(["rollback", "blog"]).succeeds();
    server.ssh(["stop", "blog"]).succeeds();
    server.ssh(["config:set", "blog", "SECRET=hunter2"]).succeeds();
    let told = |events: &Value| -> Vec<String> {
        let word = |event: &Value, key: &str| event[key].as_str().unwrap_or_default().to_owned();
        let line =
            |event: &Value| format!("{} {} {}", word(event, "what"), event["release"], word(event, "cause"));
        events.as_array().unwrap().iter().map(line).collect()
    };
    let events = server.ssh(["events", "blog", "--json"]).succeeds().json();
    assert_eq!(
        told(&events),
        [
            "live 1 push of main",
            "live 2 push of main",
            "refused null push of main",
            "live 1 rollback to 1",
            "stopped null stop",
            "waiting 4 config:set SECRET",
        ]
    );
    assert!(events[2]["reason"].as_str().unwrap().contains("nowhere"), "{events}");
    assert!(!events.to_string().contains("hunter2"));
    let shown = server.ssh(["events"]).succeeds().says("push of main").says("tests").stdout;
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    let (heads, rows) = shown.split_once('\n').unwrap();
    let words: Vec<&str> = heads.split_whitespace().collect();
    assert_eq!(words, ["TIME", "APP", "WHAT", "RELEASE", "COMMIT", "CAUSE", "BY"]);
    // What was refused has its reason below.
    let (reasons, rows): (Vec<&str>, Vec<&str>) = rows.lines().partition(|line| line.starts_with(' '));
    assert!(rows.len() == 6 && rows[0].contains(" UTC  blog  live"), "{shown}");
    assert!(reasons.join(" ").contains("nowhere"), "{shown}");

    // They outlive the app, and a push that never made one leaves nothing.
    server.ssh(["destroy", "blog", "--force"]).succeeds();
    assert_eq!(
        told(&server.ssh(["events", "blog", "--json"]).succeeds().json()).last().unwrap(),
        "destroyed null destroy"
    );
    let other = server.app("other").file("Procfile", "nonsense\n");
    other.push().is_refused();
    server.ssh(["events", "other"]).ends_with(1);
    assert!(!server.names_in("events").iter().any(|name| name.starts_with("other")));
}
