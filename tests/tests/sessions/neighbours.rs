//! A server beside an nginx, a uWSGI, and an sshd that are not its own: nothing of them makes a difference.

use piku_tests::{Account, TestServer, needs};

/// A line that the pace of the machine decides: what is waited for is named once that has taken a second.
fn tells_the_pace(line: &str) -> bool {
    ["Still running", "Waiting for"].iter().any(|words| line.contains(words))
}

/// What a command has said, apart from its pace.
fn said(server: &TestServer, words: &[&str]) -> String {
    let said = server.ssh(words).succeeds().to_string();
    said.lines().filter(|line| !tells_the_pace(line)).collect::<Vec<_>>().join("\n")
}

/// A day in the life of a server, and all that was seen of it.
fn session(server: &TestServer) -> Vec<String> {
    let mut seen = Vec::new();
    let blog = server.app_from("hello-wsgi", "blog").served_as("blog.test");
    let shop = server.app_from("hello-web", "shop").served_as("shop.test");
    for version in 1..=2 {
        for app in [&blog, &shop] {
            app.set_version(version);
            let push = app.push().succeeds();
            // The commit holds the address of nginx.
            let differs = |line: &&str| line.contains("Deploying") || tells_the_pace(line);
            seen.extend(push.remote().into_iter().filter(|line| !differs(line)).map(str::to_owned));
            seen.push(app.get("/").body);
        }
    }
    for words in [
        &["apps"] as &[_],
        &["restart", "blog"],
        &["rollback", "shop"],
        &["ps:scale", "blog", "wsgi=2"],
        &["stop", "blog"],
        &["start", "blog"],
    ] {
        seen.push(said(server, words));
        seen.extend([&blog, &shop].map(|app| app.try_get("/").map_or_else(|_| String::new(), |it| it.body)));
    }
    let findings = server.ssh(["doctor", "--json"]).json();
    for finding in findings.as_array().unwrap() {
        seen.push(format!("{} {}", finding["level"], finding["about"]));
    }
    for app in ["blog", "shop"] {
        seen.push(said(server, &["destroy", app, "--force"]));
        assert!(server.processes_of(app).is_empty(), "{:?}", server.processes_of(app));
    }
    seen
}

#[test]
fn what_else_runs_on_the_machine_makes_no_difference() {
    needs!(nginx, namespaces);
    let alone = session(&TestServer::with_nginx());

    // It runs on the machine itself, where everything is seen, and has apps of the same names.
    let stranger = TestServer::builder().with_nginx().as_user(Account::Tester).start();
    let (blog, shop) = (stranger.app_from("hello-wsgi", "blog"), stranger.app_from("hello-web", "shop"));
    for app in [&blog, &shop] {
        app.push().succeeds();
    }
    let beside_others = session(&TestServer::with_nginx());
    let differs: Vec<_> =
        alone.iter().zip(&beside_others).filter(|(alone, beside)| alone != beside).collect();
    assert!(
        differs.is_empty() && alone.len() == beside_others.len(),
        "alone, and beside others: {differs:#?}"
    );
    for app in [&blog, &shop] {
        assert_eq!(app.get("/").body, "Hello from version 1\n", "the stranger's `{}`", app.name());
    }
    for app in ["blog", "shop"] {
        stranger.ssh(["destroy", app, "--force"]).succeeds();
    }
    // The other way round: one that does see the processes of others.
    let beside = TestServer::with_nginx();
    beside.app_from("hello-wsgi", "blog").served_as("blog.test").push().succeeds();
    assert_eq!(session(&stranger).len(), alone.len());
    assert_eq!(beside.get("blog.test", "/").body, "Hello from version 1\n");
}
