//! `--json`: every object is what `docs/json.md` says.

use piku_tests::{JsonPage, TestServer, needs, public_key};

#[test]
fn every_command_prints_the_objects_of_the_documentation() {
    needs!(nginx);
    let page = JsonPage::read();
    let server = TestServer::with_nginx();
    let change = "A change";
    let json = |words: &[&str]| server.ssh(words.iter().chain(&["--json"])).succeeds().json();
    let with_input =
        |line: &str, input: &[u8]| server.ssh_with_input(&format!("{line} --json"), input).succeeds().json();
    page.describes(change, &json(&["apps:create", "blog"]));
    page.describes("apps", &json(&["apps"]));
    let blog = server.app_from("hello-wsgi", "blog").served_as("blog.test");
    blog.push().succeeds();

    page.describes(change, &json(&["config:set", "blog", "COLOR=blue", "schema=mine"]));
    page.describes(change, &with_input("config:import blog", b"SIZE=1\n"));
    let restarted = json(&["restart", "blog"]);
    page.describes(change, &restarted);
    assert_eq!((&restarted["release"], &restarted["live"]), (&3.into(), &true.into()));
    assert_eq!(restarted["addresses"], serde_json::json!(["http://blog.test/"]));
    for (title, words) in [
        ("apps", &["apps"] as &[_]),
        ("apps APP", &["apps", "blog"]),
        ("ps", &["ps", "blog"]),
        ("releases", &["releases", "blog"]),
        ("events", &["events"]),
        ("config --origin", &["config", "blog", "--origin"]),
        ("config --origin", &["config:get", "blog", "COLOR"]),
        ("auth", &["auth", "blog"]),
        ("certs", &["certs"]),
        ("doctor", &["doctor"]),
        ("server", &["server"]),
        ("check", &["check", blog.git().folder().as_str()]),
        ("version", &["version"]),
        ("maintenance:on, maintenance:off", &["maintenance:on", "blog"]),
        ("maintenance:on, maintenance:off", &["maintenance:off", "blog"]),
        ("lock, unlock", &["lock", "blog", "a reason"]),
        ("apps", &["apps"]),
        ("lock, unlock", &["unlock", "blog"]),
        ("server:set, server:unset", &["server:set", "UWSGI_THREADS=2"]),
        (change, &["rollback", "blog"]),
        (change, &["stop", "blog"]),
        (change, &["ps:scale", "blog", "worker=0"]),
        (change, &["start", "blog"]),
        (change, &["start", "blog"]),
    ] {
        page.describes(title, &json(words));
    }
    page.describes_settings("config", &json(&["config", "blog"]));
    page.describes_settings("config:live", &json(&["config:live", "blog"]));
    page.describes("auth:add, auth:remove", &with_input("auth:add blog alice", b"s3cret horse\n"));
    let line = json(&["logs", "blog", "wsgi", "-n", "1", "--no-follow"]);
    page.describes("logs", &line);
    let key = std::fs::read(public_key()).unwrap();
    page.describes("setup:ssh", &with_input("setup:ssh -", &key));
    page.describes("destroy", &json(&["destroy", "blog", "--force"]));
    for (words, status) in
        [(["ps", "blog"], 1), (["frobnicate", "blog"], 2), (["setup", "--system"], 2), (["git-hook", "x"], 2)]
    {
        let refused = server.ssh(words.iter().chain(&["--json"])).ends_with(status);
        page.describes("A refusal", &refused.json());
        assert!(refused.stderr.contains("error: "), "a person reads it too: {refused}");
    }
}
