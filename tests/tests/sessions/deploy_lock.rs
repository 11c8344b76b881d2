//! `lock` and `unlock`: no deploys meanwhile.

use piku_tests::TestServer;

#[test]
fn a_locked_app_is_deployed_by_nobody_and_goes_on() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    server.ssh(["lock", "blog"]).is_refused().says("there is no app `blog`");
    server.ssh(["apps:create", "blog"]).succeeds();
    server.ssh(["lock", "blog", "not yet"]).succeeds();
    for _ in 0..2 {
        blog.push().is_refused().says("not yet");
    }
    server.ssh(["unlock", "blog"]).succeeds();
    blog.push().succeeds();
    server.ssh(["config:set", "blog", "GREETING=hi"]).succeeds();
    server.ssh(["unlock", "blog"]).succeeds().says("blog is not locked; nothing was changed");
    server.ssh(["lock", "blog", "moving the", "database"]).succeeds().says("`unlock blog`");
    let again = server.ssh(["lock", "blog"]).is_refused();
    again.says("`blog` is already locked by ").says("moving the database");
    server.ssh(["apps"]).succeeds().says("moving the database");
    let listed = server.piku(["apps", "--json"]).succeeds().json();
    assert_eq!(listed[0]["lock"]["reason"], "moving the database");

    let before = blog.on_server("main");
    blog.set_version(2);
    blog.push().is_refused().says("`blog` is locked by ").says("moving the database").says("`unlock blog`");
    assert_eq!(blog.on_server("main"), before);
    let refused: [&[&str]; 6] = [
        &["deploy", "blog"],
        &["config:set", "blog", "GREETING=ho"],
        &["config:unset", "blog", "GREETING"],
        &["rollback", "blog"],
        &["rollback", "blog", "1"],
        &["config:import", "blog"],
    ];
    for words in refused {
        let outcome = server.ssh_with_input(&words.join(" "), b"GREETING=ho\n");
        outcome.is_refused().says("moving the database; nothing was changed");
    }
    server.ssh(["config:get", "blog", "GREETING"]).succeeds().says("hi");
    server.ssh(["events", "blog"]).succeeds().says("moving the database").says("refused");

    // What makes no release goes on.
    let goes_on: [&[&str]; 4] =
        [&["restart", "blog"], &["ps:scale", "blog", "worker=0"], &["stop", "blog"], &["start", "blog"]];
    for words in goes_on {
        server.ssh(words.iter().copied()).succeeds();
    }
    blog.push().is_refused().says("moving the database");
    // An edited file would make a release at the next restart.
    let stored = server.root().join("envs/blog/ENV");
    std::fs::write(&stored, "GREETING=edited\n").unwrap();
    server.ssh(["restart", "blog"]).is_refused().says("moving the database");

    let unlocked = server.piku(["unlock", "blog", "--json"]).succeeds().json();
    assert_eq!((&unlocked["changed"], &unlocked["locked"]), (&true.into(), &false.into()));
    blog.push().succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 2\n");
}
