//! What goes where: data to stdout, the rest to stderr, and a status that scripts can rely on.

use piku_tests::{Outcome, TestServer};

/// Requires that all of it is on stdout, or nothing.
#[track_caller]
fn only_data(outcome: Outcome) -> Outcome {
    let outcome = outcome.succeeds();
    assert!(outcome.stderr.is_empty(), "data goes to stdout:\n{outcome}");
    assert!(!outcome.stdout.contains('\u{1b}'), "no colors but on a terminal:\n{outcome}");
    outcome
}

/// Requires that all of it is on stdout, however it ended.
#[track_caller]
fn only_data_of(outcome: Outcome) -> Outcome {
    assert!(outcome.stderr.is_empty(), "data goes to stdout:\n{outcome}");
    outcome
}

#[test]
fn every_listing_is_data_and_may_be_json() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog").file("ENV", "COLOR=blue\n");
    blog.push().succeeds();
    server.ssh(["config:set", "blog", "SIZE=a \"large\" one"]).succeeds();

    for words in [
        &["apps"] as &[_],
        &["config", "blog"],
        &["config:live", "blog"],
        &["ps", "blog"],
        &["releases", "blog"],
    ] {
        let outcome = only_data(server.ssh(words));
        assert!(!outcome.stdout.trim().is_empty(), "{words:?} says something");
        let json = only_data(server.ssh(words.iter().chain(&["--json"]))).json();
        assert!(json.is_array() || json.is_object(), "{words:?}: {json}");
    }
    assert_eq!(server.ssh(["config:get", "blog", "SIZE"]).succeeds().stdout, "a \"large\" one\n");
    let logs = server.ssh(["logs", "blog", "--no-follow", "--json"]).succeeds();
    for line in logs.stdout.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}

#[test]
fn every_object_has_a_version_and_a_refusal_is_an_object() {
    let server = TestServer::builder().without_emperor().start();
    server.ssh(["apps:create", "blog"]).succeeds();
    for (words, status, code) in [
        (vec!["ps", "blog", "--json"], 1, "app::never-deployed"),
        (vec!["releases", "nobody", "--json"], 1, "app::unknown"),
        (vec!["releases", "--json"], 2, "command::usage"),
    ] {
        let refused = server.ssh(&words).ends_with(status);
        let object = refused.json();
        assert_eq!((&object["schema"], &object["code"]), (&1.into(), &code.into()), "{words:?}");
        assert!(object["message"].as_str().is_some_and(|text| !text.is_empty()), "{object}");
        assert!(refused.stderr.contains("error"), "a person reads it too: {refused}");
    }
    let apps = server.ssh(["apps", "--json"]).succeeds().json();
    let blog = serde_json::json!({
        "schema": 1, "name": "blog", "running": false, "release": null, "maintenance": false, "lock": null,
        "state": "new", "addresses": [], "commit": null, "created": null
    });
    assert_eq!(apps, serde_json::json!([blog]));
    let findings = server.ssh(["doctor", "--json"]).json();
    assert!(findings.as_array().unwrap().iter().all(|found| found["schema"] == 1), "{findings}");
    assert_eq!(server.ssh(["check", "/tmp", "--json"]).json()["schema"], 1);
}

#[test]
fn statuses_tell_a_refused_request_from_a_wrong_command_line() {
    let server = TestServer::builder().without_emperor().start();
    for (words, status) in [
        (vec!["apps"], 0),
        (vec!["help"], 0),
        (vec!["--version"], 0),
        (vec!["ps", "nobody"], 1),
        (vec!["logs", "nobody"], 1),
        (vec!["config", "nobody"], 1),
        (vec!["restart", "nobody"], 1),
        (vec!["run", "nobody", "--", "true"], 1),
        (vec!["frobnicate"], 2),
        (vec!["ps"], 2),
        (vec!["apps", "--no-such-option"], 2),
        (vec!["config:set", "nobody", "no-equals-sign"], 2),
        (vec!["config:set", "nobody", "1X=2"], 2),
        (vec!["config:set", "nobody", "A=1", "=2"], 2),
        (vec!["config:get", "nobody", "1X"], 2),
        (vec!["config:unset", "nobody", "A-B"], 2),
        (vec!["ps:scale", "nobody", "worker=many"], 2),
        (vec!["ps:scale", "nobody", "worker=99999999999"], 2),
        (vec!["ps:scale", "nobody", "worker=1", "worker=2"], 2),
        (vec!["git-receive-pack", "../x"], 2),
        (vec!["git-upload-pack", "a b"], 2),
        (vec!["ps", "../x"], 2),
    ] {
        let outcome = server.piku(&words);
        assert_eq!(outcome.status, status, "{words:?}: {outcome}");
        if status != 0 {
            assert!(outcome.stdout.is_empty() && !outcome.stderr.trim().is_empty(), "{words:?}: {outcome}");
        }
        assert_eq!(server.ssh(&words).status, status, "the same over ssh: {words:?}");
    }
}

#[test]
fn check_finds_what_a_push_would_and_speaks_json() {
    let server = TestServer::builder().without_emperor().start();
    let app = server.app_from("hello-wsgi", "blog").file("ENV", "COLOR=blue\nexport SIZE=1\n");
    let folder = app.git().folder().as_str();
    let good = server.piku(["check", folder, "--json"]).succeeds().json();
    assert_eq!(good["processes"][0]["name"], "wsgi");
    assert_eq!(good["processes"][0]["command"], "app:app");
    assert_eq!(good["env"]["COLOR"], "blue");
    assert_eq!(good["diagnostics"][0]["severity"], "warning");

    app.write("Procfile", "wsgi: app:app\nworker\n");
    server.piku(["check", folder]).ends_with(1).says("Procfile:2:");
    let bad = server.piku(["check", folder, "--json"]).ends_with(1).json();
    let mistake =
        bad["diagnostics"].as_array().unwrap().iter().find(|one| one["severity"] == "error").unwrap();
    assert_eq!((&mistake["file"], &mistake["line"]), (&"Procfile".into(), &2.into()));
    for key in ["code", "column", "message", "help"] {
        assert!(mistake.get(key).is_some(), "{key}: {mistake}");
    }
}

#[test]
fn a_refused_setting_says_what_to_do_and_never_shows_its_value() {
    let server = TestServer::builder().without_emperor().start();
    let refused = server.piku(["config:set", "blog", "1X=secret"]).ends_with(2).never_says("secret");
    insta::assert_snapshot!(refused, @r"
    --- stderr
    error: `1X` can't be the key of a setting
    help: use letters, digits, and `_` only, beginning with a letter or `_`
    [exit status: 2]
    ");
    let odd = server.piku(["ps:scale", "blog", "worker=1", "web=2", "worker=2"]).ends_with(2);
    assert_eq!(odd.stderr, "error: `worker` is given more than one count\n");
}

#[test]
fn check_reads_regular_files_of_the_folder_and_tells_of_fifty_mistakes() {
    let server = TestServer::builder().without_emperor().start();
    let folder = server.home().join("odd");
    std::fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.join("Procfile")).unwrap();
    server.namespace().own(&folder);
    let pipe = server.command("mkfifo").arg(folder.join("ENV")).status().unwrap();
    assert!(pipe.success());
    let check = || server.piku(["check", folder.as_str()]).ends_with(1);
    check().says("`Procfile` is not a regular file").says("`ENV` is not a regular file");

    std::fs::remove_file(folder.join("ENV")).unwrap();
    std::fs::remove_file(folder.join("Procfile")).unwrap();
    std::fs::write(folder.join("Procfile"), "web: x\n".repeat(200_000)).unwrap();
    check().says("is larger than the limit of 1 MiB");

    std::fs::write(folder.join("Procfile"), "a mistake\n".repeat(20_000)).unwrap();
    let many = check().says("19950 more mistakes not shown").says("more than 50 mistakes");
    assert_eq!(many.stderr.matches("error[procfile::missing-colon]").count(), 50);
}

#[test]
fn doctor_finds_a_server_well_and_says_what_is_wrong() {
    piku_tests::needs!(nginx);
    let mut server = TestServer::with_nginx();
    server.app_from("hello-wsgi", "blog").served_as("blog.example.org").push().succeeds();
    let found = |about: &str, ends: i32| {
        let all = only_data_of(server.ssh(["doctor", "--json"]).ends_with(ends)).json();
        let all = all.as_array().unwrap().clone();
        all.into_iter().filter(|one| one["about"] == about).collect::<Vec<_>>()
    };
    for about in ["folder", "uwsgi", "emperor", "nginx", "git", "ssh", "keys"] {
        let of_it = found(about, 0);
        assert!(of_it.len() == 1 && of_it[0]["level"] == "ok", "{about}: {of_it:?}");
    }
    assert_eq!(found("leftover", 0), Vec::<serde_json::Value>::new());

    let env = server.root().join("envs");
    std::fs::set_permissions(&env, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::create_dir(server.root().join("logs/gone")).unwrap();
    assert_eq!(found("secrets", 1)[0]["fix"], format!("`chmod 700 {env}`"));
    assert_eq!(found("leftover", 1).len(), 1);
    server.piku(["setup"]).succeeds();
    assert!(found("secrets", 0).is_empty());

    server.stop_emperor();
    server.ssh(["doctor"]).ends_with(1).says("error    emperor: ").says("fix: start it");
}
