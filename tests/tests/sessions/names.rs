//! What an app may be called, and what happens to anything else.

use piku_tests::TestServer;

#[test]
fn a_slash_before_and_git_behind_are_not_part_of_the_name() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();
    for (version, path) in [(2, "/blog"), (3, "blog.git"), (4, "/blog.git")] {
        blog.set_version(version);
        blog.git().run(["remote", "set-url", "piku", &server.sshd().url(path)]);
        blog.push().succeeds();
        assert_eq!(blog.get("/").body, format!("Hello from version {version}\n"), "pushed to {path}");
    }
    assert_eq!(server.names_in("repos"), ["blog"]);
}

#[test]
fn a_name_that_could_mean_something_else_is_refused_and_nothing_is_made_or_lost() {
    let server = TestServer::builder().without_emperor().start();
    let before = server.names_in("");
    std::fs::write(server.root().join("data/keep"), "me").unwrap();

    for name in ["..", ".", "../x", "a;id", "a b", "-rf", "$(id)", "a/b", "x..y", "blog.lock", "*"] {
        let app = server.app_from("hello-wsgi", name);
        app.push().is_refused();
        assert_eq!(server.names_in("repos"), Vec::<String>::new(), "after a push to `{name}`");
        let destroyed = server.ssh(["destroy", "--force", "--", name]);
        assert_eq!(destroyed.status, 2, "`{name}`: {destroyed}");
    }
    server.ssh(["destroy", "--force", ""]).ends_with(2);

    assert_eq!(server.names_in(""), before);
    assert_eq!(server.text("data/keep"), "me");
}

#[test]
fn the_offending_character_is_shown() {
    let server = TestServer::builder().without_emperor().start();
    server.app_from("hello-wsgi", "a;id").push().is_refused().says(";");
}
