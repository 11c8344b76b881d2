//! Apps whose names begin alike have nothing to do with each other.

use std::collections::BTreeSet;

use piku_tests::TestServer;

/// Every process of the named apps, which must run on.
fn running(server: &TestServer, apps: &[&str]) -> BTreeSet<u32> {
    let running = apps
        .iter()
        .flat_map(|app| server.processes_of(app))
        .map(|process| process.id)
        .collect::<BTreeSet<_>>();
    assert!(running.len() >= apps.len(), "each app runs: {running:?}");
    running
}

#[track_caller]
fn untouched(server: &TestServer, before: &BTreeSet<u32>) {
    let now: BTreeSet<u32> = server.processes().into_iter().map(|process| process.id).collect();
    assert!(before.is_subset(&now), "gone: {:?}", before.difference(&now).collect::<Vec<_>>());
}

#[test]
fn stop_destroy_and_deploy_of_foo_leave_foobar_and_foo_web_alone() {
    let server = TestServer::new();
    let foo = server
        .app_from("hello-web", "foo")
        .file("Procfile", "web: exec python3 -u app.py\nweb_web: exec sleep 600\n");
    let foobar = server.app_from("hello-web", "foobar");
    let foo_web =
        server.app_from("hello-wsgi", "foo_web").file("Procfile", "wsgi: app:app\nweb: exec sleep 600\n");
    for app in [&foo, &foobar, &foo_web] {
        app.push().succeeds();
    }
    let files =
        |app: &str| (server.names_in(&format!("logs/{app}")), server.text(&format!("envs/{app}/LIVE_ENV")));
    let (others, before) = (["foobar", "foo_web"], [files("foobar"), files("foo_web")]);
    let ids = running(&server, &others);

    foo.set_version(2);
    foo.push().succeeds();
    untouched(&server, &ids);
    for words in [
        vec!["deploy", "foo"],
        vec!["config:set", "foo", "A=1"],
        vec!["ps:scale", "foo", "web_web=2"],
        vec!["restart", "foo"],
        vec!["stop", "foo"],
        vec!["start", "foo"],
        vec!["destroy", "foo", "--force"],
    ] {
        server.ssh(&words).succeeds();
        untouched(&server, &ids);
        assert_eq!(foobar.get("/").status, 200, "after {words:?}");
        assert_eq!(foo_web.get("/").status, 200, "after {words:?}");
    }
    assert_eq!(before, [files("foobar"), files("foo_web")]);
    assert!(server.processes_of("foo").is_empty());

    // And they are still deployable.
    foobar.set_version(3);
    foobar.push().succeeds();
    assert_eq!(foobar.get("/").body, "Hello from version 3\n");
}
