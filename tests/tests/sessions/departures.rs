//! Whoever pushes goes away: before the release is live that ends the deploy; afterwards branch and release agree.

use std::time::Duration;

use piku_tests::{App, TestServer, eventually, eventually_within};

/// The commit that the branch is at, and the one that is live.
fn commits(server: &TestServer) -> (String, String) {
    let repo = server.root().join("repos/blog");
    let branch = server.git(["-C", repo.as_str(), "rev-parse", "refs/heads/main"]).succeeds();
    let listed = server.piku(["releases", "blog", "--json"]).succeeds().json();
    let live = listed.as_array().unwrap().iter().find(|release| release["live"] == true).unwrap();
    (branch.stdout.trim().to_owned(), live["commit"].as_str().unwrap().to_owned())
}

fn changed(server: &TestServer, slow: &str) -> String {
    format!("preflight: echo begin >> {}/begun; {slow}\nwsgi: app:app\n", server.root().join("data/blog"))
}

fn version(blog: &App<'_>) -> String {
    blog.get("/").body.trim().to_owned()
}

#[test]
fn a_client_that_goes_away_while_the_app_is_built_ends_the_deploy() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();
    let before = commits(&server);
    for signal in ["TERM", "KILL"] {
        blog.set_version(2);
        blog.write("Procfile", changed(&server, "exec sleep 612"));
        drop(std::fs::remove_file(server.root().join("data/blog/begun")));
        let push = blog.push_in_background();
        eventually("the build begins", || server.root().join("data/blog/begun").exists().then_some(()));
        push.end_with(signal);
        let gone = || server.processes_of("blog").iter().all(|one| !one.command.contains("sleep 612"));
        eventually_within(Duration::from_secs(10), "the build ends", || gone().then_some(()));
        server.ssh(["ps", "blog"]).succeeds();
        eventually("nothing is half made", || (server.names_in("releases/blog").len() <= 2).then_some(()));
        assert_eq!((commits(&server), version(&blog).as_str()), (before.clone(), "Hello from version 1"));
    }
    blog.write("Procfile", "wsgi: app:app\n");
    blog.push().succeeds();
    assert_eq!(version(&blog), "Hello from version 2");
}

#[test]
fn branch_and_live_release_agree_whenever_the_client_goes_away() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();
    for (round, wait) in (0..10).zip((0..).map(|step| Duration::from_millis(100 + 90 * step))) {
        blog.set_version(round + 2);
        let push = blog.push_in_background();
        // Any moment will do: what is to be true holds at each.
        std::thread::sleep(wait);
        push.end_with(if round % 2 == 0 { "KILL" } else { "TERM" });
        // The next command comes after the deploy, and brings together what is apart.
        server.ssh(["ps:scale", "blog", "worker=1"]).succeeds();
        let (branch, live) = commits(&server);
        assert_eq!(branch, live, "round {round}");
        let served = version(&blog);
        server.ssh(["deploy", "blog"]).succeeds();
        assert_eq!(version(&blog), served, "`deploy` changes no code");
    }
}
