//! What is kept of releases, and what of the files that an app writes.

use piku_tests::{TestServer, eventually};

/// The releases that are kept. A spare tree is there only when nothing ran in it any more.
fn releases(server: &TestServer) -> Vec<String> {
    let names = server.names_in("releases/blog").into_iter();
    names.filter(|name| !["spare", "spare.git", "waiting"].contains(&name.as_str())).collect()
}

#[test]
fn old_releases_go_and_their_tree_serves_the_next_one() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog").file("ENV", "PIKU_KEEP_RELEASES=3\n").with_many_files();
    for version in 1..8 {
        blog.set_version(version);
        blog.git().run(["commit", "--quiet", "--allow-empty", "-m", "Next"]);
        blog.push().succeeds();
        assert_eq!(blog.get("/").body, format!("Hello from version {version}\n"));
    }
    assert_eq!(server.names_in("releases/blog"), ["5", "6", "7", "spare", "spare.git"]);
    eventually("the sockets of old releases are gone", || {
        let sockets = server.names_in("run").into_iter().filter(|name| name.ends_with(".sock"));
        (sockets.count() == 1).then_some(())
    });
    let listed = server.ssh(["releases", "blog"]).succeeds();
    assert_eq!(listed.stdout.lines().count(), 1 + 3, "a line of heads, and the releases: {listed}");

    // What was in the recycled tree is not in the release: `deploy` is pristine.
    std::fs::write(server.root().join("releases/blog/spare/left.txt"), "x").unwrap();
    server.ssh(["deploy", "blog"]).succeeds();
    assert!(!server.root().join("apps/blog/left.txt").exists());
    assert_eq!(blog.get("/").body, "Hello from version 7\n");
    let tree = server.root().join("apps/blog");
    let status = server.git(["-C", tree.as_str(), "status", "--porcelain"]).succeeds().stdout;
    assert!(!status.lines().any(|line| line.starts_with(" M") || line.starts_with(" D")), "{status}");
}

/// What an app, which runs with the rights to its tree, adds to its own repository: each would run a command, or keep
/// whoever looks at the tree waiting.
const TRAPS: &str = r##"
import os, stat
trap = os.path.join(os.environ["DATA_ROOT"], "trap")
with open(trap, "w") as file:
    file.write("#!/bin/sh\ntouch \"$0.ran\"\ncat\n")
os.chmod(trap, 0o755)
with open(".git/config", "a") as file:
    file.write(f"[core]\n\tfsmonitor = {trap}\n\thooksPath = .git/hooks\n[filter \"x\"]\n\tclean = {trap}\n\tsmudge = {trap}\n")
os.makedirs(".git/hooks", exist_ok=True)
for hook in ["post-checkout", "post-index-change"]:
    if not os.path.lexists(".git/hooks/" + hook):
        os.symlink(trap, ".git/hooks/" + hook)
with open(".gitattributes", "w") as file:
    file.write("* filter=x\n")
for folder in ["nested/.git/objects", "nested/.git/refs"]:
    os.makedirs(folder, exist_ok=True)
for pipe in ["nested/.git/HEAD", ".git/info"]:
    if not os.path.lexists(pipe):
        os.mkfifo(pipe)
os.utime("app.py")
"##;

#[test]
fn no_configuration_or_hook_that_an_app_writes_to_its_tree_has_a_say() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog").file("ENV", "PIKU_KEEP_RELEASES=1\n").with_many_files();
    blog.write("app.py", blog.read("app.py") + TRAPS);
    for version in 1..4 {
        blog.set_version(version);
        blog.push().succeeds();
        assert_eq!(blog.get("/").body, format!("Hello from version {version}\n"));
        // The app still finds a repository in its tree.
        assert!(server.root().join(format!("releases/blog/{version}/tree/.git/HEAD")).is_file());
    }
    server.ssh(["config:set", "blog", "OTHER=1", "PIKU_PERSIST=kept"]).succeeds();
    server.ssh(["config:unset", "blog", "PIKU_PERSIST"]).succeeds();
    server.ssh(["deploy", "blog"]).succeeds();
    server.ssh(["destroy", "blog", "--force"]).succeeds();
    assert!(server.root().join("data/blog/trap").exists(), "the app has laid its traps");
    assert!(!server.root().join("data/blog/trap.ran").exists(), "something of the app's ran");
}

#[test]
fn a_refused_push_takes_nothing_from_the_releases_to_go_back_to() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog").file("ENV", "PIKU_KEEP_RELEASES=2\n");
    for version in 1..4 {
        blog.set_version(version);
        blog.git().run(["commit", "--quiet", "--allow-empty", "-m", "Next"]);
        blog.push().succeeds();
    }
    blog.write("app.py", "import nowhere\n");
    for _ in 0..2 {
        blog.push().is_refused();
    }
    assert_eq!(releases(&server), ["2", "3"]);
    server.ssh(["rollback", "blog"]).succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 2\n");
}

#[test]
fn persistent_paths_outlive_releases_and_what_was_written_before_is_taken_along() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog").file("uploads/.gitkeep", "");
    blog.push().succeeds();
    std::fs::write(server.root().join("apps/blog/uploads/cat.png"), "cat").unwrap();

    // A refused change leaves no copy behind that would be old by the time of the next.
    server.ssh(["config:set", "blog", "PIKU_PERSIST=uploads", "PYTHON_VERSION=3.99"]).is_refused();
    server
        .ssh(["config:set", "blog", "PIKU_PERSIST=uploads", "PIKU_HEALTHCHECK=/up", "PIKU_RUNTIME=nope"])
        .is_refused();
    assert!(!server.root().join("data/blog/uploads").exists());
    server.ssh(["config:set", "blog", "PIKU_PERSIST=uploads, var/db.sqlite3"]).succeeds();
    let read = |path: &str| std::fs::read_to_string(server.root().join(path)).unwrap_or_default();
    assert_eq!(read("apps/blog/uploads/cat.png"), "cat");
    assert_eq!(read("data/blog/uploads/cat.png"), "cat");
    std::fs::write(server.root().join("apps/blog/var/db.sqlite3"), "rows").unwrap();

    blog.set_version(2);
    blog.push().succeeds();
    server.ssh(["restart", "blog"]).succeeds();
    assert_eq!(
        (read("apps/blog/var/db.sqlite3"), read("apps/blog/uploads/cat.png")),
        ("rows".into(), "cat".into())
    );
    assert!(server.root().join("data/blog/uploads/.gitkeep").exists());

    // Nothing of it counts as left behind when its releases go.
    server.ssh(["config:set", "blog", "PIKU_KEEP_RELEASES=1"]).succeeds().never_says("wrote there");
    assert_eq!(read("data/blog/var/db.sqlite3"), "rows");
    server.ssh(["destroy", "blog", "--force"]).succeeds();
    assert_eq!(read("data/blog/uploads/cat.png"), "cat");
}

#[test]
fn an_app_of_a_destroyed_ones_name_goes_on_counting() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();
    server.ssh(["destroy", "blog", "--force"]).succeeds();
    blog.push().succeeds();
    assert_eq!(server.names_in("releases/blog"), ["2"]);
}

#[test]
fn releases_that_wait_for_a_restart_are_pruned_like_others() {
    let server = TestServer::new();
    let env = "PIKU_AUTO_RESTART=false\nPIKU_KEEP_RELEASES=2\n";
    let blog = server.app_from("hello-wsgi", "blog").file("ENV", env);
    blog.push().succeeds();
    for version in 2..6 {
        blog.set_version(version);
        blog.push().succeeds();
    }
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    assert_eq!(releases(&server), ["1", "4", "5"]);
    server.ssh(["restart", "blog"]).succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 5\n");
}

#[test]
fn a_database_moves_to_the_data_while_the_app_is_stopped() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();
    let database = server.root().join("apps/blog/db.sqlite3");
    std::fs::write(&database, "rows").unwrap();
    server.ssh(["stop", "blog"]).succeeds();
    server.ssh(["config:set", "blog", "PIKU_PERSIST=db.sqlite3"]).succeeds();
    server.ssh(["start", "blog"]).succeeds();
    assert_eq!(server.text("data/blog/db.sqlite3"), "rows");
    assert_eq!(
        std::fs::read_link(&database).unwrap(),
        server.root().join("data/blog/db.sqlite3").as_std_path()
    );
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
}
