//! Commands over ssh, one after the other, as a person uses them.

use piku_tests::{TestServer, eventually};

fn workers(server: &TestServer, app: &str) -> usize {
    let is_worker = |process: &&piku_tests::processes::Running| {
        process.environment().iter().any(|one| one == b"PROC_TYPE=worker")
    };
    server
        .processes_of(app)
        .iter()
        .filter(is_worker)
        .filter(|process| process.command.contains("sleep 600"))
        .count()
}

#[test]
fn stop_takes_the_app_down_and_start_brings_back_the_same_release() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();

    server.ssh(["stop", "blog"]).succeeds();
    assert!(blog.try_get("/").is_err(), "nobody answers");
    assert!(server.processes_of("blog").is_empty(), "{:?}", server.processes_of("blog"));
    server.ssh(["apps"]).succeeds().says("blog").never_says("*");
    let ps = server.ssh(["ps", "blog"]).succeeds().says("blog is stopped; `start blog` starts it");
    assert!(ps.stdout.contains("\nwsgi:1\n  wsgi.1"), "{ps}");
    let of_blog = server.ssh(["apps", "blog"]).succeeds();
    let is_state = |line: &str| line.split_whitespace().eq(["state", "stopped"]);
    assert!(of_blog.stdout.lines().any(is_state), "{of_blog}");

    server.ssh(["start", "blog"]).succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    server.ssh(["start", "blog"]).succeeds().says("blog is already running");
    server.ssh(["apps"]).succeeds().says("*");
}

#[test]
fn a_stopped_app_stays_stopped_when_the_emperor_starts_again() {
    let mut server = TestServer::new();
    {
        let blog = server.app_from("hello-wsgi", "blog");
        blog.push().succeeds();
        server.app_from("hello-web", "shop").push().succeeds();
    }
    server.ssh(["stop", "blog"]).succeeds();
    server.stop_emperor();
    server.start_emperor();
    eventually("the other app is back", || (!server.processes_of("shop").is_empty()).then_some(()));
    assert!(server.processes_of("blog").is_empty());
}

#[test]
fn restart_starts_every_process_anew() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();
    // uWSGI's router keeps the port while the processes behind it come and go.
    let serving = || {
        let all = server.processes_of("blog").into_iter();
        all.filter(|process| {
            !process.command.contains("-port.") && !process.command.starts_with("blog:port:")
        })
        .map(|process| process.id)
        .collect::<Vec<u32>>()
    };
    let before = serving();

    server.ssh(["restart", "blog"]).succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    eventually("the old processes are gone", || {
        let now = serving();
        (!now.is_empty() && now.iter().all(|id| !before.contains(id))).then_some(())
    });
}

#[test]
fn workers_are_scaled_up_and_down_to_none() {
    let server = TestServer::new();
    let jobs = server.app("jobs").file("Procfile", "worker: exec sleep 600\nother: exec sleep 601\n");
    jobs.push().succeeds();
    eventually("one worker", || (workers(&server, "jobs") == 1).then_some(()));

    server.ssh(["ps:scale", "jobs", "worker=2"]).succeeds();
    eventually("two workers", || (workers(&server, "jobs") == 2).then_some(()));
    server.ssh(["ps", "jobs"]).succeeds().says("worker");

    // A push keeps the scale.
    jobs.write("README", "again\n");
    jobs.push().succeeds();
    eventually("two workers again", || (workers(&server, "jobs") == 2).then_some(()));

    server.ssh(["ps:scale", "jobs", "worker=0"]).succeeds();
    eventually("no worker", || (workers(&server, "jobs") == 0).then_some(()));
}

#[test]
fn a_scale_out_of_bounds_is_refused() {
    let server = TestServer::new();
    let jobs = server.app("jobs").file("Procfile", "worker: exec sleep 600\n");
    jobs.push().succeeds();
    for change in ["worker=65", "worker=99999999999", "worker=-1", "worker=many", "worker", "=1", "nobody=1"]
    {
        server.ssh(["ps:scale", "jobs", change]).is_refused();
    }
    assert_eq!(workers(&server, "jobs"), 1);
}

#[test]
fn rollback_goes_back_to_the_release_before_and_to_one_by_number() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    for version in 1..=3 {
        blog.set_version(version);
        blog.git().commit("Say another version");
        blog.push().succeeds();
    }
    server.ssh(["releases", "blog"]).succeeds().says("1").says("2").says("3");

    server.ssh(["rollback", "blog"]).succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 2\n");
    server.ssh(["rollback", "blog", "1"]).succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    server.ssh(["rollback", "blog", "99"]).ends_with(1).says("99");
    assert_eq!(blog.get("/").body, "Hello from version 1\n");

    // The way forward is a push as ever.
    blog.set_version(4);
    blog.push().succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 4\n");
}

#[test]
fn rollback_brings_the_settings_of_that_release_back() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();
    server.ssh(["config:set", "blog", "COLOR=blue"]).succeeds();
    assert!(blog.get("/env").body.contains(r#""COLOR": "blue""#));

    server.ssh(["rollback", "blog"]).succeeds();
    assert!(!blog.get("/env").body.contains("COLOR"));
}

#[test]
fn deploy_makes_a_pristine_release_of_the_last_commit() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();
    let tree = server.root().join("apps/blog");
    std::fs::write(tree.join("app.py"), "broken by hand").unwrap();

    server.ssh(["deploy", "blog"]).succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    assert!(std::fs::read_to_string(tree.join("app.py")).unwrap().contains("VERSION = 1"));
}

#[test]
fn destroy_removes_all_but_data_and_wants_force_without_a_terminal() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();
    std::fs::write(server.root().join("data/blog/precious"), "photo").unwrap();

    server.ssh(["destroy", "blog"]).is_refused().says("--force");
    assert_eq!(blog.get("/").status, 200);

    server.ssh(["destroy", "blog", "--force"]).succeeds().says("data/blog");
    assert!(server.processes_of("blog").is_empty());
    assert_eq!(server.text("data/blog/precious"), "photo");
    for folder in ["apps", "releases", "repos", "envs", "uwsgi-enabled", "uwsgi-available", "logs"] {
        let names = server.names_in(folder);
        assert!(!names.iter().any(|name| name.starts_with("blog")), "{folder}: {names:?}");
    }
    server.ssh(["ps", "blog"]).ends_with(1).says("blog");

    // The name is free again.
    blog.set_version(2);
    blog.push().succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 2\n");
}

#[test]
fn what_an_app_wrote_is_rescued_beside_what_its_namesake_did() {
    let server = TestServer::new();
    let written = |version: u32| {
        let env = "PIKU_KEEP_RELEASES=1\nPIKU_PERSIST=!upload.txt\n";
        let blog = server.app_from("hello-wsgi", "blog").file("ENV", env);
        blog.set_version(version);
        blog.push().succeeds();
        std::fs::write(server.root().join("apps/blog/upload.txt"), format!("of {version}")).unwrap();
        blog.set_version(version + 1);
        blog.push().succeeds().says("rescued");
    };
    written(1);
    server.ssh(["destroy", "blog", "--force"]).succeeds();
    written(3);
    let rescued = server.names_in("data/blog/rescued");
    let mut texts: Vec<String> =
        rescued.iter().map(|name| server.text(&format!("data/blog/rescued/{name}/upload.txt"))).collect();
    texts.sort();
    assert_eq!(texts, ["of 1", "of 3"], "{rescued:?}");
}

#[test]
fn settings_that_no_process_could_be_given_are_refused_and_none_is_kept() {
    let server = TestServer::new();
    let jobs = server.app("jobs").file("Procfile", "worker: exec sleep 600\n");
    jobs.push().succeeds();
    let value = "x".repeat(100_000);
    let settings: Vec<String> = (0..11).map(|at| format!("KEY{at}={value}")).collect();
    let words = ["config:set", "jobs"].into_iter().chain(settings.iter().map(String::as_str));
    let refused = server.piku(words).ends_with(1);
    insta::assert_snapshot!(refused, @r"
    --- stderr
    error: the settings are more than 1048576 bytes together, and no process could be started with them
    help: put what is large into files below $DATA_ROOT, and set the paths of those files
    [exit status: 1]
    ");
    assert_eq!(server.piku(["config", "jobs"]).succeeds().stdout, "");
    // What fits is what a process gets.
    let words = ["config:set", "jobs"].into_iter().chain(settings[..10].iter().map(String::as_str));
    server.piku(words).succeeds();
    assert_eq!(workers(&server, "jobs"), 1);
}

#[test]
fn logs_show_the_last_lines_follow_and_survive_rotation() {
    let server = TestServer::new();
    let jobs = server.app_from("hello-wsgi", "jobs").file("Procfile", "wsgi: app:app\nworker: for i in 1 2 3; do echo line $i; done; while sleep 0.1; do echo still here; done\nother: echo something else; exec sleep 600\n");
    jobs.push().succeeds();
    eventually("the worker speaks", || {
        server.text("logs/jobs/worker.1.log").contains("line 3").then_some(())
    });

    let all = server.ssh(["logs", "jobs", "--no-follow", "--all", "-n", "1000"]).succeeds();
    all.says("something else").says("*** Starting uWSGI").says("spawned uWSGI master process");
    let other = server.ssh(["logs", "jobs", "other", "--no-follow"]).succeeds();
    assert_eq!(other.stdout.split_once(' ').unwrap().1, "other.1 | something else\n");
    let three = server
        .ssh(["logs", "jobs", "worker", "-n", "3", "--no-follow"])
        .succeeds()
        .never_says("something else");
    assert_eq!(three.stdout.lines().count(), 3, "{three}");

    // Lines of several kinds, each with its time, in the order of their times.
    let lines = |words: &[&str]| -> Vec<serde_json::Value> {
        let words = ["logs", "jobs", "--no-follow", "--json"].iter().chain(words);
        let shown = server.ssh(words).succeeds().stdout;
        shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let both = lines(&["worker", "other", "--since", "1h"]);
    // Seconds have as many digits as they need.
    let written = |line: &serde_json::Value| {
        let time = line["time"].as_str().unwrap().trim_end_matches('Z').to_owned();
        let (second, fraction) = time.split_once('.').unwrap_or((&time, ""));
        (second.to_owned(), format!("{fraction:0<3}"))
    };
    assert!(both.iter().is_sorted_by_key(written), "{both:?}");
    let of = |kind: &str| both.iter().filter(|line| line["kind"] == kind).count();
    assert!(of("worker") > 3 && of("other") == 1, "{both:?}");
    assert_eq!(both[0]["schema"], 1);
    let third = both.iter().find(|line| line["line"] == "line 3").unwrap();
    let time = third["time"].as_str().unwrap();
    assert_eq!(
        lines(&["--since", time, "--until", time, "--grep", "LINE 3|^x"]),
        [0; 0],
        "as it was spelled"
    );
    let found = lines(&["--since", time, "--until", time, "--grep", "line [13]|^x"]);
    assert_eq!(found.last(), Some(third), "{found:?}");
    let utc = server.ssh(["logs", "jobs", "other", "--no-follow", "--utc"]).succeeds().stdout;
    assert!(utc.contains("Z other.1 | something else\n"), "{utc}");
    assert_eq!(lines(&["--until", "2026-01-01"]), [0; 0]);
    server.ssh(["logs", "jobs", "--since", "soon"]).ends_with(2).says("such as 1h, 30m");
    server.ssh(["logs", "jobs", "--since", "2026-11-26", "10:00"]).ends_with(2).says("as one word");
    server.ssh(["logs", "jobs", "build", "--no-follow"]).succeeds().says(" build | $ ");

    let mut following = server.ssh_in_background(["logs", "jobs", "worker", "-f", "-n", "0"]);
    eventually("the log is followed", || following.output().contains("still here").then_some(()));
    let log = server.root().join("logs/jobs/worker.1.log");
    std::fs::rename(&log, log.with_extension("log.old")).unwrap();
    std::fs::write(&log, "a new file begins\n").unwrap();
    eventually("the new file is followed", || following.output().contains("a new file begins").then_some(()));
    assert!(following.runs());
    following.kill();

    // What is gone is shown to whoever asks for it; what `release` prints is kept.
    jobs.write("Procfile", "wsgi: app:app\nrelease: echo migrated\n");
    jobs.push().succeeds();
    server
        .ssh(["logs", "jobs", "--no-follow"])
        .succeeds()
        .never_says("something else")
        .never_says("migrated");
    for words in [["logs", "jobs", "--no-follow", "other"], ["logs", "jobs", "--no-follow", "--all"]] {
        server.ssh(words).succeeds().says("other.1 | something else");
    }
    let release = server.ssh(["logs", "jobs", "release", "--no-follow"]).succeeds().stdout;
    assert!(release.ends_with(" release.1 | migrated\n") && release.lines().count() == 2, "{release}");
    server.ssh(["stop", "jobs"]).succeeds();
    let stopped = server.ssh(["logs", "jobs", "--no-follow", "--all"]).succeeds();
    stopped.says("wsgi.1 | ").says("other.1 | something else");
}

#[test]
fn a_deploy_waits_for_a_restart_when_asked_to() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog").file("ENV", "PIKU_AUTO_RESTART=false\n");
    blog.push().succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    blog.set_version(2);
    blog.push().succeeds().says("restart blog");
    server.ssh(["config:set", "blog", "COLOR=red"]).succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    server.ssh(["restart", "blog"]).succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 2\n");
    assert_eq!(server.live_settings("blog")["COLOR"], "red");
}
